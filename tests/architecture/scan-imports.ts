/** Finds what a TypeScript file imports and exports, by its tokens: comments, texts, templates and regular expressions cannot deceive it. */

/** One import, re-export, `import()` or `require()`. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import type …` or `export type …`: erased, so it carries no behaviour. */
  readonly typeOnly: boolean;
}

export interface Scan {
  readonly imports: readonly Import[];
  /** Lines that export a default. */
  readonly defaultExports: readonly number[];
}

interface Token {
  readonly kind: "word" | "text" | "mark";
  readonly value: string;
  readonly line: number;
}

/** After these words a slash begins a regular expression, not a division. */
const BEFORE_EXPRESSION = new Set(
  "return typeof case in of delete void throw new else do instanceof yield await".split(" "),
);

/** Scans the source text of one file. */
export function scanImports(source: string): Scan {
  const tokens = tokenize(source);
  const imports: Import[] = [];
  const defaultExports: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind !== "word" || isMark(tokens[i - 1], ".")) continue;
    const next = tokens[i + 1];
    if (token.value === "import" || token.value === "require") {
      if (isMark(next, "(")) {
        const argument = tokens[i + 2];
        if (argument?.kind === "text") imports.push({ specifier: argument.value, line: token.line, typeOnly: false });
      } else if (token.value === "import") {
        if (next?.kind === "text") imports.push({ specifier: next.value, line: token.line, typeOnly: false });
        else addClause(tokens, i + 1, token.line, imports);
      }
    } else if (token.value === "export") {
      if (isWord(next, "default")) defaultExports.push(token.line);
      else if (isMark(next, "*") || isMark(next, "{") || isWord(next, "type")) {
        addClause(tokens, i + 1, token.line, imports);
        if (exportsAsDefault(tokens, i + 1)) defaultExports.push(token.line);
      }
    }
  }
  return { imports, defaultExports };
}

/** Reads `[type] names from "specifier"` at `start`; nothing when it is another statement. */
function addClause(tokens: readonly Token[], start: number, line: number, imports: Import[]): void {
  const typeOnly =
    isWord(tokens[start], "type") && !isWord(tokens[start + 1], "from") && !isMark(tokens[start + 1], ",");
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (isMark(token, "{")) depth++;
    else if (isMark(token, "}")) {
      depth--;
      // `export { a }` and `export type X = { … }` end here unless `from` follows.
      if (depth === 0 && !isWord(tokens[i + 1], "from")) return;
    } else if (depth === 0 && isWord(token, "from") && tokens[i + 1]?.kind === "text") {
      imports.push({ specifier: tokens[i + 1]!.value, line, typeOnly });
      return;
    } else if (depth === 0 && (isMark(token, ";") || isMark(token, "=") || isMark(token, "("))) return;
  }
}

function exportsAsDefault(tokens: readonly Token[], start: number): boolean {
  if (!isMark(tokens[start], "{")) return false;
  for (let i = start; i < tokens.length && !isMark(tokens[i], "}"); i++) {
    if (isWord(tokens[i], "as") && isWord(tokens[i + 1], "default")) return true;
  }
  return false;
}

function isMark(token: Token | undefined, value: string): boolean {
  return token?.kind === "mark" && token.value === value;
}

function isWord(token: Token | undefined, value: string): boolean {
  return token?.kind === "word" && token.value === value;
}

function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  /** Depth of braces inside each open template substitution. */
  const templates: number[] = [];
  let at = 0;
  let line = 1;
  const push = (kind: Token["kind"], value: string): void => void tokens.push({ kind, value, line });
  const skipTo = (end: number): void => {
    for (let i = at; i < end; i++) if (source.charCodeAt(i) === 10) line++;
    at = end;
  };
  const skipTemplate = (from: number): void => {
    let i = from;
    while (i < source.length && source[i] !== "`") {
      if (source[i] === "\\") i++;
      else if (source[i] === "$" && source[i + 1] === "{") {
        templates.push(0);
        skipTo(i + 2);
        return;
      }
      i++;
    }
    skipTo(i + 1);
  };
  while (at < source.length) {
    const character = source[at]!;
    if (/\s/.test(character)) skipTo(at + 1);
    else if (source.startsWith("//", at) || (at === 0 && source.startsWith("#!"))) skipTo(endOf(source, "\n", at));
    else if (source.startsWith("/*", at)) skipTo(endOf(source, "*/", at + 2) + 2);
    else if (character === '"' || character === "'") {
      const end = endOfQuoted(source, at);
      push("text", source.slice(at + 1, end - 1));
      skipTo(end);
    } else if (character === "`") {
      push("mark", "`");
      skipTemplate(at + 1);
    } else if (character === "/" && beginsExpression(tokens[tokens.length - 1])) {
      push("mark", "/");
      skipTo(endOfRegExp(source, at));
    } else if (/[A-Za-z_$#0-9\u0080-\uffff]/.test(character)) {
      const word = /^[\w$#\u0080-\uffff]+/.exec(source.slice(at, at + 256))?.[0] ?? character;
      push("word", word);
      skipTo(at + word.length);
    } else {
      if (templates.length > 0) {
        const top = templates.length - 1;
        if (character === "{") templates[top]! += 1;
        else if (character === "}") {
          if (templates[top] === 0) {
            templates.pop();
            skipTemplate(at + 1);
            continue;
          }
          templates[top]! -= 1;
        }
      }
      push("mark", character);
      skipTo(at + 1);
    }
  }
  return tokens;
}

function endOf(source: string, text: string, from: number): number {
  const found = source.indexOf(text, from);
  return found < 0 ? source.length : found;
}

function endOfQuoted(source: string, start: number): number {
  let i = start + 1;
  while (i < source.length && source[i] !== source[start] && source[i] !== "\n") i += source[i] === "\\" ? 2 : 1;
  return i + 1;
}

function endOfRegExp(source: string, start: number): number {
  let inClass = false;
  let i = start + 1;
  for (; i < source.length && source[i] !== "\n"; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "[") inClass = true;
    else if (source[i] === "]") inClass = false;
    else if (source[i] === "/" && !inClass) break;
  }
  return i + 1;
}

/** Whether a slash after `previous` begins a regular expression. */
function beginsExpression(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === "word") return BEFORE_EXPRESSION.has(previous.value);
  return previous.kind === "mark" && !/[)\]}`/]/.test(previous.value);
}
