/**
 * Snapshots in pieces (§5.3), without a clock: pieces go out one at a time, each when the one before is confirmed, and again when too many ticks
 * pass in silence.
 */

import type { PieceAnswer, SnapshotPiece } from "../codec/packets.ts";
import type { NodeId, Snapshot, Term } from "../core/types.ts";

/** How snapshots travel. */
export interface TransferOptions {
  readonly pieceBytes: number;
  /** Ticks of silence before a piece goes again. */
  readonly resendTicks: number;
  /** How often a piece goes before the transfer is given up. */
  readonly attemptsMax: number;
}

interface Outgoing {
  readonly head: { readonly from: NodeId; readonly to: NodeId; readonly term: Term; readonly transfer: number };
  readonly snapshot: Snapshot;
  offset: number;
  silentTicks: number;
  attempts: number;
}

/** What a transfer has come to. */
export interface TransferEnd {
  readonly node: NodeId;
  readonly ok: boolean;
}

/** The sending end, for all members. */
export class SnapshotSender {
  private readonly options: TransferOptions;
  private readonly outgoing = new Map<NodeId, Outgoing>();

  constructor(options: TransferOptions) {
    this.options = options;
  }

  /** Begins a transfer; one to the same member that was under way is forgotten. Returns its first piece. */
  begin(head: Outgoing["head"], snapshot: Snapshot): SnapshotPiece {
    const one: Outgoing = { head, snapshot, offset: 0, silentTicks: 0, attempts: 1 };
    this.outgoing.set(head.to, one);
    return this.piece(one);
  }

  /** Takes an answer. @returns the next piece, the end, or nothing when the answer is an old one. */
  answer({ from, transfer, receivedBytes }: PieceAnswer): SnapshotPiece | TransferEnd | undefined {
    const one = this.outgoing.get(from);
    if (one === undefined || one.head.transfer !== transfer || receivedBytes < one.offset) return undefined;
    const total = one.snapshot.data.length;
    // An empty snapshot has one empty piece: any answer to it is its end.
    if (receivedBytes >= total) {
      this.outgoing.delete(from);
      return { node: from, ok: true };
    }
    if (receivedBytes === one.offset) return undefined;
    one.offset = receivedBytes;
    one.silentTicks = 0;
    one.attempts = 1;
    return this.piece(one);
  }

  /** Time passes. @returns what is to be sent again, and what was given up */
  tick(): { readonly pieces: readonly SnapshotPiece[]; readonly ends: readonly TransferEnd[] } {
    const pieces: SnapshotPiece[] = [];
    const ends: TransferEnd[] = [];
    for (const [node, one] of this.outgoing) {
      if (++one.silentTicks < this.options.resendTicks) continue;
      one.silentTicks = 0;
      if (one.attempts++ < this.options.attemptsMax) pieces.push(this.piece(one));
      else {
        this.outgoing.delete(node);
        ends.push({ node, ok: false });
      }
    }
    return { pieces, ends };
  }

  private piece({ head, snapshot, offset }: Outgoing): SnapshotPiece {
    const bytes = snapshot.data.subarray(offset, offset + this.options.pieceBytes);
    return { ...head, meta: snapshot.meta, totalBytes: snapshot.data.length, offset, bytes };
  }
}

/** The receiving end: one transfer at a time, the newest. */
export class SnapshotReceiver {
  private readonly bytesMax: number;
  private incoming: { from: NodeId; transfer: number; data: Uint8Array; received: number; done: boolean } | undefined;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Takes a piece. @returns the answer, and the snapshot when this was its last piece; undefined when it is larger than allowed. */
  take(piece: SnapshotPiece): { readonly answer: PieceAnswer; readonly snapshot: Snapshot | undefined } | undefined {
    const { from, to, transfer, meta, totalBytes, offset, bytes } = piece;
    if (totalBytes > this.bytesMax) return undefined;
    let one = this.incoming;
    if (one?.from !== from || one.transfer !== transfer) {
      one = { from, transfer, data: new Uint8Array(totalBytes), received: 0, done: false };
      this.incoming = one;
    }
    // Only the piece that comes next is taken; others were here already, or come too early.
    if (offset === one.received && offset + bytes.length <= one.data.length) {
      one.data.set(bytes, offset);
      one.received += bytes.length;
    }
    const complete = one.received === one.data.length && !one.done;
    if (complete) one.done = true;
    return {
      answer: { from: to, to: from, transfer, receivedBytes: one.received },
      snapshot: complete ? { meta, data: one.data } : undefined,
    };
  }
}
