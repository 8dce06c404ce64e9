/**
 * Reads the XML documents that S3 endpoints answer with: elements and text, in the few forms that services write. Not a parser for other people's documents:
 * no document types, no CDATA, attributes are skipped. Pure.
 */

/** A value out of a document: text, an element, or several of the same name. */
export type XmlValue = string | XmlObject | readonly XmlValue[] | undefined;
export interface XmlObject {
  readonly [name: string]: XmlValue;
}

/** One tag, comment or declaration, or the text up to the next. */
const TOKEN = /<[?!][^>]*>|<(\/?)([A-Za-z_][\w.:-]*)(?:\s[^<>]*?)?(\/?)>|[^<]+/g;

/** Answers nest a handful of levels deep. */
const DEPTH_MAX = 64;

interface Open {
  readonly name: string;
  readonly members: Record<string, XmlValue>;
  text: string;
}

/**
 * A document as an object: elements by name, repeated ones as arrays, all text as it is.
 *
 * @throws SyntaxError when tags do not match
 */
export function parseXmlAnswer(document: string): XmlObject {
  const root: Open = { name: "", members: {}, text: "" };
  const open: Open[] = [root];
  let at = 0;
  for (const token of document.matchAll(TOKEN)) {
    if (token.index !== at) throw new SyntaxError("the answer is not XML");
    at += token[0].length;
    const [whole, closing, name, empty] = token;
    const current = open.at(-1)!;
    if (name === undefined) {
      if (!whole.startsWith("<")) current.text += decodeReferences(whole);
    } else if (closing === "/") {
      if (current.name !== name || open.length === 1) throw new SyntaxError(`</${name}> closes nothing`);
      open.pop();
      addMember(open.at(-1)!, current);
    } else {
      if (open.length > DEPTH_MAX) throw new SyntaxError("the answer nests too deep");
      const element: Open = { name, members: {}, text: "" };
      if (empty === "/") addMember(current, element);
      else open.push(element);
    }
  }
  if (at !== document.length || open.length !== 1) throw new SyntaxError("the answer breaks off");
  return root.members;
}

function addMember(parent: Open, { name, members, text }: Open): void {
  const value: XmlValue = Object.keys(members).length === 0 ? text : members;
  const before = Object.hasOwn(parent.members, name) ? parent.members[name] : undefined;
  const all = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  // A name such as `__proto__` must become a member like any other.
  Object.defineProperty(parent.members, name, { value: all, enumerable: true, configurable: true, writable: true });
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeReferences(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return NAMED[name]!;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** An element's members; none for text or nothing. */
export function objectOf(value: XmlValue): XmlObject {
  return typeof value === "object" && !Array.isArray(value) ? (value as XmlObject) : {};
}

/** An element that may occur many times, as an array. */
export function listOf(value: XmlValue): readonly XmlObject[] {
  if (value === undefined || value === "") return [];
  return (Array.isArray(value) ? (value as readonly XmlValue[]) : [value]).map(objectOf);
}

/** An element's text, `""` when there is none. */
export function textOf(value: XmlValue): string {
  return typeof value === "string" ? value : "";
}

/** Text for the inside of an element. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\u0000-\u001f]/g, (character) => `&#${character.charCodeAt(0)};`);
}
