/** What the disk had confirmed is not there any more. Nothing is repaired: the log is lost, and the others have what it had. */
export class LogCorruptionError extends Error {
  override readonly name = "LogCorruptionError";

  constructor(
    readonly file: string,
    /** Where in the file, in bytes. */
    readonly offset: number,
    what: string,
  ) {
    super(`${file}: at byte ${offset}: ${what}`);
  }
}
