/**
 * Items as plain JSON, for people and their programs. Pure.
 *
 * Strings, numbers, booleans, null, lists and maps look as one expects; numbers keep all their digits. What plain JSON has no word for is written in DynamoDB's
 * own way: `{"SS": ["a"]}`, `{"NS": ["1"]}`, `{"BS": ["AQ=="]}`, `{"B": "AQ=="}`. A map that only looks like one of these is wrapped: `{"M": {"B": "x"}}`.
 */

/** A value in DynamoDB's JSON: exactly one member, named by its type. */
export type WireValue = Readonly<Record<string, unknown>>;
export type WireItem = Readonly<Record<string, WireValue>>;

const SET_TYPES: ReadonlySet<string> = new Set(["SS", "NS", "BS"]);

/** Reads plain JSON. @throws SyntaxError */
export function parsePlain(text: string): WireValue {
  return wireOf(JSON.parse(text, keepDigits));
}

/** @throws SyntaxError for what is no JSON, or no object */
export function parsePlainItem(text: string): WireItem {
  const value = JSON.parse(text, keepDigits) as unknown;
  if (!isObject(value) || value instanceof NumberText) throw new SyntaxError("An item is a JSON object");
  return wireMembers(value);
}

/** A number as it was written. */
class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** `context` is part of JSON.parse since ECMAScript 2026 ("JSON.parse source text access"). */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value;
}

function wireOf(value: unknown): WireValue {
  if (value === null) return { NULL: true };
  if (typeof value === "string") return { S: value };
  if (typeof value === "boolean") return { BOOL: value };
  if (value instanceof NumberText) return { N: value.text };
  if (Array.isArray(value)) return { L: value.map(wireOf) };
  const members = value as Readonly<Record<string, unknown>>;
  return typedValue(members) ?? { M: wireMembers(members) };
}

function wireMembers(members: Readonly<Record<string, unknown>>): WireItem {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, wireOf(value)]));
}

/** What is written in DynamoDB's own way. */
function typedValue(members: Readonly<Record<string, unknown>>): WireValue | undefined {
  const entries = Object.entries(members);
  const [only] = entries;
  if (only === undefined || entries.length > 1) return undefined;
  const [type, content] = only;
  if (type === "B" && typeof content === "string") return { B: content };
  if (type === "M" && isObject(content) && !(content instanceof NumberText)) return { M: wireMembers(content) };
  if (!SET_TYPES.has(type) || !Array.isArray(content) || content.length === 0) return undefined;
  const elements = content.map((element) => (element instanceof NumberText ? element.text : element));
  return elements.every((element) => typeof element === "string") ? { [type]: elements } : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What `JSON.stringify` writes as plain JSON, with all digits of numbers. */
export function plainItem(item: WireItem): object {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plainValue(value)]));
}

export function plainValue(value: WireValue): unknown {
  const [[type, content]] = Object.entries(value) as [[string, unknown]];
  switch (type) {
    case "S":
    case "BOOL":
      return content;
    case "N":
      return (JSON as JsonWithRaw).rawJSON(content as string);
    case "NULL":
      return null;
    case "L":
      return (content as readonly WireValue[]).map(plainValue);
    case "M": {
      const members = plainItem(content as WireItem);
      return looksTyped(Object.keys(members)) ? { M: members } : members;
    }
    default:
      return { [type]: content };
  }
}

/** ECMAScript 2026, "JSON.parse source text access". */
type JsonWithRaw = typeof JSON & { rawJSON(text: string): unknown };

function looksTyped(names: readonly string[]): boolean {
  return names.length === 1 && (SET_TYPES.has(names[0]!) || names[0] === "B" || names[0] === "M");
}
