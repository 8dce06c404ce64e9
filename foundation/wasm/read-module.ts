/** Reads a module: strictly, in one pass, without recursion. What is not supported is refused rather than skipped. */
import { ByteReader } from "./byte-reader.ts";
import { type Instruction, OPCODE, readInstruction } from "./instructions.ts";
import {
  type BodyShape,
  type GlobalShape,
  type Limits,
  type ModuleExport,
  type ModuleImport,
  type Span,
  type TableShape,
  type WasmModule,
  WasmRefused,
} from "./module-shape.ts";
import { type FunctionType, type ValueType, valueType } from "./value-types.ts";

/** More is compiled for seconds. Modules of plugins have some hundred KiB. */
export const MODULE_BYTES_MAX = 8 * 1024 * 1024;
/** As engines have it. */
const LOCALS_MAX = 50_000;

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** The order that sections have (§5.5.2); the count of data comes before the code. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const FUNCTION_TYPE = 0x60;

/**
 * @param bytes stay as they are for as long as the result is used
 * @throws WasmRefused for what is no valid module, or needs something that is not supported. Its instructions are judged when it is metered
 */
export function readModule(bytes: Uint8Array): WasmModule {
  if (bytes.length > MODULE_BYTES_MAX) {
    throw new WasmRefused(`it has more than ${MODULE_BYTES_MAX / 1024 / 1024} MiB`);
  }
  if (HEADER.some((byte, index) => bytes[index] !== byte)) throw new WasmRefused("it is no WebAssembly module");
  const sections = readSections(bytes);
  const list = <Item>(id: number, read: (reader: ByteReader, index: number) => Item): Item[] => {
    const span = sections.get(id);
    return span === undefined ? [] : readList(bytes, span, read);
  };
  const types = list(SECTION.type, readType);
  const typeAt = (index: number): FunctionType => {
    const type = types[index];
    if (type === undefined) throw new WasmRefused(`it has no type ${index}`);
    return type;
  };
  const imports = list(SECTION.import, (reader) => readImport(reader, typeAt));
  const own = list(SECTION.function, (reader) => typeAt(reader.u32()));
  const functions = [...imports.map(({ type }) => type), ...own];
  const tables = list(SECTION.table, readTable);
  const memories = list(SECTION.memory, readMemory);
  if (memories.length > 1) throw new WasmRefused("it has several memories");
  const globals = list(SECTION.global, readGlobal);
  const exports = list(SECTION.export, (reader) => readExport(reader, functions));
  const bodies = list(SECTION.code, (reader, index) => readBody(reader, own[index]));
  if (bodies.length !== own.length) throw new WasmRefused("it has functions without a program");
  const startSpan = sections.get(SECTION.start);
  const start = startSpan && new ByteReader(bytes, startSpan).u32();
  // The whole grammar of types is checked by those who know it best.
  if (!WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)) throw new WasmRefused("it is not valid");
  return { bytes, sections, imports, exports, tables, memory: memories[0], globals, bodies, start };
}

function readSections(bytes: Uint8Array): ReadonlyMap<number, Span> {
  const reader = new ByteReader(bytes, { start: HEADER.length, end: bytes.length });
  const sections = new Map<number, Span>();
  let before = -1;
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const span = reader.span();
    if (id === SECTION.custom) continue;
    const place = SECTION_ORDER.indexOf(id);
    if (place === -1) throw new WasmRefused(`it has a section that is not supported (${id})`);
    if (place <= before) throw new WasmRefused("its sections are not in order");
    before = place;
    sections.set(id, span);
  }
  return sections;
}

function readList<Item>(bytes: Uint8Array, span: Span, read: (reader: ByteReader, index: number) => Item): Item[] {
  const reader = new ByteReader(bytes, span);
  const count = reader.u32();
  const items: Item[] = [];
  // Every item takes at least one octet: a count that lies ends with the section.
  for (let index = 0; index < count; index++) items.push(read(reader, index));
  if (!reader.isAtEnd) throw new WasmRefused(`a section goes on at octet ${reader.at}`);
  return items;
}

function readType(reader: ByteReader): FunctionType {
  if (reader.byte() !== FUNCTION_TYPE) throw new WasmRefused("it has types that are not of functions");
  const values = () => readValues(reader);
  return { params: values(), results: values() };
}

function readValues(reader: ByteReader): readonly ValueType[] {
  const count = reader.u32();
  const values: ValueType[] = [];
  for (let index = 0; index < count; index++) values.push(valueType(reader.byte()));
  return values;
}

function readImport(reader: ByteReader, typeAt: (index: number) => FunctionType): ModuleImport {
  const module = reader.name();
  const name = reader.name();
  if (reader.byte() !== 0) {
    throw new WasmRefused(`it imports ${module}.${name}, which is no function; it has to bring its memory itself`);
  }
  return { module, name, type: typeAt(reader.u32()) };
}

function readLimits(reader: ByteReader, what: string): Limits {
  const flags = reader.byte();
  if (flags > 1) throw new WasmRefused(`its ${what} is shared or has 64 bits`);
  const min = reader.u32();
  const max = flags === 1 ? reader.u32() : undefined;
  if (max !== undefined && max < min) throw new WasmRefused(`its ${what} is larger than it may become`);
  return { min, max };
}

const readMemory = (reader: ByteReader): Limits => readLimits(reader, "memory");

function readTable(reader: ByteReader): TableShape {
  const element = reader.byte();
  const type = valueType(element);
  if (type !== "funcref" && type !== "externref") throw new WasmRefused(`it has a table of ${type}`);
  return { element, ...readLimits(reader, "table") };
}

function readGlobal(reader: ByteReader): GlobalShape {
  const type = valueType(reader.byte());
  const isMutable = reader.byte() === 1;
  skipExpression(reader);
  return { type, isMutable };
}

function skipExpression(reader: ByteReader): void {
  const instruction: Instruction = { opcode: 0, sub: 0 };
  do readInstruction(reader, instruction);
  while (instruction.opcode !== OPCODE.end);
}

const KINDS = ["function", "table", "memory", "global"] as const;

function readExport(reader: ByteReader, functions: readonly FunctionType[]): ModuleExport {
  const name = reader.name();
  const kind = KINDS[reader.byte()];
  const index = reader.u32();
  if (kind === undefined) throw new WasmRefused(`it exports ${name}, which is of no known kind`);
  const type = kind === "function" ? functions[index] : undefined;
  if (kind === "function" && type === undefined) throw new WasmRefused(`it exports ${name}, which is not there`);
  return { name, kind, index, ...(type === undefined ? {} : { type }) };
}

function readBody(reader: ByteReader, type: FunctionType | undefined): BodyShape {
  if (type === undefined) throw new WasmRefused("it has a program without a function");
  const span = reader.span();
  const inner = new ByteReader(reader.bytes, span);
  const groups = inner.u32();
  const groupsAt = inner.at;
  let locals = 0;
  for (let index = 0; index < groups; index++) {
    locals += inner.u32();
    valueType(inner.byte());
    if (locals > LOCALS_MAX) throw new WasmRefused(`a function has more than ${LOCALS_MAX} locals`);
  }
  return { span, codeAt: inner.at, groupsAt, groups, locals, params: type.params.length };
}
