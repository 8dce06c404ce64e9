/** What the engine refuses, as SQS says it. */
import { AwsError } from "#foundation/aws";
import { isQueueEngineError } from "../engine/engine-error.ts";
import { overLimit, queueDoesNotExist, serviceUnavailable } from "../errors.ts";

/** The error to answer with. Errors that no engine threw come back unchanged. */
export function toSqsError(error: unknown): unknown {
  if (!isQueueEngineError(error)) return error;
  switch (error.code) {
    case "NoSuchQueue":
      return queueDoesNotExist();
    case "OverLimit":
      return overLimit(
        "Too many messages are in flight: a standard queue can have 120,000 messages that were received and not deleted. Delete some, then receive again.",
      );
    case "Overloaded":
      // SDKs wait and repeat.
      return new AwsError("RequestThrottled", "Too much waits for the disk. Please retry.", { cause: error });
    case "InsufficientStorage":
      return serviceUnavailable("The disk is full. Free space, then please retry.", error);
    case "Unavailable":
      return serviceUnavailable("The storage of the queues is not available. Please retry.", error);
    default:
      return error;
  }
}
