/**
 * What code may know about chance.
 */

/**
 * A source of random numbers that can grow children.
 *
 * In production every generator is the operating system's cryptographic one and `fork` returns an equivalent source. In simulation the
 * generators form a tree: a child depends only on its parent's seed and on its name, never on how many numbers the parent has drawn, so
 * that one more draw in one place does not shift another place. Fork once per concern, with a name that is unique among its siblings.
 */
export interface Random {
  /** A whole number, 0 … 2³²−1, uniformly distributed. */
  uint32(): number;
  /** A number in [0, 1) with 53 random bits. */
  float(): number;
  /** `length` random bytes in a fresh array. */
  bytes(length: number): Uint8Array;
  /** A generator of its own for the concern called `name`. */
  fork(name: string): Random;
}

/**
 * A whole number in [0, `bound`), without the bias of a bare remainder.
 * @throws RangeError when `bound` is not a whole number in 1 … 2³².
 */
export function randomBelow(random: Random, bound: number): number {
  if (!Number.isInteger(bound) || bound < 1 || bound > 0x1_0000_0000) {
    throw new RangeError(`a random bound must be a whole number in 1 … 2^32; got ${bound}`);
  }
  // Draws at or above the largest multiple of `bound` are thrown away; at most half of all draws, usually none.
  const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
  let draw = random.uint32();
  while (draw >= limit) draw = random.uint32();
  return draw % bound;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** A version 4 UUID (RFC 9562 §5.4) in its lower-case text form. */
export function randomUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  let text = "";
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += "-";
    text += HEX[bytes[index]!];
  }
  return text;
}
