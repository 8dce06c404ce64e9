/** The way of a write from its caller to the thread that keeps the tables, and back: many of them in one message and one commit. */
import type { Clock } from "#foundation/runtime";
import {
  createGroupCommit,
  EngineError,
  type EngineHost,
  errorCode,
  type Outcome,
  QUEUE_REQUESTS_MAX,
} from "#foundation/sql";
import { type PackedCommand, packBatch } from "../messages/write-commands.ts";
import { type CommandResult, readResults } from "../messages/write-results.ts";
import type { TableOperations } from "../records/commands.ts";
import { TableEngineError } from "../table-engine-error.ts";

/** Text units of all writes that wait or are under way: two bytes each at most, so 128 MB. Beyond that callers are told to come back. */
const PENDING_LENGTH_MAX = 64 * 1024 * 1024;
/** Text units of one message. Larger batches go in several. */
const MESSAGE_LENGTH_MAX = 4 * 1024 * 1024;

export interface WriteQueue {
  /** Resolves when the command's effect is durable. Rejects with what `engineFailure` makes sense of. */
  submit(command: PackedCommand): Promise<CommandResult>;
  /** How many were submitted so far. */
  readonly submitted: number;
  /** Resolves when everything accepted was answered. */
  close(): Promise<void>;
}

export interface WriteQueueParts {
  readonly host: EngineHost<TableOperations>;
  readonly clock: Clock;
  /** Told about streams with new records, before the writes are acknowledged. */
  readonly onStreams: (streams: readonly number[]) => void;
}

export function createWriteQueue({ host, clock, onStreams }: WriteQueueParts): WriteQueue {
  let pendingLength = 0;
  let submitted = 0;
  let closed = false;

  const send = async (commands: readonly PackedCommand[]): Promise<Outcome<CommandResult>[]> => {
    try {
      const { streams, results } = readResults(await host.apply("write", packBatch(clock.now(), commands)));
      if (streams.length > 0) onStreams(streams);
      return results.map((value) => ({ ok: true, value }));
    } catch (error) {
      const failure = EngineError.from(error);
      // A defect that one write runs into must not take the others with it. The whole message was undone.
      if (commands.length > 1 && failure.code !== "Overloaded" && host.failure === undefined && !failure.retryable) {
        return (await Promise.all(commands.map((command) => send([command])))).flat();
      }
      const { code, message, retryable } = failure;
      return commands.map(() => ({ ok: false, code, message, retryable }));
    }
  };
  const commit = async (commands: readonly PackedCommand[]): Promise<Outcome<CommandResult>[]> => {
    const outcomes = await Promise.all(messages(commands).map(send));
    for (const { texts } of commands) pendingLength -= texts.length;
    return outcomes.length === 1 ? outcomes[0]! : outcomes.flat();
  };
  // One batch at a time. While it is being committed the next one gathers: fewer, larger commits cost less than two that take turns.
  const group = createGroupCommit<PackedCommand, CommandResult>({ commit, inFlightMax: 1 });

  return {
    submit(command) {
      const { length } = command.texts;
      // The group has the same limit; here it is kept before the length is counted, so that what is counted is always committed.
      const isFull = group.pending >= QUEUE_REQUESTS_MAX || pendingLength + length > PENDING_LENGTH_MAX;
      if (isFull) return Promise.reject(new TableEngineError("Overloaded"));
      if (closed) return Promise.reject(new TableEngineError("EngineFailed"));
      pendingLength += length;
      submitted++;
      return group.submit(command);
    },
    get submitted() {
      return submitted;
    },
    close() {
      closed = true;
      return group.close();
    },
  };
}

/** Splits a batch so that no message is too long. */
function messages(commands: readonly PackedCommand[]): (readonly PackedCommand[])[] {
  const result: PackedCommand[][] = [];
  let current: PackedCommand[] = [];
  let length = 0;
  for (const command of commands) {
    if (current.length > 0 && length + command.texts.length > MESSAGE_LENGTH_MAX) {
      result.push(current);
      current = [];
      length = 0;
    }
    current.push(command);
    length += command.texts.length;
  }
  result.push(current);
  return result;
}

/** What the host's failures mean to the port's callers; a defect stays what it is. */
export function engineFailure(error: unknown): unknown {
  switch (errorCode(error)) {
    case "Overloaded":
      return new TableEngineError("Overloaded", error);
    case "SQLITE_FULL":
      return new TableEngineError("InsufficientStorage", error);
    case "EngineClosed":
    case "EngineFailed":
      return new TableEngineError("EngineFailed", error);
    default:
      return errorCode(error)?.startsWith("SQLITE_IOERR") ? new TableEngineError("EngineFailed", error) : error;
  }
}
