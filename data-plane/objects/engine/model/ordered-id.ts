/**
 * Version ids and upload ids: 32 characters that sort by time, find their row without an index, and cannot be guessed.
 *
 *     8 characters   2^47 + milliseconds since 1970 (48 bits)
 *     9 characters   the engine's sequence number (54 bits)
 *    15 characters   chance (90 bits)
 *
 * The characters are those of base64url, reordered so that text order is number order. 2^47 keeps the first character a letter, so that an id is
 * never taken for an option by a command line.
 */

const ALPHABET = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

const TIME_CHARACTERS = 8;
const SEQUENCE_CHARACTERS = 9;
const CHANCE_CHARACTERS = 15;
const ID_CHARACTERS = TIME_CHARACTERS + SEQUENCE_CHARACTERS + CHANCE_CHARACTERS;
const TIME_OFFSET = 2 ** 47;

const VALUES = new Int8Array(128).fill(-1);
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

function encodeNumber(value: number, characters: number): string {
  let text = "";
  let rest = value;
  for (let index = 0; index < characters; index++) {
    text = ALPHABET[rest % 64]! + text;
    rest = Math.floor(rest / 64);
  }
  return text;
}

/** Chance for one id, from 15 random bytes (6 bits of each are used). */
export function chanceOf(randomBytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < CHANCE_CHARACTERS; index++) text += ALPHABET[randomBytes[index]! & 63];
  return text;
}

/** How many random bytes {@link chanceOf} takes. */
export const CHANCE_BYTES = CHANCE_CHARACTERS;

/**
 * @param now milliseconds since 1970
 * @param sequence below 2^53
 * @param chance from {@link chanceOf}
 */
export function orderedId(now: number, sequence: number, chance: string): string {
  return encodeNumber(TIME_OFFSET + now, TIME_CHARACTERS) + encodeNumber(sequence, SEQUENCE_CHARACTERS) + chance;
}

/** The sequence number inside an id, or undefined when the text is not of the form that this engine makes. */
export function sequenceOf(id: string): number | undefined {
  if (id.length !== ID_CHARACTERS) return undefined;
  let sequence = 0;
  for (let index = 0; index < ID_CHARACTERS; index++) {
    const value = VALUES[id.charCodeAt(index)] ?? -1;
    if (value < 0) return undefined;
    if (index >= TIME_CHARACTERS && index < TIME_CHARACTERS + SEQUENCE_CHARACTERS) sequence = sequence * 64 + value;
  }
  return Number.isSafeInteger(sequence) ? sequence : undefined;
}
