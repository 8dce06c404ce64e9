/** Base32 of whole groups of five bits, without padding. Pure. */

/** RFC 4648 §6. */
export const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** RFC 4648 §7. */
export const BASE32_HEX = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
/** Crockford's: without I, L, O and U. */
export const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The first `length` digits of `bytes` in base 32, most significant bit first. */
export function toBase32(bytes: Uint8Array, length: number, alphabet: string): string {
  let text = "";
  let bits = 0;
  let held = 0;
  let at = 0;
  while (text.length < length) {
    if (held < 5) {
      bits = ((bits << 8) | (bytes[at++] ?? 0)) & 0xfff;
      held += 8;
    }
    held -= 5;
    text += alphabet[(bits >>> held) & 31];
  }
  return text;
}

/** The number that `text` stands for, or undefined when it holds another character. */
export function fromBase32(text: string, alphabet: string): bigint | undefined {
  let value = 0n;
  for (const character of text) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return undefined;
    value = (value << 5n) | BigInt(digit);
  }
  return value;
}
