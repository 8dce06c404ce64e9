/**
 * The instructions of WebAssembly 2.0 (MVP, sign extension, non-trapping conversions, bulk memory, reference types, multiple values, SIMD) and of tail calls: what follows each
 * (§5.4). Others, such as exceptions, garbage collection and threads, are refused by name of their number.
 */
import type { ByteReader } from "./byte-reader.ts";
import { WasmRefused } from "./module-shape.ts";
import { isValueType, valueType } from "./value-types.ts";

export const OPCODE = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  localGet: 0x20,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableSet: 0x26,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i32LtS: 0x48,
  i32Sub: 0x6b,
  i32ShrU: 0x76,
  prefixed: 0xfc,
} as const;

/** Behind {@link OPCODE.prefixed}, for those that work on many elements at once or change what cannot be put back. */
export const BULK = {
  memoryInit: 8,
  dataDrop: 9,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  elemDrop: 13,
  tableCopy: 14,
  tableGrow: 15,
  tableFill: 17,
} as const;

const EMPTY_BLOCK = 0x40;
const LEB_32 = 5;
const LEB_64 = 10;

export interface Instruction {
  opcode: number;
  /** Of those with a prefix. */
  sub: number;
}

/** Reads one instruction with all that belongs to it. @throws WasmRefused */
export function readInstruction(reader: ByteReader, into: Instruction): void {
  const opcode = reader.byte();
  into.opcode = opcode;
  into.sub = 0;
  // Loads and stores.
  if (opcode >= 0x28 && opcode <= 0x3e) {
    skipMemoryArgument(reader);
    return;
  }
  // Comparisons, arithmetic, conversions, sign extension.
  if (opcode >= 0x45 && opcode <= 0xc4) return;
  switch (opcode) {
    case 0x00: // unreachable
    case 0x01: // nop
    case 0x05: // else
    case 0x0b: // end
    case 0x0f: // return
    case 0x1a: // drop
    case 0x1b: // select
    case 0xd1: // ref.is_null
      return;
    case 0x02: // block
    case 0x03: // loop
    case 0x04: // if
      skipBlockType(reader);
      return;
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x10: // call
    case 0x12: // return_call
    case 0x20: // local.get
    case 0x21: // local.set
    case 0x22: // local.tee
    case 0x23: // global.get
    case 0x24: // global.set
    case 0x25: // table.get
    case 0x26: // table.set
    case 0xd2: // ref.func
      reader.u32();
      return;
    case 0x0e: // br_table
      for (let rest = reader.u32(); rest > 0; rest--) reader.u32();
      reader.u32();
      return;
    case 0x11: // call_indirect
    case 0x13: // return_call_indirect
      reader.u32();
      reader.u32();
      return;
    case 0x1c: // select with types
      for (let rest = reader.u32(); rest > 0; rest--) valueType(reader.byte());
      return;
    case 0x3f: // memory.size
    case 0x40: // memory.grow
      if (reader.u32() !== 0) throw severalMemories();
      return;
    case 0x41: // i32.const
      reader.skipLeb(LEB_32);
      return;
    case 0x42: // i64.const
      reader.skipLeb(LEB_64);
      return;
    case 0x43: // f32.const
      reader.skip(4);
      return;
    case 0x44: // f64.const
      reader.skip(8);
      return;
    case 0xd0: // ref.null
      valueType(reader.byte());
      return;
    case 0xfc:
      into.sub = reader.u32();
      skipBulk(into.sub, reader);
      return;
    case 0xfd:
      into.sub = reader.u32();
      skipVector(into.sub, reader);
      return;
    default:
      throw unknown(opcode);
  }
}

function skipBlockType(reader: ByteReader): void {
  const first = reader.byte();
  if (first === EMPTY_BLOCK || isValueType(first)) return;
  // Otherwise the number of a type. What is negative is a type of an extension, which goes on in its own way.
  let last = first;
  for (let octets = 1; last > 0x7f; octets++) {
    if (octets === LEB_32) throw new WasmRefused(`a number at octet ${reader.at} is too long`);
    last = reader.byte();
  }
  if (last > 0x3f) throw new WasmRefused("it has values of a type that is not supported");
}

const severalMemories = (): WasmRefused => new WasmRefused("it uses several memories");

function skipMemoryArgument(reader: ByteReader): void {
  // With more bits set there would be an index of a memory, or an offset of 64 bits.
  if (reader.u32() > 0x1f) throw severalMemories();
  reader.u32();
}

function skipBulk(sub: number, reader: ByteReader): void {
  if (sub <= 7) return; // conversions that do not trap
  switch (sub) {
    case BULK.memoryInit:
    case BULK.memoryCopy:
    case BULK.tableInit:
    case BULK.tableCopy:
      reader.u32();
      reader.u32();
      return;
    case BULK.dataDrop:
    case BULK.memoryFill:
    case BULK.elemDrop:
    case BULK.tableGrow:
    case BULK.tableFill:
    case 16: // table.size
      reader.u32();
      return;
    default:
      throw unknown(0xfc, sub);
  }
}

function skipVector(sub: number, reader: ByteReader): void {
  if (sub <= 11 || sub === 92 || sub === 93) {
    skipMemoryArgument(reader);
    return;
  }
  if (sub === 12 || sub === 13) {
    // v128.const, i8x16.shuffle
    reader.skip(16);
    return;
  }
  if (sub >= 21 && sub <= 34) {
    // lanes
    reader.skip(1);
    return;
  }
  if (sub >= 84 && sub <= 91) {
    skipMemoryArgument(reader);
    reader.skip(1);
    return;
  }
  // From 256 on they are relaxed: not every machine gives the same result.
  if (sub > 255) throw unknown(0xfd, sub);
}

function unknown(opcode: number, sub?: number): WasmRefused {
  const number = `0x${opcode.toString(16)}${sub === undefined ? "" : ` ${sub}`}`;
  return new WasmRefused(
    `it has an instruction that is not supported (${number}); build it for WebAssembly 2.0, without exceptions, garbage collection, threads and relaxed SIMD`,
  );
}
