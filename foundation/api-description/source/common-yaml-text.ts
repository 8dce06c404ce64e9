/** Steps over the text that the parts of the fast YAML reader share. */

/** Not common YAML. */
export class Uncommon extends Error {}

export function giveUp(): never {
  throw new Uncommon();
}

/** Where the line ends that `from` is on: its line feed, or the end of the text. */
export function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

/** Without spaces and a carriage return before the end of a line. A tab there is for the whole parser. */
export function trimmedEnd(text: string, from: number, stop: number): number {
  let end = stop;
  if (end > from && text[end - 1] === "\r") end--;
  while (end > from && text.charCodeAt(end - 1) === 32) end--;
  if (end > from && text.charCodeAt(end - 1) === 9) giveUp();
  return end;
}

export function skipSpaces(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && text.charCodeAt(at) === 32) at++;
  return at;
}

/** `---` or `...` at the beginning of a line. */
export function isMarker(text: string, at: number): boolean {
  return (text.startsWith("---", at) || text.startsWith("...", at)) && !/\S/.test(text[at + 3] ?? " ");
}

/** Names with other characters are rare. */
const ANCHOR = /[\w.-]+/y;

/** The name after a `&` or `*`. */
export function anchorName(text: string, at: number): string {
  ANCHOR.lastIndex = at + 1;
  return ANCHOR.exec(text)?.[0] ?? giveUp();
}
