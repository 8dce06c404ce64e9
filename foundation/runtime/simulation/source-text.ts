/**
 * Just enough of TypeScript's lexical grammar to tell code from comments and strings. Pure.
 */

/**
 * Replaces comments, and strings when asked, by spaces, so that positions stay. Template literals keep the code between `${` and `}`; a slash
 * after an operator begins a regular expression.
 */
export function blankOut(text: string, strings: boolean): string {
  const out = text.split("");
  const blank = (from: number, to: number): void => {
    for (let index = from; index < to && index < out.length; index++) if (out[index] !== "\n") out[index] = " ";
  };
  /** Depths of braces at which a template literal goes on. */
  const templates: number[] = [];
  let depth = 0;
  let index = 0;
  const skipTemplate = (): void => {
    const start = index;
    for (; index < text.length; index++) {
      if (text[index] === "\\") index++;
      else if (text[index] === "`") {
        if (strings) blank(start, index);
        index++;
        return;
      } else if (text[index] === "$" && text[index + 1] === "{") {
        if (strings) blank(start, index);
        index += 2;
        templates.push(depth++);
        return;
      }
    }
    if (strings) blank(start, index);
  };
  while (index < text.length) {
    const char = text[index]!;
    if (char === "/" && text[index + 1] === "/") {
      const end = endOf(text.indexOf("\n", index), text);
      blank(index, end);
      index = end;
    } else if (char === "/" && text[index + 1] === "*") {
      const close = text.indexOf("*/", index + 2);
      const end = close < 0 ? text.length : close + 2;
      blank(index, end);
      index = end;
    } else if (char === '"' || char === "'") {
      const end = endOfQuoted(text, index, char);
      if (strings) blank(index + 1, end - 1);
      index = end;
    } else if (char === "`") {
      index++;
      skipTemplate();
    } else if (char === "/" && beginsRegex(text, index)) {
      const end = endOfRegex(text, index);
      blank(index + 1, end - 1);
      index = end;
    } else {
      if (char === "{") depth++;
      if (char === "}") depth--;
      index++;
      if (char === "}" && templates.at(-1) === depth) {
        templates.pop();
        skipTemplate();
      }
    }
  }
  return out.join("");
}

function endOf(found: number, text: string): number {
  return found < 0 ? text.length : found;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === quote || text[index] === "\n") return index + 1;
  }
  return text.length;
}

/** A slash divides after a value, and begins a regular expression after anything else. */
function beginsRegex(text: string, index: number): boolean {
  let before = index - 1;
  while (before >= 0 && (text[before] === " " || text[before] === "\t")) before--;
  if (before < 0 || text[before] === "\n") return true;
  if (/[\w$)\]}"'`]/.test(text[before]!))
    return /\b(?:return|typeof|case|in|of)$/.test(text.slice(Math.max(0, before - 8), before + 1));
  return true;
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let index = start + 1; index < text.length; index++) {
    const char = text[index];
    if (char === "\\") index++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if ((char === "/" && !inClass) || char === "\n") return index + 1;
  }
  return text.length;
}
