/** Text and attribute values in XML. */

const special = /[&<>"\u0000-\u0008\u000B-\u001F\u007F\u0085\u2028\uFFFE\uFFFF]/;
/** Quotes at both ends and nothing else that is special. */
const quoted = /^"[^&<>"\u0000-\u0008\u000B-\u001F\u007F\u0085\u2028\uFFFE\uFFFF]*"$/;
const attributeSpecials = /[&<>"\u0000-\u001F\u007F\u0085\u2028\uFFFE\uFFFF]/g;

/**
 * Text for an element. Control characters become references such as `&#x1;`: XML 1.0 cannot carry them, S3 writes them so, and its clients
 * read them. Carriage returns become references because a reader would turn them into line feeds.
 */
export function escapeText(text: string): string {
  if (!special.test(text)) return text;
  // Entity tags: quotes at both ends and nothing else, thousands of times in a listing.
  if (quoted.test(text)) return `&quot;${text.slice(1, -1)}&quot;`;
  return escapeSpecials(text);
}

/** Text for an attribute in double quotes; tabs and line feeds too become references. */
export function escapeAttribute(text: string): string {
  return text.replace(attributeSpecials, (character) => referenceTo(character.charCodeAt(0)));
}

/** A loop over the text takes half the time of a replacement by function. */
function escapeSpecials(text: string): string {
  let escaped = "";
  let written = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code > 0x3e && code < 0x7f) || !isSpecial(code)) continue;
    escaped += text.slice(written, index) + referenceTo(code);
    written = index + 1;
  }
  return escaped + text.slice(written);
}

function isSpecial(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a;
  if (code < 0x7f) return code === 0x22 || code === 0x26 || code === 0x3c || code === 0x3e;
  return code === 0x7f || code === 0x85 || code === 0x2028 || code === 0xfffe || code === 0xffff;
}

function referenceTo(code: number): string {
  switch (code) {
    case 0x22:
      return "&quot;";
    case 0x26:
      return "&amp;";
    case 0x3c:
      return "&lt;";
    case 0x3e:
      return "&gt;";
    default:
      return `&#x${code.toString(16).toUpperCase()};`;
  }
}
