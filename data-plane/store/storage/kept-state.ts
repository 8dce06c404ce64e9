/**
 * What a storage server keeps beside its data: to which epoch it belongs, and what it does in it.
 */
import { bytes, decode, encode, list, optional, record, text, u8, u64, type ValueOf } from "#foundation/binary";

const FORMAT = 1;

const serving = record({
  recoveryVersion: u64,
  logs: list(record({ address: text, id: text })),
  ranges: list(record({ begin: bytes, end: bytes })),
});

const kept = record({
  format: u8,
  epoch: u64,
  director: text,
  /** What it was unlocked with; undefined while it is locked. */
  serving: optional(serving),
});

export type Serving = ValueOf<typeof serving>;
export type KeptState = Omit<ValueOf<typeof kept>, "format">;

/** Of a server that no director has had yet. */
export const NEW: KeptState = { epoch: 0n, director: "", serving: undefined };

export function encodeKept(state: KeptState): Uint8Array {
  return encode(kept, { ...state, format: FORMAT });
}

/** @throws MalformedBytesError, and RangeError when it is of a format to come */
export function decodeKept(source: Uint8Array): KeptState {
  if (source.length === 0) return NEW;
  if (source[0] !== FORMAT) throw new RangeError(`a state of format ${source[0]}; this program knows ${FORMAT}`);
  const { format: _, ...state } = decode(kept, source.slice());
  return state;
}
