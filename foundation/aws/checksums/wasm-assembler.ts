/**
 * As much of a WebAssembly assembler as the checksums need (WebAssembly Core Specification 2.0, chapter 5 "Binary Format").
 *
 * An instruction is a list of bytes; expressions are nested calls that read like the formula they compute.
 */

/** Encoded instructions. */
export type Code = readonly number[];

/** Value types. */
export const i32 = 0x7f;
export const i64 = 0x7e;
export const v128 = 0x7b;
export type ValueType = typeof i32 | typeof i64 | typeof v128;

/** One exported function. Parameters come first among the locals. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** Assembles a module that exports its functions and one memory named `memory`. */
export function assembleModule(functions: readonly WasmFunction[], memoryPages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, ...vector(parameters.map((type) => [type])), 0x00]);
  const bodies = functions.map(({ locals, body }) => {
    const declared = vector(locals.map((type) => [0x01, type]));
    const code = [...declared, ...body, 0x0b];
    return [...unsigned(code.length), ...code];
  });
  const exported = functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(5, vector([[0x01, ...unsigned(memoryPages), ...unsigned(memoryPages)]])),
    ...section(7, vector([...exported, [...text("memory"), 0x02, 0x00]])),
    ...section(10, vector(bodies)),
  ]);
}

/** `local.get`. */
export const get = (local: number): Code => [0x20, ...unsigned(local)];
/** `local.set`. */
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

/** 32-bit operations; comparisons give 0 or 1. */
export const w32 = {
  const: (value: number): Code => [0x41, ...signed(BigInt(value))],
  load: (address: Code, offset = 0): Code => [...address, 0x28, 0x02, ...unsigned(offset)],
  loadByte: (address: Code, offset = 0): Code => [...address, 0x2d, 0x00, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x36, 0x02, ...unsigned(offset)],
  isZero: (a: Code): Code => [...a, 0x45],
  lessUnsigned: (a: Code, b: Code): Code => [...a, ...b, 0x49],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  subtract: (a: Code, b: Code): Code => [...a, ...b, 0x6b],
  and: (a: Code, b: Code): Code => [...a, ...b, 0x71],
  or: (a: Code, b: Code): Code => [...a, ...b, 0x72],
  xor: (a: Code, b: Code): Code => [...a, ...b, 0x73],
  shiftLeft: (a: Code, b: Code): Code => [...a, ...b, 0x74],
  shiftRight: (a: Code, b: Code): Code => [...a, ...b, 0x76],
  rotateLeft: (a: Code, b: Code): Code => [...a, ...b, 0x77],
  /** Low half of a 64-bit value. */
  low: (a: Code): Code => [...a, 0xa7],
} as const;

/** 64-bit operations. */
export const w64 = {
  const: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  load: (address: Code, offset = 0): Code => [...address, 0x29, 0x03, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x37, 0x03, ...unsigned(offset)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x7c],
  subtract: (a: Code, b: Code): Code => [...a, ...b, 0x7d],
  multiply: (a: Code, b: Code): Code => [...a, ...b, 0x7e],
  and: (a: Code, b: Code): Code => [...a, ...b, 0x83],
  xor: (a: Code, b: Code): Code => [...a, ...b, 0x85],
  shiftLeft: (a: Code, b: Code): Code => [...a, ...b, 0x86],
  shiftRight: (a: Code, b: Code): Code => [...a, ...b, 0x88],
  rotateLeft: (a: Code, b: Code): Code => [...a, ...b, 0x89],
  /** A 32-bit value without sign. */
  fromLow: (a: Code): Code => [...a, 0xad],
} as const;

const vectorInstruction = (code: number): Code => [0xfd, ...unsigned(code)];

/** Four 32-bit values side by side. */
export const x4 = {
  /** The same 32 bits four times. */
  const: (value: number): Code => {
    const bytes = [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
    return [...vectorInstruction(0x0c), ...bytes, ...bytes, ...bytes, ...bytes];
  },
  load: (address: Code, offset = 0): Code => [...address, ...vectorInstruction(0x00), 0x04, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...vectorInstruction(0x0b),
    0x04,
    ...unsigned(offset),
  ],
  add: (a: Code, b: Code): Code => [...a, ...b, ...vectorInstruction(0xae)],
  and: (a: Code, b: Code): Code => [...a, ...b, ...vectorInstruction(0x4e)],
  andNot: (a: Code, b: Code): Code => [...a, ...b, ...vectorInstruction(0x4f)],
  or: (a: Code, b: Code): Code => [...a, ...b, ...vectorInstruction(0x50)],
  xor: (a: Code, b: Code): Code => [...a, ...b, ...vectorInstruction(0x51)],
  not: (a: Code): Code => [...a, ...vectorInstruction(0x4d)],
  /** Each of the four by the same number of bits. */
  shiftLeft: (a: Code, bits: Code): Code => [...a, ...bits, ...vectorInstruction(0xab)],
  shiftRight: (a: Code, bits: Code): Code => [...a, ...bits, ...vectorInstruction(0xad)],
  /** Sixteen bytes chosen from the 32 of `a` and `b`. */
  bytes: (a: Code, b: Code, chosen: readonly number[]): Code => [...a, ...b, ...vectorInstruction(0x0d), ...chosen],
  /** Four values chosen from the eight of `a` and `b`. */
  choose: (a: Code, b: Code, chosen: readonly [number, number, number, number]): Code =>
    x4.bytes(
      a,
      b,
      chosen.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
    ),
} as const;

/** Repeats `body` while `condition` holds, tested before each round. */
export function whileLoop(condition: Code, body: Code): Code {
  // block loop (not condition) br_if 1; body; br 0 end end
  return [0x02, 0x40, 0x03, 0x40, ...w32.isZero(condition), 0x0d, 0x01, ...body, 0x0c, 0x00, 0x0b, 0x0b];
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): Code {
  return vector([...value].map((character) => [character.charCodeAt(0)]));
}

/** Unsigned LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? byte : byte | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128. */
function signed(value: bigint): Code {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0)) {
      bytes.push(byte);
      return bytes;
    }
    bytes.push(byte | 0x80);
  }
}
