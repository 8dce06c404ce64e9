/**
 * What a commit does to the keys: versionstamps filled in, mutations applied in order and as bytes, idempotency ids written down. Pure, and shared by everyone that
 * commits or stores.
 */
export { applyMutation, type KeyMap, type PlainMutation } from "./apply.ts";
export { decodeMutations, encodeMutations } from "./codec.ts";
export {
  IDEMPOTENCY_KEYS,
  idempotencyKey,
  idempotencyRecord,
  idempotencyRecordsBefore,
  readIdempotencyIndexKey,
} from "./idempotency.ts";
export {
  fillStamp,
  placeToStamp,
  resolveVersionstamps,
  STAMP_BYTES,
  stampedWrites,
  stampToPlace,
} from "./versionstamps.ts";
