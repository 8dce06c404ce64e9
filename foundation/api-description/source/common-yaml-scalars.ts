/** Scalars of the fast YAML reader. */
import { giveUp, lineEnd } from "./common-yaml-text.ts";

export interface Quoted {
  readonly value: string;
  /** After the closing quote. */
  readonly end: number;
}

/** Text in quotes that begins at `at` and ends before `end`; undefined when it does not end there. */
export function quotedText(text: string, at: number, end: number): Quoted | undefined {
  const close = closingQuote(text, at, end);
  if (close === undefined) return undefined;
  const inner = text.slice(at + 1, close);
  return { value: text[at] === "'" ? inner.replaceAll("''", "'") : unescaped(inner), end: close + 1 };
}

/** The same over several lines, which are indented further than `parent`. */
export function quotedLines(text: string, at: number, parent: number): Quoted {
  const close = closingQuote(text, at, text.length);
  if (close === undefined || text.slice(at, close).includes("\t")) giveUp();
  const [first = "", ...more] = text.slice(at + 1, close).split("\n");
  let whole = withoutSpacesAtEnd(first);
  let breaks = 0;
  for (const [index, raw] of more.entries()) {
    const indent = leadingSpaces(raw);
    const isLast = index === more.length - 1;
    const line = isLast ? raw.slice(indent) : withoutSpacesAtEnd(raw).slice(indent);
    if ((line !== "" || isLast) && indent <= parent) giveUp();
    if (line === "" && !isLast) {
      breaks++;
      continue;
    }
    // A backslash at the end of a line joins it with the next one, and lets spaces begin that one.
    if (text[at] === '"' && endsInBackslash(whole)) {
      if (breaks > 0) giveUp();
      whole = whole.slice(0, -1);
    } else whole += breaks === 0 ? " " : "\n".repeat(breaks);
    breaks = 0;
    whole += line;
  }
  return { value: text[at] === "'" ? whole.replaceAll("''", "'") : unescaped(whole), end: close + 1 };
}

function closingQuote(text: string, at: number, end: number): number | undefined {
  if (text[at] === "'") {
    let from = at + 1;
    for (;;) {
      const quote = text.indexOf("'", from);
      if (quote === -1 || quote >= end) return undefined;
      if (text[quote + 1] !== "'") return quote;
      from = quote + 2;
    }
  }
  for (let from = at + 1; from < end; from++) {
    const code = text.charCodeAt(from);
    if (code === 92) from++;
    else if (code === 34) return from;
  }
  return undefined;
}

function withoutSpacesAtEnd(line: string): string {
  const trimmed = line.replace(/[ \t\r]+$/, "");
  // An escaped space at the end of a line is rare.
  if (
    trimmed.length < line.length &&
    line.trimEnd().length < line.replace(/\r$/, "").length &&
    endsInBackslash(trimmed)
  )
    giveUp();
  return trimmed;
}

const endsInBackslash = (text: string): boolean => (/\\*$/.exec(text)![0].length & 1) === 1;

/** YAML 1.2 §5.7. */
const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
  N: "\x85",
  _: "\xa0",
  L: "\u2028",
  P: "\u2029",
};

function unescaped(inner: string): string {
  if (!inner.includes("\\")) return inner;
  return inner.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]?))/g,
    (_whole, two?: string, four?: string, eight?: string, letter?: string) => {
      const hex = two ?? four ?? eight;
      if (hex !== undefined) {
        const code = Number.parseInt(hex, 16);
        return code > 0x10ffff ? giveUp() : String.fromCodePoint(code);
      }
      const meant = letter !== undefined && Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
      return meant ?? giveUp();
    },
  );
}

/** A plain scalar on this line, up to a comment. */
export function plainRest(text: string, at: number, end: number): string {
  const rest = text.slice(at, end);
  const comment = rest.indexOf(" #");
  const value = comment === -1 ? rest : rest.slice(0, comment).trimEnd();
  if (value.includes(": ") || value.endsWith(":") || value.includes("\t")) giveUp();
  return value;
}

/** Style, indentation and chomping in either order (YAML 1.2 §8.1.1). */
const HEADER = /([|>])(?:([1-9])([-+]?)|([-+]?)([1-9]?))(?: +#.*| *)\r?(?:\n|$)/y;

/** Literal and folded text, at `at` its header. `end`: the line after it. */
export function blockScalar(text: string, at: number, parent: number): Quoted {
  HEADER.lastIndex = at;
  const header = HEADER.exec(text);
  if (header === null) giveUp();
  const chomping = header[3] ?? header[4];
  const said = Number(header[2] ?? header[5]);
  // At the top of a document it is counted from another place.
  if (said > 0 && parent < 0) giveUp();
  const lines: string[] = [];
  let indent = said > 0 ? parent + said : -1;
  let hasContent = false;
  let line = lineEnd(text, at) + 1;
  let end = line;
  while (line < text.length) {
    const stop = lineEnd(text, line);
    const whole = text.slice(line, text[stop - 1] === "\r" ? stop - 1 : stop);
    const spaces = leadingSpaces(whole);
    const empty = spaces === whole.length;
    if (indent === -1 && !empty) {
      if (spaces <= parent) break;
      if (lines.some((before) => before.length > spaces)) giveUp();
      indent = spaces;
      lines.fill("");
    }
    if (!empty && spaces < indent) {
      if (spaces > parent) giveUp();
      break;
    }
    hasContent ||= !empty;
    lines.push(indent === -1 ? whole : whole.slice(indent));
    line = stop + 1;
    end = line;
  }
  // Nothing but empty lines, and a tab where indentation is counted, are for the whole parser.
  if (!hasContent || lines.some((one) => one.startsWith("\t"))) giveUp();
  const kept = trailingEmpty(lines);
  // Without a line break at the end of the file there is none in the text.
  const unended = end > text.length && kept === 0;
  const body = lines.slice(0, lines.length - kept);
  const value = header[1] === "|" ? body.join("\n") : folded(body);
  if (chomping === "-") return { value, end };
  if (unended || (chomping === "+" && end > text.length)) giveUp();
  return { value: value + (chomping === "+" ? "\n".repeat(kept + 1) : "\n"), end };
}

function leadingSpaces(line: string): number {
  let at = 0;
  while (line.charCodeAt(at) === 32) at++;
  return at;
}

function trailingEmpty(lines: readonly string[]): number {
  let count = 0;
  while (count < lines.length && lines[lines.length - 1 - count] === "") count++;
  return count;
}

/** Lines become one, empty lines become line breaks (§8.1.3); around lines that are indented further every break stays. */
function folded(lines: readonly string[]): string {
  let text = "";
  let breaks = 0;
  let wasFurther = false;
  for (const [index, line] of lines.entries()) {
    if (line === "") {
      breaks++;
      continue;
    }
    const isFurther = line.startsWith(" ");
    // Blanks alone are text like any other, but at the end it is open to which side they belong.
    if (isFurther && index === lines.length - 1 && line.trim() === "") giveUp();
    if (index === breaks) text = "\n".repeat(breaks);
    else if (isFurther || wasFurther) text += "\n".repeat(breaks + 1);
    else text += breaks === 0 ? " " : "\n".repeat(breaks);
    breaks = 0;
    wasFurther = isFurther;
    text += line;
  }
  return text;
}
