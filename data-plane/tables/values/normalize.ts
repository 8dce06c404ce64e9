/** The way of a value into the tables: validated as AWS does, and made canonical. */

import { type AttributeValue, type Item, type MutableItem, setAttribute } from "./attribute-value.ts";
import { normalizeNumber } from "./decimal.ts";
import { compareBase64, compareText } from "./ordering.ts";
import { InvalidValue, TableSerialization } from "./table-validation.ts";

/** Levels of a document; an attribute's own value is the first (service quotas, "Nested attributes"). */
export const nestingMax = 32;

const INVALID = "One or more parameter values were invalid: ";
/** A null where a value is due. A null member of a value is something else: an absent one, as everywhere in AWS's JSON. */
const NULL_VALUE = "The supplied Item contains a null AttributeValue";

/**
 * Validates the attributes of a request and gives them their canonical form.
 *
 * @param item an object as `JSON.parse` gives it: attribute names to values in wire form
 * @returns the same object when it was canonical already
 * @throws InvalidValue with AWS's message; TableSerialization for JSON that is no attribute value
 */
export function normalizeItem(item: unknown): Item {
  if (!isObject(item)) throw new TableSerialization("Unexpected value type in payload");
  return normalizeMap(item, 1);
}

/**
 * Validates one value of a request and gives it its canonical form; otherwise as {@link normalizeItem}.
 *
 * Canonical: exactly one type, numbers in plain notation, strings as well-formed Unicode, base64 with zero trailing bits.
 */
export function normalizeValue(value: unknown): AttributeValue {
  return normalizeAt(value, 1);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function normalizeMap(map: Record<string, unknown>, depth: number): Item {
  let copy: MutableItem | undefined;
  for (const name in map) {
    const value = map[name];
    if (value === null) throw new InvalidValue(`${NULL_VALUE}: ${name} is null`);
    const normal = normalizeAt(value, depth);
    if (normal === value) continue;
    copy ??= { ...map } as MutableItem;
    setAttribute(copy, name, normal);
  }
  return copy ?? (map as Item);
}

function normalizeList(list: readonly unknown[], depth: number): readonly AttributeValue[] {
  let copy: AttributeValue[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const normal = normalizeAt(list[i], depth);
    if (normal === list[i]) continue;
    copy ??= list.slice() as AttributeValue[];
    copy[i] = normal;
  }
  return copy ?? (list as readonly AttributeValue[]);
}

function normalizeAt(value: unknown, depth: number): AttributeValue {
  if (value === null) throw new InvalidValue(NULL_VALUE);
  if (!isObject(value)) throw new TableSerialization("Unexpected value type in payload");
  if (depth > nestingMax) {
    throw new InvalidValue(
      "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit",
    );
  }
  let types = 0;
  let others = 0;
  let result: AttributeValue | undefined;
  for (const type in value) {
    const content = value[type];
    const normal = content === null ? undefined : normalizeContent(type, content, depth);
    if (normal === undefined) {
      // A null or unknown member is dropped, as AWS's JSON reader does.
      others++;
      continue;
    }
    types++;
    result =
      normal === content ? (value as unknown as AttributeValue) : ({ [type]: normal } as unknown as AttributeValue);
  }
  if (types === 1) return others === 0 ? result! : onlyType(result!, value);
  throw new InvalidValue(
    types === 0
      ? "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
      : "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
  );
}

/** The one known member of a value that also has members without meaning. */
function onlyType(result: AttributeValue, value: Record<string, unknown>): AttributeValue {
  if ((result as unknown) !== value) return result;
  for (const type in value) {
    if (value[type] !== null && isValueType(type)) return { [type]: value[type] } as unknown as AttributeValue;
  }
  throw new TypeError("a value without a type was counted as having one");
}

function isValueType(type: string): boolean {
  return /^(?:[SNBML]|[SNB]S|NULL|BOOL)$/.test(type);
}

/** The canonical content of a type: the same thing when it was canonical, undefined for a name that is no type. */
function normalizeContent(type: string, content: unknown, depth: number): unknown {
  switch (type) {
    case "S":
      return wellFormed(text(content));
    case "N":
      return normalizeNumber(text(content));
    case "B":
      return canonicalBase64(content);
    case "BOOL":
      return truth(content);
    case "NULL":
      if (!truth(content)) throw new InvalidValue(`${INVALID}Null attribute value types must have the value of true`);
      return content;
    case "M":
      if (!isObject(content)) throw notAMap(content);
      return normalizeMap(content, depth + 1);
    case "L":
      return normalizeList(list(content), depth + 1);
    case "SS":
      return textSet(list(content));
    case "NS":
      return numberSet(list(content));
    case "BS":
      return binarySet(list(content));
    default:
      return undefined;
  }
}

function text(content: unknown): string {
  if (typeof content === "string") return content;
  if (typeof content === "number") {
    const kind = Number.isInteger(content) ? "NUMBER_VALUE" : "DECIMAL_VALUE";
    throw new TableSerialization(`${kind} cannot be converted to String`);
  }
  if (typeof content === "boolean") {
    throw new TableSerialization(`${content ? "TRUE_VALUE" : "FALSE_VALUE"} cannot be converted to String`);
  }
  throw new TableSerialization(
    Array.isArray(content)
      ? "Unrecognized collection type class java.lang.String"
      : "Start of structure or map found where not expected.",
  );
}

function truth(content: unknown): boolean {
  if (typeof content === "boolean") return content;
  throw new TableSerialization("Unexpected token received from parser");
}

function list(content: unknown): readonly unknown[] {
  if (Array.isArray(content)) return content;
  throw new TableSerialization(
    isObject(content) ? "Start of structure or map found where not expected." : "Unexpected field type",
  );
}

function notAMap(content: unknown): TableSerialization {
  return new TableSerialization(
    Array.isArray(content)
      ? "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
      : "Unexpected field type",
  );
}

/** Half a surrogate pair has no UTF-8: it would come back from disk as U+FFFD, so it becomes that at once. */
function wellFormed(content: string): string {
  return content.isWellFormed() ? content : content.toWellFormed();
}

/** Text that is base64 as far as its characters go; the padding is checked by decoding. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function canonicalBase64(content: unknown): string {
  if (typeof content !== "string") {
    throw new TableSerialization("only base-64-encoded strings are convertible to bytes");
  }
  if (content.length % 4 !== 0) {
    throw new TableSerialization(
      `Base64 encoded length is expected a multiple of 4 bytes but found: ${content.length}`,
    );
  }
  if (!BASE64.test(content)) throw new TableSerialization("Invalid Base64 character");
  if (!content.endsWith("=")) return content;
  // Only the bits behind the last byte can differ between two spellings of the same bytes.
  return content.slice(0, -4) + Buffer.from(content.slice(-4), "base64").toString("base64");
}

function textSet(elements: readonly unknown[]): readonly string[] {
  if (elements.length === 0) throw new InvalidValue(`${INVALID}An string set  may not be empty`);
  if (elements.includes(null)) throw new InvalidValue(`${INVALID}An string set may not have a null string as a member`);
  const normal = mapSame(elements, (element) => wellFormed(text(element)));
  if (hasDuplicates(normal)) {
    const [current, older] = listDuplicates(normal, compareText);
    throw new InvalidValue(
      `${INVALID}Input collection [${current.map((element) => `"${element}"`).join(", ")}] contains duplicates.`,
      `${INVALID}Input collection [${older.join(", ")}] contains duplicates.`,
    );
  }
  return normal;
}

function numberSet(elements: readonly unknown[]): readonly string[] {
  if (elements.length === 0) throw new InvalidValue(`${INVALID}An number set  may not be empty`);
  if (elements.includes(null)) throw new InvalidValue("The parameter cannot be converted to a numeric value");
  const normal = mapSame(elements, (element) => normalizeNumber(text(element)));
  if (hasDuplicates(normal)) {
    throw new InvalidValue(`${INVALID}Input collection contains duplicates.`, "Input collection contains duplicates");
  }
  return normal;
}

function binarySet(elements: readonly unknown[]): readonly string[] {
  if (elements.length === 0) throw new InvalidValue(`${INVALID}Binary sets should not be empty`);
  if (elements.includes(null)) throw new InvalidValue(NULL_VALUE);
  const normal = mapSame(elements, canonicalBase64);
  if (hasDuplicates(normal)) {
    const [current, older] = listDuplicates(normal, compareBase64);
    throw new InvalidValue(
      `${INVALID}Input collection [${current.map((element) => `"${element}"`).join(",")}]of type BS contains duplicates.`,
      `${INVALID}Input collection [${older.join(", ")}]of type BS contains duplicates.`,
    );
  }
  return normal;
}

/** Maps elements; the same array when every element stayed the same. */
function mapSame(elements: readonly unknown[], normalize: (element: unknown) => string): readonly string[] {
  let copy: string[] | undefined;
  for (let i = 0; i < elements.length; i++) {
    const normal = normalize(elements[i]);
    if (normal === elements[i]) continue;
    copy ??= elements.slice() as string[];
    copy[i] = normal;
  }
  return copy ?? (elements as readonly string[]);
}

/** Sets up to this size are compared by looking along them. */
const scanMax = 8;

function hasDuplicates(elements: readonly string[]): boolean {
  if (elements.length > scanMax) return new Set(elements).size !== elements.length;
  for (let i = 1; i < elements.length; i++) if (elements.indexOf(elements[i]!) < i) return true;
  return false;
}

/**
 * How AWS's two layers list a set with duplicates: the current one in order up to the first repeat, then the repeat, then the rest as sent; the
 * older one as sent.
 */
function listDuplicates(
  elements: readonly string[],
  compare: (a: string, b: string) => number,
): readonly [current: readonly string[], older: readonly string[]] {
  const seen = new Set<string>();
  const repeat = elements.findIndex((element) => seen.size === seen.add(element).size);
  return [[...elements.slice(0, repeat).sort(compare), ...elements.slice(repeat)], elements];
}
