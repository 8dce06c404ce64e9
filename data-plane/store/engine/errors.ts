/**
 * How the engine fails. What the disk reports otherwise (`DiskError`) is passed on as it is.
 */

/**
 * Bytes on the disk are not those that were written. Nothing is repaired and nothing of it is served as data: restore this storage server from the
 * others, or from a backup.
 */
export class EngineCorruptionError extends Error {
  override readonly name = "EngineCorruptionError";

  constructor(
    /** The path of the damaged file. */
    readonly file: string,
    /** What is wrong with it. */
    readonly what: string,
    /** Where, in bytes from the beginning of the file. */
    readonly offset: number,
  ) {
    super(`${file}: ${what} at byte ${offset}; restore this storage server from the others or from a backup`);
  }
}

/**
 * A sync or the switch of a manifest has failed, or a file that compaction has read is damaged: what is on the disk is unknown from here on (see the
 * disk port), and every call is refused. Open the engine anew; what was confirmed is there.
 */
export class EngineFailedError extends Error {
  override readonly name = "EngineFailedError";

  constructor(cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`the engine has failed and must be opened anew: ${text}`, { cause });
  }
}

/** The engine was closed while, or before, the call was made. */
export class EngineClosedError extends Error {
  override readonly name = "EngineClosedError";

  constructor() {
    super("the engine is closed");
  }
}
