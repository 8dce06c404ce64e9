/**
 * What travels between members: messages of the core, and snapshots in pieces. Whoever reads treats every byte as hostile.
 */

import { ByteReader, ByteWriter, MalformedBytesError } from "#foundation/binary";
import type { Message, SnapshotMeta, Term } from "../core/types.ts";
import { ownBytes, pick, readEntries, readMeta, readWholes, writeEntries, writeMeta, writeWholes } from "./entries.ts";

/** A message of the core; snapshots go in pieces instead. */
export type SmallMessage = Exclude<Message, { readonly type: "snapshot" }>;

/** A piece of a snapshot. */
export interface SnapshotPiece {
  readonly from: number;
  readonly to: number;
  readonly term: Term;
  /** Tells one transfer from another; drawn by the sender. */
  readonly transfer: number;
  readonly meta: SnapshotMeta;
  readonly totalBytes: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** How much of a snapshot has arrived. */
export interface PieceAnswer {
  readonly from: number;
  readonly to: number;
  readonly transfer: number;
  readonly receivedBytes: number;
}

/** See the head of this file. */
export type Packet =
  | { readonly kind: "message"; readonly message: SmallMessage }
  | { readonly kind: "piece"; readonly piece: SnapshotPiece }
  | { readonly kind: "piece-answer"; readonly answer: PieceAnswer };

/** The first byte of every packet; another number means another version of this format. */
const VERSION = 2;
const PACKETS = ["message", "piece", "piece-answer"] as const;
const TYPES = [
  "vote",
  "pre-vote",
  "vote-answer",
  "pre-vote-answer",
  "append",
  "append-answer",
  "heartbeat",
  "heartbeat-answer",
  "timeout-now",
  "read-index",
  "read-index-answer",
] as const satisfies readonly SmallMessage["type"][];

export function encodePacket(packet: Packet): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(VERSION);
  writer.u8(PACKETS.indexOf(packet.kind));
  if (packet.kind === "message") writeMessage(writer, packet.message);
  else if (packet.kind === "piece") writePiece(writer, packet.piece);
  else {
    const { from, to, transfer, receivedBytes } = packet.answer;
    for (const value of [from, to, transfer, receivedBytes]) writer.whole(value);
  }
  return writer.finish();
}

/** @throws MalformedBytesError for anything that `encodePacket` does not write. */
export function decodePacket(bytes: Uint8Array): Packet {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== VERSION) throw new MalformedBytesError("an unknown version");
  const kind = pick(PACKETS, reader.u8());
  const packet = readPacket(reader, kind);
  reader.end();
  return packet;
}

function readPacket(reader: ByteReader, kind: Packet["kind"]): Packet {
  if (kind === "message") return { kind, message: readMessage(reader) };
  if (kind === "piece") return { kind, piece: readPiece(reader) };
  const [from, to, transfer, receivedBytes] = [reader.whole(), reader.whole(), reader.whole(), reader.whole()];
  return { kind, answer: { from, to, transfer, receivedBytes } };
}

function writePiece(writer: ByteWriter, piece: SnapshotPiece): void {
  for (const value of [piece.from, piece.to, piece.term, piece.transfer]) writer.whole(value);
  writeMeta(writer, piece.meta);
  writer.whole(piece.totalBytes);
  writer.whole(piece.offset);
  writer.bytes(piece.bytes);
}

function readPiece(reader: ByteReader): SnapshotPiece {
  const [from, to, term, transfer] = [reader.whole(), reader.whole(), reader.whole(), reader.whole()];
  const meta = readMeta(reader);
  return {
    from,
    to,
    term,
    transfer,
    meta,
    totalBytes: reader.whole(),
    offset: reader.whole(),
    bytes: ownBytes(reader),
  };
}

function writeMessage(writer: ByteWriter, message: SmallMessage): void {
  writer.u8(TYPES.indexOf(message.type));
  for (const value of [message.from, message.to, message.term]) writer.whole(value);
  switch (message.type) {
    case "vote":
    case "pre-vote":
      writer.whole(message.lastIndex);
      writer.whole(message.lastTerm);
      writer.u8(message.force ? 1 : 0);
      return;
    case "vote-answer":
    case "pre-vote-answer":
      writer.u8(message.rejected ? 1 : 0);
      writeWholes(writer, message.known === undefined ? [] : [message.known.index, message.known.term]);
      return;
    case "append":
      for (const value of [message.prevIndex, message.prevTerm, message.commit]) writer.whole(value);
      writeEntries(writer, message.entries);
      return;
    case "append-answer":
      writer.u8(message.rejected ? 1 : 0);
      writer.whole(message.index);
      writer.whole(message.rejected ? message.hintIndex : 0);
      writer.whole(message.rejected ? message.hintTerm : 0);
      return;
    case "heartbeat":
      writer.whole(message.commit);
      writer.whole(message.readRound);
      return;
    case "heartbeat-answer":
      writer.whole(message.readRound);
      return;
    case "timeout-now":
      return;
    case "read-index":
      writer.text(message.context);
      return;
    case "read-index-answer":
      writer.text(message.context);
      writer.whole(message.index);
      return;
  }
}

function readMessage(reader: ByteReader): SmallMessage {
  const type = pick(TYPES, reader.u8());
  const head = { from: reader.whole(), to: reader.whole(), term: reader.whole() };
  switch (type) {
    case "vote":
    case "pre-vote":
      return { type, ...head, lastIndex: reader.whole(), lastTerm: reader.whole(), force: reader.flag() };
    case "vote-answer":
    case "pre-vote-answer":
      return readVoteAnswer(reader, { type, ...head });
    case "append": {
      const [prevIndex, prevTerm, commit] = [reader.whole(), reader.whole(), reader.whole()];
      const entries = readEntries(reader);
      if (entries.length > 0 && entries[0]!.index !== prevIndex + 1)
        throw new MalformedBytesError("a gap before the entries");
      return { type, ...head, prevIndex, prevTerm, commit, entries };
    }
    case "append-answer": {
      const rejected = reader.flag();
      const [index, hintIndex, hintTerm] = [reader.whole(), reader.whole(), reader.whole()];
      return rejected ? { type, ...head, rejected, index, hintIndex, hintTerm } : { type, ...head, rejected, index };
    }
    case "heartbeat":
      return { type, ...head, commit: reader.whole(), readRound: reader.whole() };
    case "heartbeat-answer":
      return { type, ...head, readRound: reader.whole() };
    case "timeout-now":
      return { type, ...head };
    case "read-index":
      return { type, ...head, context: reader.text() };
    case "read-index-answer":
      return { type, ...head, context: reader.text(), index: reader.whole() };
  }
}

function readVoteAnswer(
  reader: ByteReader,
  head: Pick<SmallMessage & { readonly type: "vote-answer" | "pre-vote-answer" }, "type" | "from" | "to" | "term">,
): SmallMessage {
  const rejected = reader.flag();
  const [index, term, ...rest] = readWholes(reader);
  if (index === undefined) return { ...head, rejected };
  if (term === undefined || rest.length > 0) throw new MalformedBytesError("a place in the log is an index and a term");
  return { ...head, rejected, known: { index, term } };
}
