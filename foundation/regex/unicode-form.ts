/**
 * Patterns that were written without the flag `u` in mind, as most are in API descriptions (OpenAPI 3.0 names ECMA-262 5.1, which has none): needless backslashes, braces and
 * brackets that stand for themselves, hyphens beside a class of characters. With the flag they are errors, so that what is meant by them is all that they can mean.
 */

const SYNTAX = /[\^$\\.*+?()[\]{}|/]/;
const QUANTIFIER = /^\{\d+(?:,\d*)?\}/;
/** Escapes with a name in brackets; those of classes of characters. */
const NAMED = /^\\(?:[pP]\{[^}]*\}|u\{[\dA-Fa-f]+\}|k<[^>]*>)/;
const CLASS_ESCAPE = /^\\[dDwWsSpP]/;

/** The same pattern in a form that the flag allows, where the only reasons against it were these. */
export function unicodeForm(source: string): string {
  let form = "";
  let inClass = false;
  /** Whether what stands before, in a class, is a class of characters. */
  let isAfterClass = false;
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at, at + 100);
    const taken = (inClass ? undefined : QUANTIFIER.exec(rest)?.[0]) ?? escapeAt(rest) ?? rest[0]!;
    const isClass = CLASS_ESCAPE.test(taken);
    form += inClass ? inClassForm(taken, isAfterClass, rest) : outsideForm(taken);
    isAfterClass = inClass && isClass;
    if (!inClass && taken === "[") {
      inClass = true;
      // A negation, and nothing that a hyphen could be beside.
      if (source[at + 1] === "^") {
        form += "^";
        at++;
      }
    } else if (inClass && taken === "]") inClass = false;
    at += taken.length;
  }
  return form;
}

const escapeAt = (rest: string): string | undefined =>
  rest.startsWith("\\") ? (NAMED.exec(rest)?.[0] ?? rest.slice(0, 2)) : undefined;

function outsideForm(taken: string): string {
  if (taken === "{" || taken === "}" || taken === "]") return `\\${taken}`;
  return withoutNeed(taken) ? taken.slice(1) : taken;
}

function inClassForm(taken: string, isAfterClass: boolean, rest: string): string {
  if (taken === "\\-") return taken;
  const isEnd = rest[1] === "]";
  if (taken === "-" && !isEnd && (isAfterClass || CLASS_ESCAPE.test(rest.slice(1)))) return "\\-";
  return withoutNeed(taken) ? taken.slice(1) : taken;
}

/** A backslash before what is no letter, no digit and nothing of the syntax. */
const withoutNeed = (taken: string): boolean =>
  taken.length === 2 && taken.startsWith("\\") && !/[A-Za-z0-9]/.test(taken[1]!) && !SYNTAX.test(taken[1]!);
