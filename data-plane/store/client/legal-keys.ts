/**
 * What keys and values a transaction takes (FoundationDB's limits, and its order of checking). Keys longer than can be written exist nowhere: reading
 * and clearing them is no error.
 */
import { type AtomicOperation, VALUE_BYTES_MAX } from "../atomic-operations/index.ts";
import { StoreError } from "../errors/index.ts";
import { compareKeys, type KeyRange } from "../keys/index.ts";
import { STAMP_BYTES } from "../mutations/index.ts";
import { KEY_BYTES_MAX, type Mutation } from "../transactions/index.ts";
import { KEYS_END } from "./overlay/index.ts";

/** The four bytes that say where a versionstamp goes. */
const PLACE_BYTES = 4;

const ATOMIC_OPERATIONS: Readonly<Record<AtomicOperation, true>> = {
  add: true,
  bit_and: true,
  bit_or: true,
  bit_xor: true,
  append_if_fits: true,
  max: true,
  min: true,
  byte_max: true,
  byte_min: true,
  compare_and_clear: true,
};

/** For programs whose types nobody checks. @throws StoreError invalid_mutation_type */
export function checkOperation(operation: string): void {
  if (Object.hasOwn(ATOMIC_OPERATIONS, operation)) return;
  throw new StoreError("invalid_mutation_type", `There is no atomic operation ${operation}.`);
}

/** @throws StoreError key_outside_legal_range for keys of the system */
export function checkKey(key: Uint8Array): void {
  if (compareKeys(key, KEYS_END) >= 0) throw outside();
}

/** @throws StoreError key_outside_legal_range for what lies behind the end of the keys */
export function checkBound(key: Uint8Array): void {
  if (compareKeys(key, KEYS_END) > 0) throw outside();
}

/**
 * The range of keys that can exist.
 *
 * @throws StoreError key_outside_legal_range, inverted_range
 */
export function checkedRange({ begin, end }: KeyRange): KeyRange {
  if (compareKeys(begin, end) > 0) throw new StoreError("inverted_range", "A range ends before it begins.");
  checkBound(begin);
  checkBound(end);
  return { begin: shortened(begin), end: shortened(end) };
}

export function canExist(key: Uint8Array): boolean {
  return key.length <= KEY_BYTES_MAX;
}

/** @throws StoreError key_outside_legal_range, key_too_large, value_too_large, client_invalid_operation */
export function checkWrite(mutation: Exclude<Mutation, { type: "clear" | "clear_range" }>): void {
  const { type, key, value } = mutation;
  checkKey(key);
  const keyMax = KEY_BYTES_MAX + (type === "set_versionstamped_key" ? PLACE_BYTES : 0);
  if (key.length > keyMax) throw new StoreError("key_too_large", `A key has at most ${KEY_BYTES_MAX} bytes.`);
  const valueMax = VALUE_BYTES_MAX + (type === "set_versionstamped_value" ? PLACE_BYTES : 0);
  if (value.length > valueMax) throw new StoreError("value_too_large", `A value has at most ${VALUE_BYTES_MAX} bytes.`);
  if (type === "set_versionstamped_key") checkStampPlace(key);
  if (type === "set_versionstamped_value") checkStampPlace(value);
}

function checkStampPlace(operand: Uint8Array): void {
  const room = operand.length - PLACE_BYTES - STAMP_BYTES;
  const view = new DataView(operand.buffer, operand.byteOffset, operand.length);
  if (room < 0 || view.getUint32(operand.length - PLACE_BYTES, true) > room) {
    throw new StoreError(
      "client_invalid_operation",
      "A versionstamped key or value ends with the place of the stamp in four bytes, little-endian, and the stamp fits there.",
    );
  }
}

/** Longer keys do not exist: the first one that is too long bounds the same keys. */
function shortened(key: Uint8Array): Uint8Array {
  return canExist(key) ? key : key.subarray(0, KEY_BYTES_MAX + 1);
}

function outside(): StoreError {
  return new StoreError("key_outside_legal_range", "Keys from 0xFF on belong to the system.");
}
