/**
 * The instructions that only compute: stack and tuples.
 */
import { compareKeys } from "#data-plane/store/keys";
import {
  pack,
  packWithVersionstamp,
  TupleDouble,
  type TupleElement,
  TupleFloat,
  tupleRange,
  unpack,
  Versionstamp,
} from "#data-plane/store/tuple";
import type { Stack } from "./stack.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Runs the instruction when it is one of these. @returns whether it was */
export async function computeOnly(operation: string, index: number, stack: Stack): Promise<boolean> {
  const push = (value: TupleElement) => stack.push(index, value);
  switch (operation) {
    case "DUP":
      stack.duplicate();
      return true;
    case "EMPTY_STACK":
      stack.clear();
      return true;
    case "SWAP":
      stack.swap(await stack.popNumber());
      return true;
    case "POP":
      await stack.pop();
      return true;
    case "SUB": {
      const [a, b] = await stack.popMany(2);
      push(integer(BigInt(a as number | bigint) - BigInt(b as number | bigint)));
      return true;
    }
    case "CONCAT": {
      const [a, b] = await stack.popMany(2);
      push(typeof a === "string" ? a + (b as string) : concat(a as Uint8Array, b as Uint8Array));
      return true;
    }
    case "WAIT_FUTURE": {
      const { index: pushedAt, value } = await stack.popItem();
      stack.push(pushedAt, value);
      return true;
    }
    case "TUPLE_PACK":
      push(pack(await stack.popMany(await stack.popNumber())));
      return true;
    case "TUPLE_PACK_WITH_VERSIONSTAMP":
      await packStamped(stack, push);
      return true;
    case "TUPLE_UNPACK":
      for (const element of unpack(await stack.popBytes())) push(pack([element]));
      return true;
    case "TUPLE_SORT": {
      const packed = await stack.popMany(await stack.popNumber());
      const sorted = packed.map((one) => pack(unpack(one as Uint8Array))).sort(compareKeys);
      for (const one of sorted) push(one);
      return true;
    }
    case "TUPLE_RANGE": {
      const { begin, end } = tupleRange(await stack.popMany(await stack.popNumber()));
      push(begin);
      push(end);
      return true;
    }
    case "ENCODE_FLOAT":
      push(new TupleFloat(view(await stack.popBytes()).getUint32(0)));
      return true;
    case "ENCODE_DOUBLE":
      push(new TupleDouble(view(await stack.popBytes()).getBigUint64(0)));
      return true;
    case "DECODE_FLOAT": {
      const decoded = new Uint8Array(4);
      view(decoded).setUint32(0, ((await stack.pop()) as TupleFloat).bits);
      push(decoded);
      return true;
    }
    case "DECODE_DOUBLE": {
      const decoded = new Uint8Array(8);
      view(decoded).setBigUint64(0, ((await stack.pop()) as TupleDouble).bits);
      push(decoded);
      return true;
    }
    default:
      return false;
  }
}

async function packStamped(stack: Stack, push: (value: TupleElement) => void): Promise<void> {
  const prefix = await stack.popBytes();
  const items = await stack.popMany(await stack.popNumber());
  const stamps = countIncomplete(items);
  if (stamps !== 1) {
    push(bytes(stamps === 0 ? "ERROR: NONE" : "ERROR: MULTIPLE"));
    return;
  }
  push(bytes("OK"));
  push(packWithVersionstamp(items, prefix));
}

function countIncomplete(items: readonly TupleElement[]): number {
  let count = 0;
  for (const item of items) {
    if (item instanceof Versionstamp && item.transaction === undefined) count++;
    else if (Array.isArray(item)) count += countIncomplete(item);
  }
  return count;
}

export function integer(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

export function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function view(of: Uint8Array): DataView {
  return new DataView(of.buffer, of.byteOffset, of.length);
}
