/** The Huffman code of HPACK (RFC 7541 appendix B). Pure. */

/** How many bits each octet has. The code is canonical: it follows from these. The end of a string, which nobody may send, has 30. */
const BITS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26,
];
const END_OF_STRING = 256;
const END_BITS = 30;

/** Code of each octet, in as many bits as `BITS` says. */
const CODES = new Uint32Array(257);

/** Steps of four bits: state × 16 + bits → the next state, and what was completed on the way. */
const STEPS = new Int32Array(256 * 16);
const STATE = 0xff;
const COMPLETES = 1 << 8;
const SYMBOL_AT = 9;
const FAILS = -1;
/** States in which a string may end: nothing, or fewer than eight bits of ones, is begun. */
const MAY_END = new Uint8Array(256);

build();

function build(): void {
  const bitsOf = (symbol: number): number => (symbol === END_OF_STRING ? END_BITS : BITS[symbol]!);
  const symbols = Array.from({ length: 257 }, (_, symbol) => symbol).sort((a, b) => bitsOf(a) - bitsOf(b) || a - b);
  /** Inner nodes: places of both children. A leaf is the complement of its symbol. */
  const nodes: [number | undefined, number | undefined][] = [[undefined, undefined]];
  let code = 0;
  let bits = 0;
  for (const symbol of symbols) {
    code *= 2 ** (bitsOf(symbol) - bits);
    bits = bitsOf(symbol);
    CODES[symbol] = code;
    let node = 0;
    for (let at = bits - 1; at > 0; at--) {
      const side = Math.floor(code / 2 ** at) % 2;
      let next = nodes[node]![side];
      if (next === undefined) {
        next = nodes.push([undefined, undefined]) - 1;
        nodes[node]![side] = next;
      }
      node = next;
    }
    nodes[node]![code % 2] = ~symbol;
    code++;
  }
  for (let state = 0; state < nodes.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) STEPS[state * 16 + nibble] = step(nodes, state, nibble);
  }
  let node = 0;
  for (let ones = 0; ones < 8; ones++) {
    MAY_END[node] = 1;
    node = nodes[node]![1]!;
  }
}

function step(
  nodes: readonly (readonly [number | undefined, number | undefined])[],
  state: number,
  nibble: number,
): number {
  let node = state;
  let completed = 0;
  for (let at = 3; at >= 0; at--) {
    const next = nodes[node]![(nibble >> at) & 1]!;
    if (next >= 0) node = next;
    else {
      const symbol = ~next;
      if (symbol === END_OF_STRING) return FAILS;
      completed = COMPLETES | (symbol << SYMBOL_AT);
      node = 0;
    }
  }
  return completed | node;
}

let memory = Buffer.allocUnsafeSlow(4096);

/** @returns one character for each octet; undefined when it is no string of this code */
export function huffmanDecoded(bytes: Uint8Array, from: number, to: number): string | undefined {
  // The shortest codes have 5 bits.
  const most = Math.ceil(((to - from) * 8) / 5);
  if (most > memory.length) memory = Buffer.allocUnsafeSlow(2 * most);
  let length = 0;
  let state = 0;
  for (let at = from; at < to; at++) {
    const octet = bytes[at]!;
    let next = STEPS[state * 16 + (octet >> 4)]!;
    if (next === FAILS) return undefined;
    if ((next & COMPLETES) !== 0) memory[length++] = next >> SYMBOL_AT;
    next = STEPS[(next & STATE) * 16 + (octet & 15)]!;
    if (next === FAILS) return undefined;
    if ((next & COMPLETES) !== 0) memory[length++] = next >> SYMBOL_AT;
    state = next & STATE;
  }
  return MAY_END[state] === 1 ? memory.toString("latin1", 0, length) : undefined;
}

/** Octets that a text of one character for each octet takes in this code. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += BITS[text.charCodeAt(i)]!;
  return (bits + 7) >> 3;
}

/** Writes a text where there is room for it. @returns the place behind it */
export function writeHuffman(text: string, bytes: Uint8Array, from: number): number {
  let at = from;
  /** Up to 7 bits that are not written yet, and the 30 of a code: more than bit operations can hold. */
  let held = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i);
    held = held * 2 ** BITS[octet]! + CODES[octet]!;
    bits += BITS[octet]!;
    while (bits >= 8) {
      bits -= 8;
      const rest = 2 ** bits;
      const first = Math.floor(held / rest);
      bytes[at++] = first;
      held -= first * rest;
    }
  }
  // Filled up with the first bits of the end of a string: ones.
  if (bits > 0) bytes[at++] = (held << (8 - bits)) | (0xff >> bits);
  return at;
}
