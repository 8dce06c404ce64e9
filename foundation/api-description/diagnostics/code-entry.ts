/** An entry of the catalogue of codes. */

/** `note`: nothing is wrong, but something has no effect here. */
export type Level = "error" | "warning" | "note";

export interface CodeEntry {
  readonly level: Level;
  /** A few words. */
  readonly title: string;
  /** What is wrong, why it matters, what to do about it. */
  readonly explanation: string;
  /** What it looks like: the wrong lines, and the right ones where they are not plain from it. */
  readonly example: string;
}
