/** What the shell asks the records to do, and what they answer: plain JSON; long texts travel beside it (see `letter.ts`) and are named by their lengths. */

import type { ResourceId } from "#contracts";
import type {
  DeleteOutcome,
  KeptQueue,
  MoveTask,
  NewMoveTask,
  QueueCounts,
  QueueEngineErrorCode,
  QueueSettings,
  VisibilityChange,
  VisibilityOutcome,
} from "../port.ts";

/** Length of a text in the letter's texts. */
export type TextLength = number;

interface OfQueue {
  readonly queue: ResourceId;
}

/** A message on its way in. What the records need not know of it is in the envelope. */
export interface PackedMessage {
  readonly envelope: TextLength;
  readonly body: TextLength;
  readonly groupId?: string;
  readonly delayMs?: number;
  /** FIFO only. */
  readonly deduplicationId?: string;
  /** FIFO only; it is in the envelope too. */
  readonly messageId?: string;
}

/** A message on its way out, to its consumer. */
export interface PackedReceipt {
  readonly handle: string;
  readonly envelope: TextLength;
  readonly body: TextLength;
  readonly sentAt: number;
  readonly receives: number;
  readonly firstAt: number;
  readonly sequenceNumber?: string;
  readonly origin?: ResourceId;
}

/** A message on its way out, to an operator. */
export interface PackedPeek {
  readonly envelope: TextLength;
  readonly body: TextLength;
  readonly sentAt: number;
  readonly receives: number;
  readonly firstAt?: number;
  readonly state: "visible" | "inFlight" | "delayed";
  readonly visibleAt?: number;
  readonly sequenceNumber?: string;
  readonly origin?: ResourceId;
}

/** Things that a queue's waiting consumers may want to know. */
export interface Hints {
  /** Nothing more becomes visible by itself before this moment. */
  readonly nextDue?: number;
  /** Queues into which messages were moved. */
  readonly touched?: readonly ResourceId[];
}

export interface ReceiveAnswer extends Hints {
  readonly messages: readonly PackedReceipt[];
  /** There may be more at once, for somebody else. */
  readonly more?: boolean;
  /** Nothing was taken because something else had to be done first; ask again at once. */
  readonly again?: boolean;
}

export interface SendAnswer extends Hints {
  /** FIFO only. */
  readonly accepted?: readonly {
    readonly messageId: string;
    readonly sequenceNumber: string;
    readonly duplicate: boolean;
  }[];
}

export interface DeleteAnswer {
  readonly outcomes: readonly DeleteOutcome[];
  /** FIFO: groups may have been unlocked. */
  readonly unlocked?: true;
}

export interface Progress {
  /** A piece was done and another waits. */
  readonly more: boolean;
}

export interface RunningMove {
  readonly taskId: string;
  readonly perSecondMax: number | null;
}

export interface Commands {
  readonly ensure: { ask: { readonly settings: QueueSettings }; answer: true };
  readonly beginDelete: { ask: OfQueue; answer: true };
  readonly abandonDelete: { ask: OfQueue; answer: true };
  readonly drop: { ask: OfQueue; answer: true };
  readonly purge: { ask: OfQueue & { readonly intervalMs?: number }; answer: true };
  readonly lastDeletion: { ask: { readonly name: string }; answer: number | null };
  readonly marked: { ask: object; answer: readonly ResourceId[] };
  readonly queues: { ask: object; answer: readonly KeptQueue[] };
  readonly send: { ask: OfQueue & { readonly messages: readonly PackedMessage[] }; answer: SendAnswer };
  readonly receive: {
    ask: OfQueue & { readonly max: number; readonly visibilityMs?: number; readonly attemptId?: string };
    answer: ReceiveAnswer;
  };
  readonly delete: { ask: OfQueue & { readonly handles: readonly string[] }; answer: DeleteAnswer };
  readonly changeVisibility: {
    ask: OfQueue & { readonly changes: readonly VisibilityChange[] };
    answer: { readonly outcomes: readonly VisibilityOutcome[] } & Hints;
  };
  readonly release: { ask: OfQueue & { readonly handles: readonly string[] }; answer: true };
  readonly counts: { ask: OfQueue; answer: QueueCounts & { readonly more: boolean } };
  readonly peek: { ask: OfQueue & { readonly limit: number }; answer: readonly PackedPeek[] };
  readonly startMove: { ask: NewMoveTask; answer: MoveTask };
  readonly cancelMove: { ask: { readonly taskId: string }; answer: MoveTask };
  readonly move: { ask: { readonly taskId: string }; answer: MoveTask | null };
  readonly moves: { ask: { readonly source: ResourceId; readonly limit: number }; answer: readonly MoveTask[] };
  readonly runningMoves: { ask: object; answer: readonly RunningMove[] };
  /** Moves up to as many messages as new ids are given. */
  readonly continueMove: {
    ask: { readonly taskId: string; readonly messageIds: readonly string[] };
    answer: { readonly running: boolean; readonly moved: number } & Hints;
  };
  /** Removes a piece of what is not needed any more. */
  readonly tidy: { ask: object; answer: Progress };
}

export type CommandName = keyof Commands;
export type Ask<Name extends CommandName> = Commands[Name]["ask"];
export type Answer<Name extends CommandName> = Commands[Name]["answer"];

/** Decided before anything was written. */
export interface Refusal {
  readonly refused: QueueEngineErrorCode;
}

export function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === "object" && answer !== null && "refused" in answer;
}
