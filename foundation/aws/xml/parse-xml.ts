/**
 * A strict parser of the XML that AWS's protocols use: elements, attributes, text, CDATA, comments, character and predefined entity references.
 *
 * Document types are refused, and with them every entity that could expand (XML 1.0 section 4.1, "billion laughs"). Time is linear in the
 * length of the text and nesting is limited. Raw control characters are refused; references to them (`&#x1;`) are read, as in XML 1.1, because
 * object keys may hold them.
 */

import { maxNesting } from "../values/limits.ts";
import { MalformedInput } from "../values/malformed-input.ts";

/** One element. Names are without their namespace prefix; attribute names keep theirs. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly children: readonly XmlElement[];
  /** All character data directly inside the element; `""` beside child elements when it is only white space. */
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly qualifiedName: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly children: XmlElement[];
  text: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** XML 1.0 names, without the rarely used ranges beyond the basic plane. */
const nameStart =
  "A-Za-z_:\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C-\\u200D\\u3001-\\uD7FF";
const namePattern = new RegExp(`[${nameStart}][${nameStart}\\-.0-9\\u00B7\\u0300-\\u036F]*`, "y");
const declaration =
  /<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*["']1\.[01]["'](?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]{1,40})["'])?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*["'](?:yes|no)["'])?[ \t\r\n]*\?>/y;
const forbidden = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;
const characterReference = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/;
const entities: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
});

/** Parses a document and returns its root. Throws `MalformedInput` (syntax). */
export function parseXml(document: Uint8Array | string): XmlElement {
  let text: string;
  try {
    text = typeof document === "string" ? document : utf8.decode(document);
  } catch {
    throw malformed("the document is not UTF-8");
  }
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
  if (forbidden.test(text)) throw malformed("the document has a control character");
  // XML 1.0 section 2.11: line ends are read as line feeds.
  if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
  return new Parser(text).document();
}

class Parser {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): XmlElement {
    if (this.#text.startsWith("<?xml")) this.#declaration();
    this.#misc();
    const root = this.#element();
    this.#misc();
    if (this.#position < this.#text.length) throw malformed("content after the root element");
    return root;
  }

  #declaration(): void {
    declaration.lastIndex = this.#position;
    const match = declaration.exec(this.#text);
    if (match === null) throw malformed("the XML declaration is malformed");
    if (match[1] !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(match[1]))
      throw malformed("the encoding is not UTF-8");
    this.#position = declaration.lastIndex;
  }

  /** White space, comments and processing instructions around the root. */
  #misc(): void {
    while (true) {
      this.#skipSpace();
      if (this.#text.startsWith("<!--", this.#position)) this.#comment();
      else if (this.#text.startsWith("<?", this.#position)) this.#instruction();
      else return;
    }
  }

  /** The element at the position, with all that it holds; without recursion, so that nesting costs no stack. */
  #element(): XmlElement {
    const text = this.#text;
    const stack: OpenElement[] = [];
    let root = this.#startTag(stack);
    while (root === undefined) {
      const open = stack[stack.length - 1];
      if (open === undefined) throw malformed("an element has no end");
      const next = text.indexOf("<", this.#position);
      if (next < 0) throw malformed(`<${open.qualifiedName}> is not closed`);
      if (next > this.#position) open.text += this.#characters(text.slice(this.#position, next));
      this.#position = next;
      switch (text.charCodeAt(next + 1)) {
        case 0x2f: // "/"
          root = this.#endTag(stack, open);
          break;
        case 0x21: // "!"
          if (text.startsWith("<!--", next)) this.#comment();
          else if (text.startsWith("<![CDATA[", next)) open.text += this.#characterData();
          else throw malformed("markup declarations are not allowed");
          break;
        case 0x3f: // "?"
          this.#instruction();
          break;
        default:
          root = this.#startTag(stack);
      }
    }
    return root;
  }

  /** Reads `<name a="b">` or `<name/>`. Returns the root when it is complete. */
  #startTag(stack: OpenElement[]): XmlElement | undefined {
    if (this.#text.charCodeAt(this.#position) !== 0x3c) throw malformed("an element was expected");
    this.#position += 1;
    const qualifiedName = this.#name();
    const attributes: (readonly [string, string])[] = [];
    while (true) {
      const spaced = this.#skipSpace();
      const code = this.#text.charCodeAt(this.#position);
      if (code === 0x3e) {
        this.#position += 1;
        if (stack.length >= maxNesting) throw malformed("elements are nested too deeply");
        stack.push({ name: localName(qualifiedName), qualifiedName, attributes, children: [], text: "" });
        return undefined;
      }
      if (code === 0x2f) {
        if (this.#text.charCodeAt(this.#position + 1) !== 0x3e) throw malformed("a tag is malformed");
        this.#position += 2;
        return this.#close(stack, { name: localName(qualifiedName), attributes, children: [], text: "" });
      }
      if (!spaced) throw malformed(`the tag of <${qualifiedName}> is malformed`);
      attributes.push(this.#attribute(attributes));
    }
  }

  #attribute(before: readonly (readonly [string, string])[]): readonly [string, string] {
    const name = this.#name();
    // A linear search: more attributes than this have no use here, and the limit keeps the check linear in the document.
    if (before.length >= maxAttributes || before.some(([other]) => other === name))
      throw malformed("repeated attribute");
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#position) !== 0x3d) throw malformed(`attribute ${name} has no value`);
    this.#position += 1;
    this.#skipSpace();
    const quote = this.#text.charAt(this.#position);
    if (quote !== '"' && quote !== "'") throw malformed(`attribute ${name} is not quoted`);
    const end = this.#text.indexOf(quote, this.#position + 1);
    if (end < 0) throw malformed(`attribute ${name} has no end`);
    const raw = this.#text.slice(this.#position + 1, end);
    if (raw.includes("<")) throw malformed(`attribute ${name} holds "<"`);
    this.#position = end + 1;
    return [name, resolveReferences(raw.replace(/[\t\n]/g, " "))];
  }

  #endTag(stack: OpenElement[], open: OpenElement): XmlElement | undefined {
    this.#position += 2;
    const name = this.#name();
    if (name !== open.qualifiedName) throw malformed(`</${name}> closes <${open.qualifiedName}>`);
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#position) !== 0x3e) throw malformed(`</${name}> is malformed`);
    this.#position += 1;
    stack.pop();
    const text = open.children.length > 0 && open.text.trim() === "" ? "" : open.text;
    return this.#close(stack, { name: open.name, attributes: open.attributes, children: open.children, text });
  }

  /** Puts a finished element into its parent, or returns it when it is the root. */
  #close(stack: OpenElement[], element: XmlElement): XmlElement | undefined {
    const parent = stack[stack.length - 1];
    if (parent === undefined) return element;
    parent.children.push(element);
    return undefined;
  }

  #characters(raw: string): string {
    if (raw.includes("]]>")) throw malformed('"]]>" in text');
    return resolveReferences(raw);
  }

  #characterData(): string {
    const start = this.#position + "<![CDATA[".length;
    const end = this.#text.indexOf("]]>", start);
    if (end < 0) throw malformed("CDATA has no end");
    this.#position = end + 3;
    return this.#text.slice(start, end);
  }

  #comment(): void {
    const end = this.#text.indexOf("--", this.#position + 4);
    if (end < 0 || this.#text.charAt(end + 2) !== ">") throw malformed("a comment is malformed");
    this.#position = end + 3;
  }

  #instruction(): void {
    const end = this.#text.indexOf("?>", this.#position);
    if (end < 0) throw malformed("a processing instruction has no end");
    if (/^<\?xml[ \t\r\n?]/i.test(this.#text.slice(this.#position, this.#position + 6))) {
      throw malformed("the XML declaration must come first");
    }
    this.#position = end + 2;
  }

  /** Names are short and nearly always ASCII: a loop is several times faster than the pattern, which judges the rest. */
  #name(): string {
    const start = this.#position;
    let end = start;
    while (isNameByte(this.#text.charCodeAt(end), end === start)) end += 1;
    if (end > start && !(this.#text.charCodeAt(end) >= 0x80)) {
      this.#position = end;
      return this.#text.slice(start, end);
    }
    namePattern.lastIndex = start;
    const match = namePattern.exec(this.#text);
    if (match === null) throw malformed("a name was expected");
    this.#position = namePattern.lastIndex;
    return match[0];
  }

  #skipSpace(): boolean {
    const start = this.#position;
    while (isSpace(this.#text.charCodeAt(this.#position))) this.#position += 1;
    return this.#position > start;
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
}

/** ASCII letters, `_` and `:`; after the first also digits, `-` and `.`. */
function isNameByte(code: number, first: boolean): boolean {
  if ((code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code === 0x3a) return true;
  return !first && ((code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e);
}

/** More than any element of AWS's schemas has, namespace declarations included. */
const maxAttributes = 32;

function localName(qualifiedName: string): string {
  const colon = qualifiedName.indexOf(":");
  return colon < 0 ? qualifiedName : qualifiedName.slice(colon + 1);
}

/** Replaces references; throws where an ampersand begins none. */
function resolveReferences(raw: string): string {
  let ampersand = raw.indexOf("&");
  if (ampersand < 0) return raw;
  let resolved = "";
  let position = 0;
  while (ampersand >= 0) {
    // Bounded, or a text of ampersands without a semicolon would be searched to its end for each.
    const name = raw.slice(ampersand + 1, ampersand + 1 + maxReferenceLength);
    const length = name.indexOf(";");
    if (length < 0) throw malformed("unterminated reference");
    resolved += raw.slice(position, ampersand) + referenced(name.slice(0, length));
    position = ampersand + length + 2;
    ampersand = raw.indexOf("&", position);
  }
  return resolved + raw.slice(position);
}

/** `#x10FFFF;` */
const maxReferenceLength = 9;

function referenced(name: string): string {
  const entity = entities[name];
  if (entity !== undefined) return entity;
  const match = characterReference.exec(name);
  if (match === null) throw malformed("unknown reference");
  const [, hex, digits] = match;
  return character(hex === undefined ? Number(digits) : Number.parseInt(hex, 16));
}

function character(code: number): string {
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code === 0 || surrogate || code === 0xfffe || code === 0xffff || code > 0x10ffff) {
    throw malformed("a character reference names no character");
  }
  return String.fromCodePoint(code);
}

function malformed(message: string): MalformedInput {
  return new MalformedInput(message, { syntax: true });
}
