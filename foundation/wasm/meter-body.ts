/** Puts charges into the program of one function. Branches go by labels, not by places, so that putting something in moves nothing that is referred to. */
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { BULK, type Instruction, OPCODE, readInstruction } from "./instructions.ts";
import { type BodyShape, WasmRefused } from "./module-shape.ts";
import { I32 } from "./value-types.ts";

export interface MeteredBody {
  readonly bytes: Uint8Array;
  /** Whether it has instructions that change tables or drop segments. */
  readonly changesHiddenState: boolean;
}

/** What is charged at a place: a number that is known, or as much as the topmost value says. */
interface Charge {
  readonly at: number;
  cost: number;
  /** The topmost value is shifted by so many bits and charged. */
  readonly shift?: number;
}

/** What charging costs itself, once a round and once a call. */
const CHARGE_COST = 5;
/** An engine may copy all of the memory to let it grow. */
const GROW_COST = 50_000;
const EMPTY_BLOCK = 0x40;

/** Of those that work on as many elements as the topmost value says: 16 octets of memory cost as much as an instruction, a quarter of a reference as well. */
const SHIFTS: ReadonlyMap<number, number> = new Map([
  [BULK.memoryInit, 4],
  [BULK.memoryCopy, 4],
  [BULK.memoryFill, 4],
  [BULK.tableInit, 1],
  [BULK.tableCopy, 1],
  [BULK.tableFill, 1],
  [BULK.tableGrow, 1],
]);
const HIDDEN: ReadonlySet<number> = new Set([
  BULK.dataDrop,
  BULK.elemDrop,
  BULK.tableInit,
  BULK.tableCopy,
  BULK.tableFill,
  BULK.tableGrow,
]);

/** @throws WasmRefused for instructions that are not supported */
export function meterBody(bytes: Uint8Array, body: BodyShape, fuel: number): MeteredBody {
  const { charges, changesHiddenState } = chargesOf(bytes, body);
  const needsScratch = charges.some(({ shift }) => shift !== undefined);
  const scratch = body.params + body.locals;
  const out = new ByteWriter(body.span.end - body.span.start + charges.length * 24);
  out.u32(body.groups + (needsScratch ? 1 : 0)).raw(bytes.subarray(body.groupsAt, body.codeAt));
  if (needsScratch) out.u32(1).byte(I32);
  let copied = body.codeAt;
  for (const { at, cost, shift } of charges) {
    out.raw(bytes.subarray(copied, at));
    copied = at;
    if (shift !== undefined) out.byte(OPCODE.localTee).u32(scratch);
    out.byte(OPCODE.globalGet).u32(fuel);
    if (shift === undefined) out.byte(OPCODE.i32Const).s32(cost);
    else out.byte(OPCODE.localGet).u32(scratch).byte(OPCODE.i32Const).s32(shift).byte(OPCODE.i32ShrU);
    out.byte(OPCODE.i32Sub, OPCODE.globalSet).u32(fuel);
    // Fuel was not below zero, and no charge takes 2^31: it cannot have come around.
    out.byte(OPCODE.globalGet).u32(fuel).byte(OPCODE.i32Const, 0, OPCODE.i32LtS);
    out.byte(OPCODE.if, EMPTY_BLOCK, OPCODE.unreachable, OPCODE.end);
  }
  out.raw(bytes.subarray(copied, body.span.end));
  return { bytes: out.bytes, changesHiddenState };
}

/** In the order of their places. */
function chargesOf(bytes: Uint8Array, { span, codeAt, locals }: BodyShape) {
  const reader = new ByteReader(bytes, { start: codeAt, end: span.end });
  const instruction: Instruction = { opcode: 0, sub: 0 };
  // Locals are set to zero at each call.
  let current: Charge = { at: codeAt, cost: CHARGE_COST + locals };
  const charges: Charge[] = [current];
  /** What is charged for the code around each block that is open. */
  const around: Charge[] = [current];
  let changesHiddenState = false;
  while (around.length > 0) {
    const at = reader.at;
    readInstruction(reader, instruction);
    const { opcode, sub } = instruction;
    current.cost++;
    if (opcode === OPCODE.block || opcode === OPCODE.if || opcode === OPCODE.loop) {
      around.push(current);
      if (opcode !== OPCODE.loop) continue;
      current = { at: reader.at, cost: CHARGE_COST };
      charges.push(current);
    } else if (opcode === OPCODE.end) {
      current = around.pop()!;
    } else if (opcode === OPCODE.memoryGrow) {
      charges.push({ at, cost: GROW_COST });
    } else if (opcode === OPCODE.tableSet) {
      changesHiddenState = true;
    } else if (opcode === OPCODE.prefixed) {
      const shift = SHIFTS.get(sub);
      if (shift !== undefined) charges.push({ at, cost: 0, shift });
      changesHiddenState ||= HIDDEN.has(sub);
    }
  }
  if (!reader.isAtEnd) throw new WasmRefused("a function goes on behind its end");
  return { charges, changesHiddenState };
}
