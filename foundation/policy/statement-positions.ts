/**
 * Where the statements of a policy stand in its text, as the policy simulator says it (IAM API Reference, Statement and Position).
 *
 * The documentation says "the row and column of the beginning of the Statement"; what IAM answers is where its JSON reader stood before the statement
 * and after it. `{"Version":"2012-10-17","Statement":{…}}` has its statement from column 38, after the opening brace, and the managed policy
 * AdministratorAccess, which is written with two spaces, from line 3, column 17, after the bracket of the list, to line 8, column 6. A statement that
 * is not the first of its list begins after the one before. Tools that cut the text there find the statement with the delimiter before it.
 */

/** Counted from one. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Where a statement begins and, exclusively, ends. */
export interface StatementPosition {
  readonly start: TextPosition;
  readonly end: TextPosition;
}

/**
 * The positions of all statements, in their order.
 *
 * @param text a policy that passed the grammar; only its outline is looked at here
 */
export function statementPositions(text: string): readonly StatementPosition[] {
  const value = offsetOfStatement(text);
  if (value === undefined) return [];
  const locate = locator(text);
  if (text.charAt(value) === "{") return [{ start: locate(value + 1), end: locate(endOfValue(text, value)) }];
  const positions: StatementPosition[] = [];
  let before = value + 1;
  for (let at = skipBetween(text, before); text.charAt(at) === "{"; at = skipBetween(text, before)) {
    const end = endOfValue(text, at);
    positions.push({ start: locate(before), end: locate(end) });
    before = end;
  }
  return positions;
}

/** Where the value of the member `Statement` begins. */
function offsetOfStatement(text: string): number | undefined {
  let at = skipBetween(text, text.indexOf("{") + 1);
  while (text.charAt(at) === '"') {
    const end = endOfString(text, at);
    const name: unknown = JSON.parse(text.slice(at, end));
    const value = skipBetween(text, end);
    if (name === "Statement") return value;
    at = skipBetween(text, endOfValue(text, value));
  }
  return undefined;
}

/** Skips white space, colons and commas. */
function skipBetween(text: string, at: number): number {
  let next = at;
  while (next < text.length && " \t\r\n:,".includes(text.charAt(next))) next++;
  return next;
}

/** The offset after a value of any type. */
function endOfValue(text: string, start: number): number {
  const first = text.charAt(start);
  if (first === '"') return endOfString(text, start);
  let at = start;
  if (first !== "{" && first !== "[") {
    while (at < text.length && !" \t\r\n,]}".includes(text.charAt(at))) at++;
    return at;
  }
  let depth = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    at++;
    if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) break;
  }
  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === "\\" ? 2 : 1;
  return at + 1;
}

/** Turns offsets, which must not decrease, into lines and columns. A line ends with CR, LF or both. */
function locator(text: string): (offset: number) => TextPosition {
  let line = 1;
  let lineStart = 0;
  let at = 0;
  return (offset) => {
    for (; at < offset; at++) {
      const character = text.charAt(at);
      if (character !== "\n" && (character !== "\r" || text.charAt(at + 1) === "\n")) continue;
      line++;
      lineStart = at + 1;
    }
    return { line, column: offset - lineStart + 1 };
  };
}
