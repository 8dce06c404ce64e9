/** Why an archive is not opened. */

export type ArchiveFault =
  /** It is no archive, or not as one is written. */
  | "malformed"
  /** It is larger, or has more members, than is allowed. */
  | "too-large"
  /** A member is not what the manifest says, is missing, or is not in the manifest. */
  | "altered"
  /** A signature is asked for, and no key that is trusted has signed. */
  | "not-trusted"
  /** It is of a format that this program does not know. */
  | "unknown-format";

export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
  readonly fault: ArchiveFault;

  constructor(fault: ArchiveFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
