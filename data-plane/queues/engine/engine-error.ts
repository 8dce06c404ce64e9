/** The one error that the queue engine throws on purpose. Anything else that comes out of it is a defect. */
import type { QueueEngineErrorCode } from "./port.ts";

const MEANING: Readonly<Record<QueueEngineErrorCode, string>> = {
  NoSuchQueue: "the queue does not exist here",
  OverLimit: "too many messages of the queue are in flight; delete some first",
  OtherKind: "the queue is of the other kind (standard or FIFO)",
  PurgedRecently: "the queue was purged a short time ago",
  MoveTaskActive: "a task that moves messages from this queue is running already",
  NoRunningMoveTask: "there is no such task, or it has ended",
  Overloaded: "too much waits for the disk; try again a little later",
  InsufficientStorage: "the disk is full; free space and try again",
  Unavailable: "the storage of the queues failed or was closed",
};

/**
 * A refusal or failure that SQS operations turn into SQS's errors.
 *
 * @example
 * try { await engine.send(queueId, messages); } catch (error) { if (isQueueEngineError(error, "NoSuchQueue")) … }
 */
export class QueueEngineError extends Error {
  override readonly name = "QueueEngineError";
  readonly code: QueueEngineErrorCode;

  constructor(code: QueueEngineErrorCode, cause?: unknown) {
    super(MEANING[code], cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Whether `error` came from a queue engine, and with this code when one is given. */
export function isQueueEngineError(error: unknown, code?: QueueEngineErrorCode): error is QueueEngineError {
  return error instanceof QueueEngineError && (code === undefined || error.code === code);
}
