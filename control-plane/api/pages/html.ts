/** HTML as text in which everything that was not written here is escaped. Pure. */

/** Markup that may stand in a page as it is. */
export interface Html {
  readonly markup: string;
}

type Part = string | number | Html | undefined | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

function markupOf(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return "markup" in part ? part.markup : part.map(markupOf).join("");
}

/**
 * A template of markup. Text in it is escaped, so it may stand between tags and in quoted attributes (HTML standard §13.1.2.3); nothing of the kind stands in scripts, styles or
 * unquoted attributes here.
 *
 * @example
 * html`<p>Hello, ${name}.</p>`
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: texts.reduce((markup, text, index) => `${markup}${markupOf(parts[index - 1])}${text}`) };
}
