/** Patterns of guards: `(?i)` at the beginning takes letters in both cases (of ASCII). Pure. */

const PREFIX = "(?i)";

/** The pattern as `foundation/regex` takes it. */
export function guardPattern(written: string): string {
  return written.startsWith(PREFIX) ? inBothCases(written.slice(PREFIX.length)) : written;
}

/** What an escape may be longer than two characters with, and names of groups: nothing in them is a letter of a text. */
const WHOLE =
  /^(?:\\(?:u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[pP]\{[^}]*\}|c[A-Za-z]|[\s\S])|\(\?<[A-Za-z_$][\w$]*>|\(\?[:=!]|\(\?<[=!])/;
const RANGE = /^(?:[a-z]-[a-z]|[A-Z]-[A-Z])/;

function inBothCases(source: string): string {
  let made = "";
  let isInClass = false;
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const whole = WHOLE.exec(rest)?.[0];
    if (whole !== undefined) {
      made += whole;
      at += whole.length;
      continue;
    }
    const range = isInClass ? RANGE.exec(rest)?.[0] : undefined;
    if (range !== undefined) {
      made += range.toLowerCase() + range.toUpperCase();
      at += range.length;
      continue;
    }
    const character = source[at]!;
    if (character === "[") isInClass = true;
    if (character === "]") isInClass = false;
    if (!/[A-Za-z]/.test(character)) made += character;
    else {
      const both = character.toLowerCase() + character.toUpperCase();
      made += isInClass ? both : `[${both}]`;
    }
    at++;
  }
  return made;
}
