/**
 * How many bytes each batch of a range read asks for (FoundationDB's streaming modes and numbers).
 */
import { StoreError } from "../errors/index.ts";
import type { KeySelector } from "./overlay/index.ts";

/**
 * - `iterator`: small batches first, larger ones for who goes on (the default)
 * - `want_all`: the reader wants everything, soon
 * - `exact`: everything in one batch; a limit must be given
 * - `small`, `medium`, `large`, `serial`: batches of about 256 B, 1, 4, 80 kB
 */
export type StreamingMode = "iterator" | "want_all" | "exact" | "small" | "medium" | "large" | "serial";

export interface GetRangeOptions {
  /** At most this many pairs; 0, or left out, for all. */
  readonly limit?: number | undefined;
  /** From the last key to the first. */
  readonly reverse?: boolean | undefined;
  /** "iterator" when left out. */
  readonly mode?: StreamingMode | undefined;
}

/** Where a range begins or ends: at a key, or at the key that a selector points to. */
export type RangeBound = Uint8Array | KeySelector;

const SMALL = 256;
const MEDIUM = 1_000;
const LARGE = 4_096;
const SERIAL = 80_000;
/** The first batch of `iterator`; each next one is half as large again, up to `SERIAL`. */
const ITERATOR_FIRST = 4_096;

/** @param batch 0 for the first */
export function batchBytes(mode: StreamingMode, batch: number): number {
  switch (mode) {
    case "iterator":
      return Math.min(Math.floor(ITERATOR_FIRST * 1.5 ** Math.min(batch, 8)), SERIAL);
    case "want_all":
    case "serial":
      return SERIAL;
    case "exact":
      return Number.POSITIVE_INFINITY;
    case "small":
      return SMALL;
    case "medium":
      return MEDIUM;
    case "large":
      return LARGE;
  }
}

/** Infinity for no limit. */
export function checkedLimit({ limit = 0, mode }: GetRangeOptions): number {
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new StoreError("range_limits_invalid", "The limit of a range read is a whole number, 0 or more.");
  }
  if (limit > 0) return limit;
  if (mode === "exact") {
    throw new StoreError("exact_mode_without_limits", 'The streaming mode "exact" needs a limit.');
  }
  return Number.POSITIVE_INFINITY;
}
