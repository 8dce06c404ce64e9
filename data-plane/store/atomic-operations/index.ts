/**
 * Atomic operations: what a value becomes when an operand meets it, edge cases as FoundationDB has them (`fdbclient/Atomic.h`, those of API
 * version 510 and later). Numbers are little-endian and as long as the operand.
 */
import { compareKeys } from "../keys/index.ts";

export type AtomicOperation =
  | "add"
  | "bit_and"
  | "bit_or"
  | "bit_xor"
  | "append_if_fits"
  | "max"
  | "min"
  | "byte_max"
  | "byte_min"
  | "compare_and_clear";

/** The longest value, in bytes; what `append_if_fits` must fit into. */
export const VALUE_BYTES_MAX = 100_000;

const EMPTY = new Uint8Array(0);

/**
 * The value after `operation`. Never changes its arguments; may return one of them.
 *
 * @param existing the value there is, or undefined for none
 * @returns the new value, or undefined when the key is cleared
 */
export function applyAtomic(
  operation: AtomicOperation,
  existing: Uint8Array | undefined,
  operand: Uint8Array,
): Uint8Array | undefined {
  switch (operation) {
    case "add":
      return add(existing ?? EMPTY, operand);
    case "bit_and":
      // A missing value is taken as the operand, an empty one as zeros.
      return existing === undefined ? operand : operand.map((byte, i) => byte & (existing[i] ?? 0));
    case "bit_or":
      return existing === undefined ? operand : operand.map((byte, i) => byte | (existing[i] ?? 0));
    case "bit_xor":
      return existing === undefined ? operand : operand.map((byte, i) => byte ^ (existing[i] ?? 0));
    case "append_if_fits":
      return appendIfFits(existing ?? EMPTY, operand);
    case "max":
      return existing === undefined || compareNumbers(existing, operand) <= 0 ? operand : resize(existing, operand);
    case "min":
      return existing === undefined || compareNumbers(existing, operand) >= 0 ? operand : resize(existing, operand);
    case "byte_max":
      return existing === undefined || compareKeys(existing, operand) <= 0 ? operand : existing;
    case "byte_min":
      return existing === undefined || compareKeys(existing, operand) >= 0 ? operand : existing;
    case "compare_and_clear":
      return existing === undefined || compareKeys(existing, operand) === 0 ? undefined : existing;
  }
}

function add(existing: Uint8Array, operand: Uint8Array): Uint8Array {
  const sum = new Uint8Array(operand.length);
  let carry = 0;
  for (let i = 0; i < operand.length; i++) {
    carry += operand[i]! + (existing[i] ?? 0);
    sum[i] = carry & 0xff;
    carry >>= 8;
  }
  return sum;
}

function appendIfFits(existing: Uint8Array, operand: Uint8Array): Uint8Array {
  if (existing.length + operand.length > VALUE_BYTES_MAX) return existing;
  const joined = new Uint8Array(existing.length + operand.length);
  joined.set(existing);
  joined.set(operand, existing.length);
  return joined;
}

/** Compares as little-endian numbers; what `existing` has beyond the operand's length does not count. */
function compareNumbers(existing: Uint8Array, operand: Uint8Array): number {
  for (let i = operand.length - 1; i >= 0; i--) {
    const difference = (existing[i] ?? 0) - operand[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function resize(existing: Uint8Array, operand: Uint8Array): Uint8Array {
  const resized = new Uint8Array(operand.length);
  resized.set(existing.subarray(0, operand.length));
  return resized;
}
