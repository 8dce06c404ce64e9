/**
 * MD5 (RFC 1321) as a WebAssembly module, assembled when first used: of one message, and of four messages side by side.
 *
 * Each step of MD5 needs the result of the one before, so that a processor computing one message mostly waits: 0.7 GB/s on one core with the runtime's own, 0.5 here.
 * Four messages in the lanes of vectors fill the waits: 1.2 GB/s together.
 */

import {
  assembleModule,
  type Code,
  get,
  i32,
  set,
  type ValueType,
  v128,
  type WasmFunction,
  w32,
  whileLoop,
  x4,
} from "./wasm-assembler.ts";

/** Bytes of one block. */
export const md5BlockBytes = 64;
/** Messages side by side. */
export const md5Lanes = 4;

const pageBytes = 64 * 1024;
/** Four words of one message, or four vectors of four messages, at the beginning of the memory. */
const stateAt = 0;
const dataAt = pageBytes;
/** Bytes of each message that are copied in and hashed at a time: all four fit a processor's second cache with room to spare. */
const laneBytes = 16 * 1024;

/** The loops over whole blocks. */
export interface Md5Module {
  /** Continues one message; the state is four words, changed in place. @param bytes a multiple of 64 */
  blocks(state: Uint32Array, bytes: Uint8Array): void;
  /**
   * Continues up to four messages by as many bytes of each.
   * @param pieces one for each state; their first `length` bytes are taken
   * @param length a multiple of 64
   */
  blocksTogether(states: readonly Uint32Array[], pieces: readonly Uint8Array[], length: number): void;
}

let loaded: Md5Module | undefined;
let assembled: Uint8Array<ArrayBuffer> | undefined;

/** Whether this runtime can run the module: it has no vectors where the processor has none to its liking. */
export function hasMd5Module(): boolean {
  return loaded !== undefined || WebAssembly.validate(assemble());
}

/** The module; assembled at the first call. @throws WebAssembly.CompileError where {@link hasMd5Module} says no */
export function md5Module(): Md5Module {
  loaded ??= load();
  return loaded;
}

function assemble(): Uint8Array<ArrayBuffer> {
  assembled ??= assembleModule([oneMessage, fourMessages], dataAt / pageBytes + (md5Lanes * laneBytes) / pageBytes);
  return assembled;
}

type One = (state: number, data: number, blocks: number) => void;
type Four = (state: number, first: number, second: number, third: number, fourth: number, blocks: number) => void;

function load(): Md5Module {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble()));
  const { memory, one, four } = exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof one !== "function" || typeof four !== "function") {
    throw new Error("the assembled MD5 module does not export what it was given");
  }
  const hashOne = one as One;
  const hashFour = four as Four;
  const words = new Uint32Array(memory.buffer, stateAt, 4 * md5Lanes);
  const data = new Uint8Array(memory.buffer, dataAt, md5Lanes * laneBytes);
  const places = lanes.map((lane) => dataAt + lane * laneBytes) as [number, number, number, number];

  return {
    blocks(state, bytes) {
      words.set(state);
      for (let from = 0; from < bytes.length; from += data.length) {
        const piece = bytes.subarray(from, from + data.length);
        data.set(piece);
        hashOne(stateAt, dataAt, piece.length / md5BlockBytes);
      }
      for (let word = 0; word < 4; word++) state[word] = words[word]!;
    },
    blocksTogether(states, pieces, length) {
      for (const [lane, state] of states.entries()) {
        for (let word = 0; word < 4; word++) words[word * md5Lanes + lane] = state[word]!;
      }
      for (let from = 0; from < length; from += laneBytes) {
        const to = Math.min(length, from + laneBytes);
        // Lanes without a message hash what lies there; nobody asks for the result.
        for (const [lane, piece] of pieces.entries()) data.set(piece.subarray(from, to), lane * laneBytes);
        hashFour(stateAt, ...places, (to - from) / md5BlockBytes);
      }
      for (const [lane, state] of states.entries()) {
        for (let word = 0; word < 4; word++) state[word] = words[word * md5Lanes + lane]!;
      }
    },
  };
}

const lanes: readonly number[] = [0, 1, 2, 3];

/** RFC 1321 §3.4: the constant of step i is the integer part of 2^32 times |sin(i + 1)|. */
const constants = Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32));
/** Bits of rotation, by round and step modulo 4. */
const rotations = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;

/** Which of the block's sixteen words a step takes. */
function wordOf(step: number): number {
  if (step < 16) return step;
  if (step < 32) return (5 * step + 1) % 16;
  return step < 48 ? (3 * step + 5) % 16 : (7 * step) % 16;
}

/** How the operations of a step are done: on one value, or on four. */
interface Arithmetic {
  const(value: number): Code;
  add(a: Code, b: Code): Code;
  and(a: Code, b: Code): Code;
  or(a: Code, b: Code): Code;
  xor(a: Code, b: Code): Code;
  not(a: Code): Code;
  /** `a` without the bits of `b`. */
  andNot(a: Code, b: Code): Code;
  rotateLeft(a: Code, bits: number): Code;
}

/** The 64 steps on four locals that begin at `state`; `word` gives a word of the block. */
function steps(arithmetic: Arithmetic, state: number, word: (index: number) => Code): Code {
  const { add, and, andNot, not, or, rotateLeft, xor } = arithmetic;
  const code: number[] = [];
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    const [a, b, c, d] = [0, 1, 2, 3].map((place) => state + ((place - step) & 3)) as [number, number, number, number];
    const [B, C, D] = [get(b), get(c), get(d)];
    // What does not depend on the step before is added first.
    let sum = add(get(a), add(word(wordOf(step)), arithmetic.const(constants[step]!)));
    if (round === 0) sum = add(sum, xor(D, and(B, xor(C, D))));
    else if (round === 1) sum = add(add(sum, andNot(C, D)), and(B, D));
    else if (round === 2) sum = add(sum, xor(xor(C, D), B));
    else sum = add(sum, xor(C, or(B, not(D))));
    code.push(...set(a, add(B, rotateLeft(sum, rotations[round]![step & 3]!))));
  }
  return code;
}

const single: Arithmetic = {
  ...w32,
  const: (value) => w32.const(value | 0),
  not: (a) => w32.xor(a, w32.const(-1)),
  andNot: (a, b) => w32.and(a, w32.xor(b, w32.const(-1))),
  rotateLeft: (a, bits) => w32.rotateLeft(a, w32.const(bits)),
};

const countDown = (count: number): Code => set(count, w32.subtract(get(count), w32.const(1)));
const advance = (pointer: number): Code => set(pointer, w32.add(get(pointer), w32.const(md5BlockBytes)));

const locals = (type: ValueType, count: number): readonly ValueType[] => Array.from({ length: count }, () => type);

/** `(state address, data address, blocks) → ()`; locals: state, state before the block. */
const oneMessage: WasmFunction = {
  name: "one",
  parameters: [i32, i32, i32],
  locals: locals(i32, 8),
  body: [
    ...lanes.flatMap((word) => set(3 + word, w32.load(get(0), 4 * word))),
    ...whileLoop(get(2), [
      ...lanes.flatMap((word) => set(7 + word, get(3 + word))),
      ...steps(single, 3, (word) => w32.load(get(1), 4 * word)),
      ...lanes.flatMap((word) => set(3 + word, w32.add(get(3 + word), get(7 + word)))),
      ...advance(1),
      ...countDown(2),
    ]),
    ...lanes.flatMap((word) => w32.store(get(0), get(3 + word), 4 * word)),
  ],
};

/** Locals of `fourMessages` behind its six parameters. */
const blockCount = 5;
const current = 6;
const before = 10;
const turned = 14;
const words = 15;
const rows = 31;

const four: Arithmetic = {
  ...x4,
  rotateLeft(a, bits) {
    const value = get(turned);
    // Half a turn is a move of bytes.
    const half = [2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13];
    const rotated =
      bits === 16
        ? x4.bytes(value, value, half)
        : x4.or(x4.shiftLeft(value, w32.const(bits)), x4.shiftRight(value, w32.const(32 - bits)));
    return [...set(turned, a), ...rotated];
  },
};

/** Loads four words of each message and turns rows into columns: `words + n` then holds word n of all four. */
const loadBlock: Code = lanes.flatMap((quarter) => {
  const column = words + 4 * quarter;
  const [r0, r1, r2, r3] = lanes.map((lane) => get(rows + lane)) as [Code, Code, Code, Code];
  const pairs = lanes.map((lane) => get(column + lane)) as [Code, Code, Code, Code];
  return [
    ...lanes.flatMap((lane) => set(rows + lane, x4.load(get(1 + lane), 16 * quarter))),
    ...set(column, x4.choose(r0, r1, [0, 4, 1, 5])),
    ...set(column + 1, x4.choose(r2, r3, [0, 4, 1, 5])),
    ...set(column + 2, x4.choose(r0, r1, [2, 6, 3, 7])),
    ...set(column + 3, x4.choose(r2, r3, [2, 6, 3, 7])),
    ...set(rows, x4.choose(pairs[0], pairs[1], [0, 1, 4, 5])),
    ...set(rows + 1, x4.choose(pairs[0], pairs[1], [2, 3, 6, 7])),
    ...set(rows + 2, x4.choose(pairs[2], pairs[3], [0, 1, 4, 5])),
    ...set(rows + 3, x4.choose(pairs[2], pairs[3], [2, 3, 6, 7])),
    ...lanes.flatMap((lane) => set(column + lane, get(rows + lane))),
  ];
});

/** `(state address, four data addresses, blocks) → ()`. */
const fourMessages: WasmFunction = {
  name: "four",
  parameters: [i32, i32, i32, i32, i32, i32],
  locals: locals(v128, rows + 4 - current),
  body: [
    ...lanes.flatMap((word) => set(current + word, x4.load(get(0), 16 * word))),
    ...whileLoop(get(blockCount), [
      ...lanes.flatMap((word) => set(before + word, get(current + word))),
      ...loadBlock,
      ...steps(four, current, (word) => get(words + word)),
      ...lanes.flatMap((word) => set(current + word, x4.add(get(current + word), get(before + word)))),
      ...lanes.flatMap((lane) => advance(1 + lane)),
      ...countDown(blockCount),
    ]),
    ...lanes.flatMap((word) => x4.store(get(0), get(current + word), 16 * word)),
  ],
};
