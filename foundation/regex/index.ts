/** Patterns of ECMAScript (flag `u`) that no text keeps busy: matched in linear time, or refused. */
import { automatonOf } from "./automaton.ts";
import { LinearMatcher } from "./linear-matcher.ts";
import { type Node, parsePattern, UnusablePattern } from "./syntax.ts";
import { unicodeForm } from "./unicode-form.ts";

export { anchoredPattern } from "./anchored-pattern.ts";
export { type ScannedPiece, type ScanPattern, scanPattern, type TextScan } from "./text-scan.ts";
export { UnusablePattern };

export interface Pattern {
  /** Whether it matches somewhere in the text. */
  test(text: string): boolean;
}

/** Longer ones are nobody's pattern for a value. */
const SOURCE_MAX = 10_000;

/**
 * Patterns that are in order without the flag only (`\\-`, `[\\w-.]`, a brace by itself) are taken too, see {@link unicodeForm}.
 *
 * @throws UnusablePattern for what is no pattern; for looking ahead or behind and for references to groups, which take more than linear time; for one that is too large
 */
export function linearPattern(source: string): Pattern {
  if (source.length > SOURCE_MAX) throw new UnusablePattern(`A pattern has at most ${SOURCE_MAX} characters.`);
  const form = isPattern(source) ? source : unicodeForm(source);
  try {
    if (isHarmless(parsePattern(form, true))) return new RegExp(form, "u");
    return new LinearMatcher(automatonOf(parsePattern(form)));
  } catch (error) {
    // Told about what was written, and not about what was made of it.
    if (form !== source && error instanceof UnusablePattern && !isPattern(form)) parsePattern(source, true);
    throw error;
  }
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source, "u");
    return true;
  } catch {
    return false;
  }
}

/** Ways in which a pattern may be tried from its beginning, besides the lengths of the one part that varies most; and characters of the other parts. */
const ATTEMPTS_MAX = 64;
const LENGTH_MAX = 256;

/**
 * Whether the engine's own matcher, which goes back and tries again, is linear too: from one place only, single characters one after the other, of which one kind at most
 * is repeated without bounds and none of the others more than a little. It is faster, and most patterns are like that.
 */
function isHarmless(root: Node): boolean {
  const parts = root.type === "sequence" ? root.parts : [root];
  const [first] = parts;
  if (first?.type !== "assertion" || first.assertion !== "start") return false;
  const widths: number[] = [];
  let length = 0;
  for (const part of parts) {
    if (part.type === "choice" || part.type === "sequence") return false;
    if (part.type !== "repeat") {
      length++;
      continue;
    }
    if (part.body.type !== "set") return false;
    length += part.min;
    if (part.max > part.min) widths.push(part.max - part.min + 1);
  }
  // Of the part that varies most each length is tried once, and then the others.
  const others = widths.toSorted((left, right) => right - left).slice(1);
  return length <= LENGTH_MAX && others.reduce((product, width) => product * width, 1) <= ATTEMPTS_MAX;
}
