/** Texts that are written thousands of times. */

/**
 * The same text in one piece. The engine keeps a concatenation as a tree of its parts until somebody looks inside, and a document is copied together part by
 * part: a constant of three parts costs three times as much, at each use.
 */
export function flatText(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
