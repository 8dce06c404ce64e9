/** Text and attribute values in XML. */

const special = /[&<>"\u0000-\u0008\u000B-\u001F\u007F\u0085\u2028\uFFFE\uFFFF]/;
const specials = /[&<>"\u0000-\u0008\u000B-\u001F\u007F\u0085\u2028\uFFFE\uFFFF]/g;
const attributeSpecials = /[&<>"\u0000-\u001F\u007F\u0085\u2028\uFFFE\uFFFF]/g;

const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/**
 * Text for an element. Control characters become references such as `&#x1;`: XML 1.0 cannot carry them, S3 writes them so, and its clients
 * read them. Carriage returns become references because a reader would turn them into line feeds.
 */
export function escapeText(text: string): string {
  return special.test(text) ? text.replace(specials, escapeCharacter) : text;
}

/** Text for an attribute in double quotes; tabs and line feeds too become references. */
export function escapeAttribute(text: string): string {
  return text.replace(attributeSpecials, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return named[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
}
