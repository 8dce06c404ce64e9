/**
 * Entries and memberships as bytes, on disk and between members.
 */

import { type ByteReader, type ByteWriter, MalformedBytesError } from "#foundation/binary";
import type { ConfigChange, Entry, MemberChange, Membership, SnapshotMeta } from "../core/types.ts";

const KINDS = ["empty", "command", "config"] as const;
const CHANGES = ["add-voter", "add-learner", "remove"] as const satisfies readonly MemberChange["kind"][];
const TRANSITIONS = ["auto", "joint-auto", "joint-explicit"] as const satisfies readonly ConfigChange["transition"][];

/** The shortest entry: term and kind. */
const ENTRY_BYTES_MIN = 9;

/** Entries that follow each other without a gap. */
export function writeEntries(writer: ByteWriter, entries: readonly Entry[]): void {
  writer.whole(entries[0]?.index ?? 0);
  writer.u32(entries.length);
  for (const entry of entries) {
    writer.whole(entry.term);
    writer.u8(KINDS.indexOf(entry.kind));
    if (entry.kind === "command") writer.bytes(entry.data);
    if (entry.kind === "config") writeChange(writer, entry.change);
  }
}

export function readEntries(reader: ByteReader): Entry[] {
  const first = reader.whole();
  const count = reader.count(ENTRY_BYTES_MIN);
  if (count > 0 && first === 0) throw new MalformedBytesError("an entry at index 0");
  return Array.from({ length: count }, (_, offset): Entry => {
    const place = { term: reader.whole(), index: first + offset };
    const kind = pick(KINDS, reader.u8());
    if (kind === "command") return { ...place, kind, data: ownBytes(reader) };
    if (kind === "config") return { ...place, kind, change: readChange(reader) };
    return { ...place, kind };
  });
}

export function writeMeta(writer: ByteWriter, { index, term, membership }: SnapshotMeta): void {
  writer.whole(index);
  writer.whole(term);
  writeMembership(writer, membership);
}

export function readMeta(reader: ByteReader): SnapshotMeta {
  return { index: reader.whole(), term: reader.whole(), membership: readMembership(reader) };
}

function writeMembership(writer: ByteWriter, membership: Membership): void {
  writeWholes(writer, membership.voters);
  writeWholes(writer, membership.outgoing);
  writeWholes(writer, membership.learners);
  writeWholes(writer, membership.learnersNext);
  writer.u8(membership.autoLeave ? 1 : 0);
}

function readMembership(reader: ByteReader): Membership {
  return {
    voters: readWholes(reader),
    outgoing: readWholes(reader),
    learners: readWholes(reader),
    learnersNext: readWholes(reader),
    autoLeave: reader.flag(),
  };
}

function writeChange(writer: ByteWriter, change: ConfigChange): void {
  writer.u8(TRANSITIONS.indexOf(change.transition));
  writer.u32(change.changes.length);
  for (const { kind, node } of change.changes) {
    writer.u8(CHANGES.indexOf(kind));
    writer.whole(node);
  }
}

function readChange(reader: ByteReader): ConfigChange {
  const transition = pick(TRANSITIONS, reader.u8());
  const count = reader.count(9);
  const changes = Array.from({ length: count }, () => ({ kind: pick(CHANGES, reader.u8()), node: reader.whole() }));
  return { changes, transition };
}

export function writeWholes(writer: ByteWriter, values: readonly number[]): void {
  writer.u32(values.length);
  for (const value of values) writer.whole(value);
}

export function readWholes(reader: ByteReader): readonly number[] {
  return Array.from({ length: reader.count(8) }, () => reader.whole());
}

/** A copy, so that a small part does not keep a large buffer alive. */
export function ownBytes(reader: ByteReader): Uint8Array {
  return reader.bytes().slice();
}

/** The item that a byte stands for. */
export function pick<Item>(items: readonly Item[], code: number): Item {
  const item = items[code];
  if (item === undefined) throw new MalformedBytesError(`an unknown code: ${code}`);
  return item;
}
