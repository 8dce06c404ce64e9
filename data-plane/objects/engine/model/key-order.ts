/**
 * Keys as S3 orders them: by the bytes of their UTF-8 form, which is the order of code points and not that of UTF-16 units.
 */

/** Above every UTF-8 string: no byte of UTF-8 exceeds 0xF4 (RFC 3629 §3). */
export const PAST_EVERY_KEY: Uint8Array = Uint8Array.of(0xff);

/** The UTF-8 bytes of a key. */
export function encodeKey(key: string): Uint8Array {
  return Buffer.from(key, "utf8");
}

// A leading U+FEFF belongs to the key; by default the decoder would drop it and make two keys one.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The key that has these bytes. */
export function decodeKey(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The least key greater than every key that starts with `prefix`. */
export function pastPrefix(prefix: string): Uint8Array {
  if (prefix === "") return PAST_EVERY_KEY;
  const bytes = encodeKey(prefix);
  // The last byte is at most 0xF4, so it never overflows.
  bytes[bytes.length - 1]! += 1;
  return bytes;
}

/** The least key greater than `key`: one zero byte longer. */
export function pastKey(key: string): Uint8Array {
  const bytes = encodeKey(key);
  const next = new Uint8Array(bytes.length + 1);
  next.set(bytes);
  return next;
}

/** Negative, 0 or positive, as for `Array.prototype.sort`. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}

/** Code units moved so that surrogates (astral characters) sort above U+E000 … U+FFFF, as their UTF-8 bytes do. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** Orders two keys by their UTF-8 bytes without encoding them. */
export function compareKeys(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}
