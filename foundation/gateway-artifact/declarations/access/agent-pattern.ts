/** Patterns for what clients call themselves. */
import { linearPattern, type Pattern } from "#foundation/regex";

/**
 * Matches a text in lower case, whatever the case in the pattern: names of robots are written in all ways.
 *
 * @throws UnusablePattern
 */
export function agentPattern(source: string): Pattern {
  // Escapes stay as they are: `\S` is not `\s`.
  return linearPattern(
    source.replace(/\\[pP]\{[^}]*\}|\\.|[A-Z]/gs, (one) => (one.length > 1 ? one : one.toLowerCase())),
  );
}
