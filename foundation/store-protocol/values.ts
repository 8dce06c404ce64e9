/**
 * Values that all messages share.
 */
import { bytes, record, text, u64 } from "#foundation/binary";
import type { Ref } from "#foundation/rpc";

/** A generation of the transaction system; begins with 1, never given twice. Every message to a role carries it. */
export type Epoch = bigint;
/** A point in the history of the store, of 63 bits. */
export type Version = bigint;

export const epoch = u64;
export const version = u64;
export const ref = record({ address: text, id: text }) satisfies { read: (reader: never) => Ref };
export const keyRange = record({ begin: bytes, end: bytes });
