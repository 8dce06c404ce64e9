/**
 * Makes a module count what it does, and end when it has done too much: WebAssembly that runs cannot be interrupted from outside. The counter, *fuel*, is one more global. It is
 * charged at the beginning of every function for what stands outside of its loops, at the beginning of every round of a loop for what stands in it, and before
 * instructions that work on many elements, for those. Below zero the module traps. The same module with the same input always ends at the same place, whatever the machine.
 *
 * Memory and tables are given a maximum. The globals that change are exported, so that they can be put back, and so is the start function, so that it begins with fuel.
 */
import { ByteWriter } from "./byte-writer.ts";
import { OPCODE } from "./instructions.ts";
import { meterBody } from "./meter-body.ts";
import { type Limits, type WasmModule, WasmRefused } from "./module-shape.ts";
import { SECTION, SECTION_ORDER } from "./read-module.ts";
import { I32 } from "./value-types.ts";

export interface MeterLimits {
  /** Pages of 64 KiB that its memory may have. */
  readonly memoryPagesMax: number;
}

export interface MeteredModule {
  readonly bytes: Uint8Array;
  /** The name by which the fuel is exported: a mutable global of type i32, zero at first. About one is taken for each instruction; at most 2^31 - 1 can be given. */
  readonly fuel: string;
  /** The name by which its start function is exported, if it has one: it is not called by itself any more. */
  readonly start: string | undefined;
  /** Names by which the globals that change are exported. */
  readonly state: readonly string[];
  /** Whether it can change something that nobody can put back: tables, segments, vectors in globals. */
  readonly hasHiddenState: boolean;
}

/** Elements of a table: 8 octets each. */
const TABLE_ELEMENTS_MAX = 100_000;
const TABLES_MAX = 16;
const PREFIX = "biplane:";
const FUNCTION = 0;
const GLOBAL = 3;

/** @throws WasmRefused when it needs more than it may have */
export function meterModule(module: WasmModule, limits: MeterLimits): MeteredModule {
  const { bytes, sections, globals, tables, memory } = module;
  if (module.exports.some(({ name }) => name.startsWith(PREFIX))) {
    throw new WasmRefused(`it exports a name that begins with ${PREFIX}`);
  }
  const fuelIndex = globals.length;
  const fuel = `${PREFIX}fuel`;
  const changing = globals.flatMap(({ type, isMutable }, index) => (isMutable ? [{ type, index }] : []));
  const restorable = changing.filter(({ type }) => type !== "v128");
  const state = restorable.map(({ index }) => `${PREFIX}global-${index}`);
  let hasHiddenState = restorable.length < changing.length;

  const rewritten = new Map<number, Uint8Array>();
  if (tables.length > 0) rewritten.set(SECTION.table, tableSection(module));
  if (memory !== undefined) rewritten.set(SECTION.memory, memorySection(memory, limits.memoryPagesMax));
  const fuelGlobal = new ByteWriter().byte(I32, 1, OPCODE.i32Const, 0, OPCODE.end).bytes;
  rewritten.set(SECTION.global, appended(module, SECTION.global, globals.length, [fuelGlobal]));
  const entry = (name: string, kind: number, index: number): Uint8Array =>
    new ByteWriter().name(name).byte(kind).u32(index).bytes;
  const entries = restorable.map(({ index }, place) => entry(state[place]!, GLOBAL, index));
  entries.push(entry(fuel, GLOBAL, fuelIndex));
  const start = module.start === undefined ? undefined : `${PREFIX}start`;
  if (start !== undefined) entries.push(entry(start, FUNCTION, module.start!));
  rewritten.set(SECTION.export, appended(module, SECTION.export, module.exports.length, entries));
  if (module.bodies.length > 0) {
    const code = new ByteWriter(bytes.length * 2).u32(module.bodies.length);
    for (const body of module.bodies) {
      const metered = meterBody(bytes, body, fuelIndex);
      hasHiddenState ||= metered.changesHiddenState;
      code.sized(metered.bytes);
    }
    rewritten.set(SECTION.code, code.bytes);
  }

  const out = new ByteWriter(bytes.length * 2).raw(bytes.subarray(0, 8));
  for (const id of SECTION_ORDER) {
    if (id === SECTION.start) continue;
    const span = sections.get(id);
    const contents = rewritten.get(id) ?? (span && bytes.subarray(span.start, span.end));
    if (contents !== undefined) out.byte(id).sized(contents);
  }
  if (!WebAssembly.validate(out.bytes as Uint8Array<ArrayBuffer>)) throw new WasmRefused("it cannot be given limits");
  return { bytes: out.bytes, fuel, start, state, hasHiddenState };
}

/** A section with more entries at its end. */
function appended({ bytes, sections }: WasmModule, id: number, count: number, more: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter().u32(count + more.length);
  const span = sections.get(id);
  if (span !== undefined) {
    let start = span.start;
    // Behind the count.
    while (bytes[start++]! > 0x7f);
    writer.raw(bytes.subarray(start, span.end));
  }
  for (const one of more) writer.raw(one);
  return writer.bytes;
}

function memorySection({ min, max }: Limits, pagesMax: number): Uint8Array {
  if (min > pagesMax) {
    throw new WasmRefused(`it begins with ${pages(min)} of memory, and may have ${pages(pagesMax)}`);
  }
  return new ByteWriter()
    .byte(1, 1)
    .u32(min)
    .u32(Math.min(max ?? pagesMax, pagesMax)).bytes;
}

const pages = (count: number): string => `${count * 64} KiB`;

function tableSection({ tables }: WasmModule): Uint8Array {
  if (tables.length > TABLES_MAX) throw new WasmRefused(`it has more than ${TABLES_MAX} tables`);
  const writer = new ByteWriter().u32(tables.length);
  for (const { element, min, max } of tables) {
    if (min > TABLE_ELEMENTS_MAX) throw new WasmRefused(`it has a table of more than ${TABLE_ELEMENTS_MAX} elements`);
    writer
      .byte(element, 1)
      .u32(min)
      .u32(Math.min(max ?? TABLE_ELEMENTS_MAX, TABLE_ELEMENTS_MAX));
  }
  return writer.bytes;
}
