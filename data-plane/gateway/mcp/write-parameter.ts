/** Values of parameters as OpenAPI writes them (3.1 §4.8.12): the other direction of `readParameter`. Pure. */
import type { PlannedParameter } from "#foundation/gateway-artifact";

/** What a value cannot be written as. The message stands behind the name of the parameter. */
export class Unwritable extends Error {
  override readonly name = "Unwritable";
}

type Written = Pick<PlannedParameter, "name" | "style" | "explode" | "isJson" | "shape">;
type Pair = readonly [name: string, value: string];

/** A value of one segment of a path, percent-encoded. @throws Unwritable */
export function pathText(parameter: Written, value: unknown): string {
  const { name, style, explode, isJson } = parameter;
  if (isJson) return encoded(JSON.stringify(value));
  checkKind(parameter, value);
  // A dot within a value would end it where dots stand between values.
  const one = (part: unknown): string => (style === "label" ? encoded(part).replaceAll(".", "%2E") : encoded(part));
  const separator = explode && style === "label" ? "." : explode && style === "matrix" ? ";" : ",";
  if (style === "matrix") {
    if (Array.isArray(value) && explode) return value.map((part) => `;${encoded(name)}=${one(part)}`).join("");
    if (isObject(value) && explode)
      return pairsOf(value)
        .map(([key, part]) => `;${one(key)}=${one(part)}`)
        .join("");
    return `;${encoded(name)}=${listed(value, false, ",", one)}`;
  }
  return `${style === "label" ? "." : ""}${listed(value, explode, separator, one)}`;
}

/** Pairs of a query, percent-encoded. @throws Unwritable */
export function queryPairs(parameter: Written, value: unknown): readonly Pair[] {
  const { style, explode, isJson } = parameter;
  const name = encoded(parameter.name);
  if (isJson) return [[name, encoded(JSON.stringify(value))]];
  checkKind(parameter, value);
  if (Array.isArray(value) && explode) return value.map((part) => [name, encoded(part)] as const);
  if (isObject(value) && style === "deepObject") {
    return pairsOf(value).flatMap(([key, part]) =>
      (Array.isArray(part) ? part : [part]).map((one) => [`${name}%5B${encoded(key)}%5D`, encoded(one)] as const),
    );
  }
  if (isObject(value) && explode && style === "form") {
    return pairsOf(value).flatMap(([key, part]) =>
      (Array.isArray(part) ? part : [part]).map((one) => [encoded(key), encoded(one)] as const),
    );
  }
  const separator = style === "spaceDelimited" ? "%20" : style === "pipeDelimited" ? "%7C" : ",";
  return [[name, listed(value, false, separator, encoded)]];
}

/** The value of a field. @throws Unwritable */
export function headerText(parameter: Written, value: unknown): string {
  if (!parameter.isJson) checkKind(parameter, value);
  const text = parameter.isJson ? JSON.stringify(value) : listed(value, parameter.explode, ",", plain);
  // One character for each octet, and none that ends a line (RFC 9110 §5.5).
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) throw new Unwritable("has signs that no header can have");
  return text.trim();
}

/** Pairs for the field `Cookie`. @throws Unwritable */
export function cookiePairs(parameter: Written, value: unknown): readonly Pair[] {
  const { name, explode, isJson, style } = parameter;
  const one = style === "cookie" ? plainCookie : encoded;
  if (isJson) return [[name, one(JSON.stringify(value))]];
  checkKind(parameter, value);
  if (Array.isArray(value) && explode) return value.map((part) => [name, one(part)] as const);
  if (isObject(value) && explode) return pairsOf(value).map(([key, part]) => [cookieName(key), one(part)] as const);
  return [[name, listed(value, false, ",", one)]];
}

function listed(value: unknown, explode: boolean, separator: string, one: (part: unknown) => string): string {
  if (Array.isArray(value)) return value.map(one).join(separator);
  if (!isObject(value)) return one(value);
  return pairsOf(value)
    .map(([key, part]) => (explode ? `${one(key)}=${one(part)}` : `${one(key)}${separator}${one(part)}`))
    .join(separator);
}

/** A list or an object is no text, even where its text would pass for one. */
function checkKind({ shape }: Written, value: unknown): void {
  const isRight =
    shape.kind === "array" ? Array.isArray(value) : shape.kind === "object" ? isObject(value) : !isComposed(value);
  if (isRight) return;
  throw new Unwritable(
    `must be ${shape.kind === "array" ? "a list" : shape.kind === "object" ? "an object" : "one value"}`,
  );
}

function plain(part: unknown): string {
  if (typeof part === "string") return part;
  return isComposed(part) ? JSON.stringify(part) : String(part);
}

function encoded(part: unknown): string {
  try {
    return encodeURIComponent(plain(part));
  } catch {
    throw new Unwritable("is not Unicode");
  }
}

/** RFC 6265 §4.1.1. */
function plainCookie(part: unknown): string {
  const text = plain(part);
  if (!/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(text))
    throw new Unwritable("has signs that no cookie can have");
  return text;
}

function cookieName(name: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw new Unwritable("has a member whose name no cookie can have");
  return name;
}

const pairsOf = (value: object): readonly (readonly [string, unknown])[] => Object.entries(value);
const isComposed = (value: unknown): boolean => typeof value === "object" && value !== null;
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isComposed(value) && !Array.isArray(value);
