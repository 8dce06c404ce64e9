/**
 * Why a directory could not be opened as a store.
 */
import { MalformedBytesError } from "#foundation/binary";
import { RpcError } from "#foundation/rpc";
import { EngineCorruptionError } from "../engine/index.ts";
import { LogCorruptionError } from "../log/index.ts";

export type OpenFailure =
  /** Another process, or another part of this one, has it open. */
  | "in_use"
  /** There are things in it, and it is no store. Nothing was changed. */
  | "foreign"
  /** A newer program has written it. Nothing was changed. */
  | "newer_format"
  /** What is on disk is damaged, or does not belong together. */
  | "corrupt";

export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";

  constructor(
    readonly failure: OpenFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Damage and formats to come, found by whatever part, as one kind of error; anything else stays as it is. */
export function asOpenError(error: unknown): unknown {
  if (error instanceof LogCorruptionError || error instanceof EngineCorruptionError) {
    return new StoreOpenError("corrupt", error.message, { cause: error });
  }
  if (error instanceof MalformedBytesError) return new StoreOpenError("corrupt", error.message, { cause: error });
  if (error instanceof RpcError && error.code === "corrupt") {
    return new StoreOpenError("corrupt", error.message, { cause: error });
  }
  // The storage server says so of a state that a newer program has written.
  if (error instanceof RangeError) return new StoreOpenError("newer_format", error.message, { cause: error });
  return error;
}
