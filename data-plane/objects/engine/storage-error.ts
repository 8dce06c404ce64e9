/** What a failing disk or database says, as an engine says it. */

import { isNoSpace } from "./bodies/file-operations.ts";
import { EngineError } from "./engine-error.ts";

/** A full disk is an answer of the port; everything else stays what it is. */
export function storageError(error: unknown): unknown {
  return isNoSpace(error) ? new EngineError("InsufficientStorage", {}, error) : error;
}
