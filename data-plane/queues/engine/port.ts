/**
 * The port between the SQS operations and whatever keeps the messages.
 *
 * Engines know nothing of HTTP, protocols, ARNs or policies; what they are given has been validated. They own order, time and durability: a promise that
 * resolves for a change (a send, a receive, a deletion, another deadline) means that the change survives `kill -9` and power loss. Times are milliseconds
 * since the epoch, durations milliseconds, sizes bytes.
 */
import type { ResourceId } from "#contracts";

/** What the engine needs to know of a queue. Everything else about it is the service's. */
export interface QueueSettings {
  /** The incarnation: a queue that is deleted and created again under its name has another. */
  readonly queueId: ResourceId;
  /** What it is known by as long as it exists, for {@link QueueEngine.lastDeletion}. Unlike the id, another queue may have it later. */
  readonly name?: string;
  /** Fixed at the first `ensure`. */
  readonly fifo: boolean;
  /** For receives that name none. Applies from the next receive on. */
  readonly visibilityMs: number;
  /** For messages that name none, from the next send on. */
  readonly delayMs: number;
  /** Counted from a message's `sentAt` (in a FIFO dead-letter queue: from its arrival there). A change applies to the messages that are there. */
  readonly retentionMs: number;
  /** FIFO: whether a deduplication id counts in the whole queue or within its message group. Default `queue`. */
  readonly deduplicationScope?: "queue" | "messageGroup";
  /** Where a message goes that has been received `maxReceiveCount` times and not deleted. */
  readonly redrive?: RedrivePolicy;
}

export interface RedrivePolicy {
  /** Of the same kind (standard or FIFO). While the engine does not know it, messages stay where they are. */
  readonly deadLetterQueueId: ResourceId;
  readonly maxReceiveCount: number;
}

/** A message as it is sent. Texts are kept and given back unchanged. */
export interface NewMessage {
  /** Chosen by the caller, so that the engine draws no randomness. */
  readonly messageId: string;
  readonly body: string;
  /** Hexadecimal MD5 of the body. */
  readonly bodyMd5: string;
  /** The message attributes in the service's own encoding; absent when there are none. */
  readonly attributes?: string;
  /** Hexadecimal MD5 of all message attributes, in SQS's form. */
  readonly attributesMd5?: string;
  /** System attributes that the sender gave (`AWSTraceHeader`), in the service's own encoding. */
  readonly systemAttributes?: string;
  readonly senderId: string;
  /** Required for FIFO. On standard queues messages of quiet groups overtake the backlog of busy ones. */
  readonly groupId?: string;
  /** Required for FIFO: the caller's, or the body's SHA-256 with content-based deduplication. Kept and given back on standard queues, without effect. */
  readonly deduplicationId?: string;
  /** Overrides the queue's delay. Never for FIFO. */
  readonly delayMs?: number;
  /** Body and attributes together, as SQS counts them; bounds what waits in memory for a commit. */
  readonly size: number;
}

/** What became of one sent message. */
export interface SendOutcome {
  /** The message's own id; for a duplicate that of the original. */
  readonly messageId: string;
  /** FIFO: twenty digits, ever increasing; for a duplicate that of the original. */
  readonly sequenceNumber?: string;
  /** FIFO: accepted without effect, because the same deduplication id was accepted less than five minutes ago. */
  readonly duplicate: boolean;
}

export interface ReceiveOptions {
  /** 1 … 10 messages. */
  readonly max: number;
  /** 0 … 12 h; the queue's own when absent. */
  readonly visibilityMs?: number;
  /** How long to wait for the first message. 0 answers at once. */
  readonly waitMs: number;
  /** FIFO: `ReceiveRequestAttemptId`. Within five minutes, and while none of them was deleted, expired or changed, the same messages under the same handles. */
  readonly attemptId?: string;
  /** Ends the wait: the promise rejects with the signal's reason, and messages that were already taken are given back at once, uncounted. */
  readonly signal?: AbortSignal;
}

/** A message as a consumer gets it. */
export interface ReceivedMessage {
  readonly messageId: string;
  /** Opaque, good for this queue only, for this receipt only, across restarts and changes of settings. */
  readonly receiptHandle: string;
  readonly body: string;
  readonly bodyMd5: string;
  readonly attributes?: string;
  readonly attributesMd5?: string;
  readonly systemAttributes?: string;
  readonly senderId: string;
  readonly sentAt: number;
  /** 1 at the first receive. A dead letter's count goes on from the queue that it came from; one that was moved back by a task begins anew. */
  readonly receiveCount: number;
  readonly firstReceivedAt: number;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** FIFO only. */
  readonly sequenceNumber?: string;
  /** In a dead-letter queue: the queue that the message came from. */
  readonly deadLetterSource?: ResourceId;
}

/**
 * What became of a deletion by handle.
 *
 * - `deleted`: the message is gone, through this call or before (deleting twice is no error, as in SQS).
 * - `stale`: it was received again since; it was not deleted. Standard queues (and FIFO ones) alike.
 * - `expired`: FIFO only; its visibility timeout has ended. It was not deleted.
 * - `invalid`: no handle of this queue.
 */
export type DeleteOutcome = "deleted" | "stale" | "expired" | "invalid";

export interface VisibilityChange {
  readonly handle: string;
  /** From now; 0 makes the message visible at once. */
  readonly visibilityMs: number;
}

/**
 * What became of a change of visibility.
 *
 * - `notInFlight`: the message is visible again (`MessageNotInflight`).
 * - `gone`: it does not exist any more.
 * - `stale`: it was received again since; nothing was changed.
 * - `tooLong`: beyond 12 h since this receive.
 * - `invalid`: no handle of this queue.
 */
export type VisibilityOutcome = "changed" | "notInFlight" | "gone" | "stale" | "tooLong" | "invalid";

/** Exact at the moment of the call, save that a very large number of messages that came due or ran out at one moment is accounted for piece by piece. */
export interface QueueCounts {
  /** FIFO: those that wait behind a message in flight of their group too. */
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** What retention counts from for the oldest message, in whatever state: its `sentAt`, or its arrival in a FIFO dead-letter queue. */
  readonly oldestSentAt?: number;
}

/** A message as an operator sees it, without receiving it. */
export interface PeekedMessage extends Omit<ReceivedMessage, "receiptHandle" | "firstReceivedAt"> {
  readonly state: "visible" | "inFlight" | "delayed";
  /** When it becomes visible, unless it is. */
  readonly visibleAt?: number;
  /** 0 when it was never received. */
  readonly receiveCount: number;
  readonly firstReceivedAt?: number;
}

export interface NewMoveTask {
  /** Chosen by the caller, unique for ever; the `TaskHandle` is made of it. */
  readonly taskId: string;
  /** The queue that is emptied of what it holds and shows when the task starts. Messages in flight stay. */
  readonly source: ResourceId;
  /** Each message's own `deadLetterSource` when absent. */
  readonly destination?: ResourceId;
  readonly messagesPerSecondMax?: number;
}

export type MoveTaskStatus = "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";

export interface MoveTask extends NewMoveTask {
  readonly status: MoveTaskStatus;
  readonly startedAt: number;
  readonly moved: number;
  /** Visible messages in the source when the task started. */
  readonly toMove: number;
  /** Of `FAILED`: the destination (or a message's own source) is not known any more, is of the other kind, or a message has none. */
  readonly failure?: MoveTaskFailure;
}

export type MoveTaskFailure = "DestinationNotFound" | "DestinationOfOtherKind" | "NoSourceQueue";

/** Codes of `QueueEngineError`. */
export type QueueEngineErrorCode =
  /** Never ensured here, dropped, or marked for deletion. */
  | "NoSuchQueue"
  /** 120,000 messages of a standard queue are in flight (FIFO answers no messages instead). */
  | "OverLimit"
  /** `ensure` with another kind (standard, FIFO) than the queue has. A defect of the caller. */
  | "OtherKind"
  /** It was purged less than the interval ago. */
  | "PurgedRecently"
  /** A move task of this source runs already. */
  | "MoveTaskActive"
  /** There is no such task, or it does not run any more. */
  | "NoRunningMoveTask"
  /** Too much waits for the disk; nothing was done. Try again. */
  | "Overloaded"
  /** The disk is full; nothing was done. */
  | "InsufficientStorage"
  /** The storage failed or the engine was closed. What was in flight may or may not have been kept. */
  | "Unavailable";

/**
 * Keeps the messages of many queues.
 *
 * Every method rejects with a `QueueEngineError`: `NoSuchQueue` for a queue that is not there, `Overloaded`, `InsufficientStorage`, `Unavailable` as
 * above, and what it names itself. A batch is decided as a whole in one commit; its outcomes stand in the order of its entries.
 */
export interface QueueEngine {
  /**
   * Makes the queue known, or applies changed settings. Idempotent. A queue that is marked for deletion stays marked.
   * @throws QueueEngineError NoSuchQueue when the queue was dropped: dropped is for ever; OtherKind
   */
  ensure(settings: QueueSettings): Promise<void>;
  /** Before the control plane is asked to delete the queue: from now on it is refused, its messages are kept. Idempotent. */
  beginDelete(queueId: ResourceId): Promise<void>;
  /** The control plane kept the queue: it works again, as it was. Without effect on a queue that is not marked. */
  abandonDelete(queueId: ResourceId): Promise<void>;
  /** The queue is deleted: durable at once, its messages are removed bit by bit. Idempotent, also for unknown queues (which stay refused from then on). */
  drop(queueId: ResourceId): Promise<void>;
  /** When the latest queue of this name was dropped, also before a restart: now while it is marked, undefined when it exists or there was none. */
  lastDeletion(name: string): Promise<number | undefined>;
  /** Queues that were marked by `beginDelete` and neither abandoned nor dropped. */
  marked(): Promise<readonly ResourceId[]>;
  /** All queues that are kept, the marked ones too, for the service to compare with the catalog. */
  queues(): Promise<readonly KeptQueue[]>;

  /** Adds messages, in their order. */
  send(queueId: ResourceId, messages: readonly NewMessage[]): Promise<readonly SendOutcome[]>;
  /**
   * Takes messages: they are invisible until their deadline, and counted.
   * @throws QueueEngineError OverLimit; NoSuchQueue also when the queue goes while waiting
   * @throws the signal's reason
   */
  receive(queueId: ResourceId, options: ReceiveOptions): Promise<readonly ReceivedMessage[]>;
  delete(queueId: ResourceId, handles: readonly string[]): Promise<readonly DeleteOutcome[]>;
  changeVisibility(queueId: ResourceId, changes: readonly VisibilityChange[]): Promise<readonly VisibilityOutcome[]>;
  /**
   * Takes a receive back that reached nobody (the client went away before the answer): visible at once, uncounted, the handles are void. Handles that
   * are void already are passed over.
   */
  release(queueId: ResourceId, handles: readonly string[]): Promise<void>;
  /**
   * All messages that were sent before are gone at once; their rows are removed bit by bit. Deduplication ids stay taken.
   * @param intervalMs how long ago the last one must be, also across restarts
   * @throws QueueEngineError PurgedRecently
   */
  purge(queueId: ResourceId, intervalMs?: number): Promise<void>;

  counts(queueId: ResourceId): Promise<QueueCounts>;
  /** The first messages in the order of arrival, without any effect on them. At most 1,000. */
  peek(queueId: ResourceId, limit: number): Promise<readonly PeekedMessage[]>;

  /**
   * Starts moving messages in the background, at most `messagesPerSecondMax` (and 500) a second; goes on after a restart. Messages arrive as new ones: another id,
   * sent now, never received.
   * @throws QueueEngineError MoveTaskActive; NoSuchQueue for the source or the named destination
   */
  startMove(task: NewMoveTask): Promise<MoveTask>;
  /** @throws QueueEngineError NoRunningMoveTask */
  cancelMove(taskId: string): Promise<MoveTask>;
  /** The latest tasks of a source, newest first. */
  moves(source: ResourceId, limit: number): Promise<readonly MoveTask[]>;
  /** One task, wherever it is from. */
  move(taskId: string): Promise<MoveTask | undefined>;

  /** Why nothing is taken any more (the storage failed), for readiness checks. A restart is needed. */
  readonly failure: Error | undefined;
  /** Ends waiting receives (`Unavailable`), answers what was accepted, closes the files. Closing twice is harmless. */
  close(): Promise<void>;
}

export interface KeptQueue {
  readonly queueId: ResourceId;
  readonly marked: boolean;
  readonly fifo: boolean;
  /** Messages in whatever state. */
  readonly messages: number;
}
