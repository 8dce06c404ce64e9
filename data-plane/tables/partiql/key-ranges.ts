/** Ranges of the sort key as bytes, whose order is the order of the keys. Pure. */
import type { RangeCondition } from "#data-plane/tables/engine";
import { compareBytes, encodeKey, endOfPrefix, type ScalarKeyType } from "#data-plane/tables/values";

interface Bound {
  readonly bytes: Uint8Array;
  readonly inclusive: boolean;
}

/** Absent bounds are open. */
export interface KeyRange {
  readonly low?: Bound;
  readonly high?: Bound;
}

export const EVERYTHING: KeyRange = {};

/** The range that one condition leaves. */
export function rangeOf(type: ScalarKeyType, { op, values }: RangeCondition): KeyRange {
  const [first, second] = values.map((value) => encodeKey(type, value)) as [Uint8Array, Uint8Array?];
  const at = (bytes: Uint8Array, inclusive: boolean): Bound => ({ bytes, inclusive });
  switch (op) {
    case "=":
      return { low: at(first, true), high: at(first, true) };
    case "<":
    case "<=":
      return { high: at(first, op === "<=") };
    case ">":
    case ">=":
      return { low: at(first, op === ">=") };
    case "BETWEEN":
      return { low: at(first, true), high: at(second!, true) };
    case "begins_with": {
      const end = endOfPrefix(first);
      return end === undefined ? { low: at(first, true) } : { low: at(first, true), high: at(end, false) };
    }
  }
}

export function intersection(a: KeyRange, b: KeyRange): KeyRange {
  const low = tighter(a.low, b.low, 1);
  const high = tighter(a.high, b.high, -1);
  return { ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
}

/** @param direction 1 when the larger bound is the tighter one, -1 when the smaller one is */
function tighter(a: Bound | undefined, b: Bound | undefined, direction: 1 | -1): Bound | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const order = compareBytes(a.bytes, b.bytes) * direction;
  if (order !== 0) return order > 0 ? a : b;
  return a.inclusive ? b : a;
}

export function isEmpty({ low, high }: KeyRange): boolean {
  if (low === undefined || high === undefined) return false;
  const order = compareBytes(low.bytes, high.bytes);
  return order > 0 || (order === 0 && !(low.inclusive && high.inclusive));
}
