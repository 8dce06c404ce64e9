/** What a failing disk or database says, as an engine says it. */

import { errnoOf, isNoSpace } from "./bodies/file-operations.ts";
import { EngineError } from "./engine-error.ts";

/** A full disk is an answer of the port; everything else stays what it is. */
export function storageError(error: unknown): unknown {
  return isNoSpace(error) ? new EngineError("InsufficientStorage", {}, error) : error;
}

/** Whether the record keeper's host says that it did nothing at all with a command. */
export function wasNotTried(error: unknown): boolean {
  const code = errnoOf(error);
  return code === "Overloaded" || code === "EngineClosed";
}
