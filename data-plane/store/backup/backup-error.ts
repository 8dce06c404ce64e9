export type BackupFailure =
  /** Something is there already: one place holds one backup. */
  | "place_not_empty"
  /** There is no manifest: nothing, or a backup that did not come to its end. */
  | "no_backup"
  /** A part is missing, or not what was written. */
  | "damaged"
  /** Made by a later version of this program. */
  | "unknown_format"
  /** What is to be restored would be mixed with what is there. */
  | "store_not_empty"
  /** The cluster did not hold still for long enough: it was begun anew as often as is sensible. */
  | "gave_up";

/** A backup that cannot be made, or not be restored. */
export class BackupError extends Error {
  override readonly name = "BackupError";

  constructor(
    readonly code: BackupFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
