/**
 * A backup as bytes: parts, and a manifest that says which there are. Every format there ever was must be read for ever.
 *
 * Format 1, numbers big-endian, byte strings after their lengths (u32):
 * - a part is 1 (u8) and pairs of key and value, or 2 (u8) and entries of version (u64) and mutations (`../mutations/codec.ts`), after their count (u32);
 * - the manifest is "BPSTBKUP", 1 (u8), the SHA-256 of what follows, and the record below.
 */
import { createHash } from "node:crypto";
import {
  bytes,
  decode,
  encode,
  list,
  MalformedBytesError,
  optional,
  record,
  text,
  u32,
  u64,
  type ValueOf,
  whole,
} from "#foundation/binary";
import { compareKeys } from "../keys/index.ts";
import { BackupError } from "./backup-error.ts";

export const MANIFEST_NAME = "manifest";
/** Where the keys of the store itself begin: they are no part of a backup. */
export const KEYS_END = Uint8Array.of(0xff);

const MAGIC = new TextEncoder().encode("BPSTBKUP");
const FORMAT = 1;
const HASH_BYTES = 32;
const PART_NAME = /^[a-z0-9-]{1,80}$/;

const manifest = record({
  /** Of the cluster that was copied. */
  epoch: u64,
  /** The backup is the state at this version. */
  version: u64,
  /** The ranges, in order and without a hole, and the version of the pairs of each. */
  teams: list(record({ begin: bytes, end: bytes, version: u64 })),
  /** In the order in which they are restored. */
  parts: list(
    record({
      name: text,
      bytes: whole,
      sha256: bytes,
      items: u32,
      /** Which team's pairs they are, by its place; entries when undefined. */
      team: optional(u32),
    }),
  ),
});

export type Manifest = ValueOf<typeof manifest>;
export type ManifestPart = Manifest["parts"][number];
export type ManifestTeam = Manifest["teams"][number];

const pair = record({ key: bytes, value: bytes });
const entry = record({ version: u64, data: bytes });
const pairs = list(pair);
const entries = list(entry);

export type BackupPair = ValueOf<typeof pair>;
/** What one version wrote. */
export type BackupEntry = ValueOf<typeof entry>;

const KINDS = { pairs: 1, entries: 2 } as const;

export function encodePairs(items: readonly BackupPair[]): Uint8Array {
  return prefixed(Uint8Array.of(KINDS.pairs), encode(pairs, items));
}

export function encodeEntries(items: readonly BackupEntry[]): Uint8Array {
  return prefixed(Uint8Array.of(KINDS.entries), encode(entries, items));
}

/** @throws MalformedBytesError */
export function decodePairs(part: Uint8Array): readonly BackupPair[] {
  if (part[0] !== KINDS.pairs) throw new MalformedBytesError("the part does not hold pairs");
  return decode(pairs, part.subarray(1));
}

/** @throws MalformedBytesError */
export function decodeEntries(part: Uint8Array): readonly BackupEntry[] {
  if (part[0] !== KINDS.entries) throw new MalformedBytesError("the part does not hold entries");
  return decode(entries, part.subarray(1));
}

export function encodeManifest(value: Manifest): Uint8Array {
  const body = encode(manifest, value);
  return prefixed(MAGIC, Uint8Array.of(FORMAT), sha256(body), body);
}

/** @throws BackupError damaged, unknown_format */
export function decodeManifest(source: Uint8Array): Manifest {
  const head = MAGIC.length + 1;
  if (compareKeys(source.subarray(0, MAGIC.length), MAGIC) !== 0 || source.length < head)
    throw damaged("the manifest is none of a backup of a store");
  const format = source[MAGIC.length]!;
  if (format !== FORMAT) {
    throw new BackupError("unknown_format", `The backup is of format ${format}; this program reads ${FORMAT}.`);
  }
  const body = source.subarray(head + HASH_BYTES);
  if (compareKeys(source.subarray(head, head + HASH_BYTES), sha256(body)) !== 0) {
    throw damaged("the checksum of the manifest is not that of its contents");
  }
  try {
    const value = decode(manifest, body);
    checkManifest(value);
    return value;
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    throw damaged(`the manifest cannot be read: ${error.message}`);
  }
}

function checkManifest({ version, teams, parts }: Manifest): void {
  let at: Uint8Array = new Uint8Array();
  for (const team of teams) {
    if (compareKeys(team.begin, at) !== 0 || compareKeys(team.begin, team.end) >= 0 || team.version > version)
      throw new MalformedBytesError("the ranges do not follow one another");
    at = team.end;
  }
  if (compareKeys(at, KEYS_END) !== 0) throw new MalformedBytesError("the ranges do not hold all keys");
  if (new Set(parts.map(({ name }) => name)).size < parts.length)
    throw new MalformedBytesError("a part is named twice");
  for (const { name, sha256: hash, team } of parts) {
    if (!PART_NAME.test(name) || name === MANIFEST_NAME || hash.length !== HASH_BYTES)
      throw new MalformedBytesError("a part has no sensible name or checksum");
    if (team !== undefined && team >= teams.length) throw new MalformedBytesError("a part is of no range");
  }
}

export function sha256(source: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(source).digest());
}

export function damaged(what: string, cause?: unknown): BackupError {
  return new BackupError("damaged", `The backup is damaged: ${what}.`, cause === undefined ? undefined : { cause });
}

function prefixed(...chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
