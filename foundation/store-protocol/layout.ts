/**
 * The layout of the transaction system: the product of a recovery, and what clients and roles go by.
 */
import { bytes, list, oneOf, record, text, type ValueOf } from "#foundation/binary";
import { epoch, ref, version } from "./values.ts";

/** A resolver, and the first key of its range, which ends where the next one begins. In order of the keys; the first begins with the empty key. */
const resolverRange = record({ begin: bytes, resolver: ref });

/** `down`: it could not be reached at the recovery, and joins again when it has caught up. */
const teamMember = record({ storage: ref, status: oneOf("up", "down") });

/** Storage servers that each hold all of one range of keys. Teams are in order and leave nothing out; the last one ends with 0xFF 0xFF. */
const storageTeam = record({ tag: text, begin: bytes, end: bytes, members: list(teamMember) });

export const layout = record({
  epoch,
  director: text,
  /** R: everything up to it that was acknowledged is there; nothing else of older epochs is. */
  recoveryVersion: version,
  /** The first version that the new epoch commits; far enough above R to meet no version of an older epoch. */
  firstVersion: version,
  sequencer: ref,
  proxies: list(ref),
  resolvers: list(resolverRange),
  /** A commit is acknowledged when all of them have it on disk. Each has everything. */
  logs: list(ref),
  teams: list(storageTeam),
});

export type Layout = ValueOf<typeof layout>;
export type ResolverRange = ValueOf<typeof resolverRange>;
export type StorageTeam = ValueOf<typeof storageTeam>;
export type TeamMember = ValueOf<typeof teamMember>;

/** Keys of the store itself, in the range of 0xFF that ordinary transactions do not write. */
export const SYSTEM_KEYS = {
  /** The epoch whose recovery was the last to write here: eight bytes, big-endian. */
  epoch: systemKey("system/epoch"),
  /** The layout, encoded. */
  layout: systemKey("system/layout"),
};

function systemKey(name: string): Uint8Array {
  return Uint8Array.of(0xff, ...new TextEncoder().encode(name));
}
