/** What a failing database or thread says, as the port says it. */

import { errorCode } from "#foundation/sql";
import { QueueEngineError } from "../engine-error.ts";

/** The host's own codes, and SQLite's for failures of the disk. */
export function engineError(error: unknown): unknown {
  const code = errorCode(error) ?? "";
  if (code === "SQLITE_FULL") return new QueueEngineError("InsufficientStorage", error);
  if (code === "Overloaded") return new QueueEngineError("Overloaded", error);
  if (code === "EngineClosed" || code === "EngineFailed" || code.startsWith("SQLITE_")) {
    return new QueueEngineError("Unavailable", error);
  }
  return error;
}

/** Whether the program, not its surroundings, is at fault. */
export function isDefect(error: unknown): boolean {
  return !(engineError(error) instanceof QueueEngineError);
}
