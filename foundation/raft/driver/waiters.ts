/**
 * Who waits for a proposal or a read, and what they may be told.
 *
 * A proposal that was accepted stands at an index in a term. It is done when that entry is applied, and known to be lost when another entry is
 * applied at its index. Anything else (time, a snapshot that jumps over the index, the end of the member) leaves it unknown: it may
 * still happen. What is unknown is never told as success nor as failure.
 */

import type { LogIndex, NodeId, Refusal, Term } from "../core/types.ts";

/** What became of a proposal. */
export type ProposalResult<Result> =
  /** Done, and durable on a majority. */
  | { readonly outcome: "applied"; readonly index: LogIndex; readonly result: Result }
  /** It has had no effect and never will. `leader` says whom to ask instead, when known (0: nobody). */
  | { readonly outcome: "refused"; readonly reason: Refusal | "superseded" | "stopped"; readonly leader: NodeId }
  /** It may have happened, or happen later. Ask with an idempotency key. */
  | { readonly outcome: "unknown" };

/** What became of a request for a linearizable read. */
export type ReadResult =
  /** The state machine now shows everything that was done when the read began. */
  | { readonly outcome: "ready"; readonly index: LogIndex }
  | { readonly outcome: "refused"; readonly reason: Refusal | "no-answer" | "stopped"; readonly leader: NodeId };

interface Proposal<Result> {
  readonly term: Term;
  readonly resolve: (result: ProposalResult<Result>) => void;
}

interface Read {
  index: LogIndex | undefined;
  readonly resolve: (result: ReadResult) => void;
}

/** See the head of this file. */
export class Waiters<Result> {
  private readonly proposals = new Map<LogIndex, Proposal<Result>>();
  private readonly reads = new Map<string, Read>();

  get count(): number {
    return this.proposals.size + this.reads.size;
  }

  awaitEntry(index: LogIndex, term: Term, resolve: (result: ProposalResult<Result>) => void): void {
    // An entry of ours that was replaced by another of ours in a later term: nobody will tell the first any more.
    this.proposals.get(index)?.resolve({ outcome: "unknown" });
    this.proposals.set(index, { term, resolve });
  }

  /** An entry is applied. */
  applied(index: LogIndex, term: Term, result: () => Result): void {
    const proposal = this.proposals.get(index);
    if (proposal === undefined) return;
    this.proposals.delete(index);
    if (proposal.term === term) proposal.resolve({ outcome: "applied", index, result: result() });
    else proposal.resolve({ outcome: "refused", reason: "superseded", leader: 0 });
  }

  /** The state machine has jumped to `index`: what was applied on the way is not known. */
  jumped(index: LogIndex): void {
    for (const [at, proposal] of this.proposals) {
      if (at > index) continue;
      this.proposals.delete(at);
      proposal.resolve({ outcome: "unknown" });
    }
  }

  /** Time is up. */
  giveUpEntry(index: LogIndex, term: Term): void {
    const proposal = this.proposals.get(index);
    if (proposal?.term !== term) return;
    this.proposals.delete(index);
    proposal.resolve({ outcome: "unknown" });
  }

  awaitRead(context: string, resolve: (result: ReadResult) => void): void {
    this.reads.set(context, { index: undefined, resolve });
  }

  /** The core knows up to where a read must see. */
  readAt(context: string, index: LogIndex): void {
    const read = this.reads.get(context);
    // A question that was asked twice may be answered twice; the first answer serves.
    if (read !== undefined) read.index ??= index;
  }

  /** Answers the reads that the state machine now serves. */
  serveReads(applied: LogIndex): void {
    for (const [context, { index, resolve }] of this.reads) {
      if (index === undefined || index > applied) continue;
      this.reads.delete(context);
      resolve({ outcome: "ready", index });
    }
  }

  giveUpRead(context: string, leader: NodeId): void {
    const read = this.reads.get(context);
    this.reads.delete(context);
    read?.resolve({ outcome: "refused", reason: "no-answer", leader });
  }

  /** The member ends. */
  stop(): void {
    for (const { resolve } of this.proposals.values()) resolve({ outcome: "unknown" });
    for (const { resolve } of this.reads.values()) resolve({ outcome: "refused", reason: "stopped", leader: 0 });
    this.proposals.clear();
    this.reads.clear();
  }
}
