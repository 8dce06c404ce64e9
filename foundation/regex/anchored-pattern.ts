/** Patterns for replacing: what they match, and not only whether they do, from the beginning of a text and in linear time. */
import type { CharSet } from "./char-set.ts";
import { type Node, parsePattern, UnusablePattern } from "./syntax.ts";

/** As of patterns for testing. */
const SOURCE_MAX = 10_000;
const LENGTH_MAX = 256;

/**
 * A pattern that begins with `^` and consists of characters and repeated characters one after the other, each repeated one ending where the next begins: `^/v1/([^/]+)/items/(.*)$`.
 * The engine's own matcher, which has groups and goes back when it fails, goes back in vain at most once for each character of such a pattern.
 *
 * @throws UnusablePattern for any other pattern, with what is wrong
 */
export function anchoredPattern(source: string): RegExp {
  if (source.length > SOURCE_MAX) throw new UnusablePattern(`A pattern has at most ${SOURCE_MAX} characters.`);
  const parts = flattened(parsePattern(source));
  if (parts[0]?.type !== "assertion" || parts[0].assertion !== "start") {
    throw new UnusablePattern('A pattern for replacing begins with "^".');
  }
  let length = 0;
  for (const [index, part] of parts.entries()) {
    if (part.type === "choice")
      throw new UnusablePattern("A pattern for replacing has no alternatives of several characters.");
    if (part.type !== "repeat") {
      length++;
      continue;
    }
    if (part.body.type !== "set") throw new UnusablePattern("A pattern for replacing repeats single characters only.");
    length += part.min;
    if (part.max > part.min && isOpenEnded(part.body.set, parts.slice(index + 1))) {
      throw new UnusablePattern("In a pattern for replacing, what is repeated may not be what follows as well.");
    }
  }
  if (length > LENGTH_MAX) throw new UnusablePattern(`A pattern for replacing has at most ${LENGTH_MAX} characters.`);
  return new RegExp(source, "u");
}

/** Groups that are not repeated are only there for what they have matched. */
function flattened(node: Node): readonly Node[] {
  return node.type === "sequence" ? node.parts.flatMap(flattened) : [node];
}

/** Whether there is a character that may belong to the repeated part, and to what follows as well. */
function isOpenEnded(set: CharSet, following: readonly Node[]): boolean {
  for (const part of following) {
    if (part.type === "assertion") continue;
    const next = part.type === "repeat" ? part.body : part;
    if (next.type !== "set" || overlaps(set, next.set)) return true;
    if (part.type === "set" || (part.type === "repeat" && part.min > 0)) return false;
  }
  return false;
}

function overlaps(left: CharSet, right: CharSet): boolean {
  return left.some(([first, last]) =>
    right.some(([otherFirst, otherLast]) => first <= otherLast && otherFirst <= last),
  );
}
