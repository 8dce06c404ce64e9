/** The value of a parameter, out of what was sent. Pure. */
import type { Parameter, ScalarType, ValueShape } from "./parameter.ts";
import { plusDecoded, type RawQuery } from "./raw-query.ts";
import { decoded, scalarOf } from "./scalars.ts";

/** What was sent, cut into its places and not decoded. */
export interface SentParameters {
  /** As it stands in the path; undefined when it has none of that name. */
  path(name: string): string | undefined;
  readonly query: RawQuery;
  /** All values of a header, in order; `[]` when it is absent. @param name in lower case */
  header(name: string): readonly string[];
  readonly cookies: ReadonlyMap<string, readonly string[]>;
}

export type ReadParameter =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "absent" }
  /** There, and to be taken without looking at it (`allowEmptyValue`). */
  | { readonly kind: "empty" }
  | { readonly kind: "broken"; readonly problem: string };

const ABSENT: ReadParameter = { kind: "absent" };
const broken = (problem: string): ReadParameter => ({ kind: "broken", problem });
const BAD_ESCAPES = broken("is not percent-encoded correctly, or is not UTF-8");
const TWICE = broken("is there more than once");
const value = (of: unknown): ReadParameter => ({ kind: "value", value: of });

type Decode = (text: string) => string | undefined;
const plain: Decode = (text) => text;

/** Members that are made of pairs, by name: safe for every name. */
function objectOf(pairs: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(pairs);
}

/** @returns the parameter's value, made of what its schema lets it be; whether it fits is still to be seen */
export function readParameter(parameter: Parameter, sent: SentParameters): ReadParameter {
  switch (parameter.in) {
    case "path": {
      const raw = sent.path(parameter.name);
      return raw === undefined ? ABSENT : readPath(parameter, raw);
    }
    case "query":
      return readQuery(parameter, sent.query);
    case "header": {
      const values = sent.header(parameter.name.toLowerCase());
      return values.length === 0 ? ABSENT : readHeader(parameter, values);
    }
    case "cookie":
      return readCookie(parameter, sent.cookies);
  }
}

function readPath(parameter: Parameter, raw: string): ReadParameter {
  const { style, name, explode, shape } = parameter;
  if (parameter.isJson) return readJson(decoded(raw));
  if (style === "label") {
    if (!raw.startsWith(".")) return broken('must begin with "."');
    return delimited(parameter, raw.slice(1), explode ? "." : ",", decoded);
  }
  if (style !== "matrix") return delimited(parameter, raw, ",", decoded);
  if (!raw.startsWith(";")) return broken('must begin with ";"');
  const parts = raw.slice(1).split(";");
  if (shape.kind === "object" && explode) return pairsOf(shape, parts, decoded);
  const own: string[] = [];
  for (const part of parts) {
    const equals = part.indexOf("=");
    const key = decoded(equals === -1 ? part : part.slice(0, equals));
    if (key !== name) return broken(`must be written as ";${name}=…"`);
    own.push(equals === -1 ? "" : part.slice(equals + 1));
  }
  if (shape.kind === "array" && explode) return arrayOf(own, shape.items, decoded);
  return own.length === 1 ? delimited(parameter, own[0]!, ",", decoded) : TWICE;
}

function readHeader(parameter: Parameter, values: readonly string[]): ReadParameter {
  const { shape } = parameter;
  if (parameter.isJson) return values.length === 1 ? readJson(values[0]) : TWICE;
  // A field that is there several times is a list (RFC 9110 §5.3), and one value is none.
  if (shape.kind === "scalar") return values.length === 1 ? value(scalarOf(values[0]!, shape.types)) : TWICE;
  const whole = values.join(",");
  return delimited(parameter, whole, ",", plain, (part) => part.trim());
}

function readCookie(parameter: Parameter, cookies: SentParameters["cookies"]): ReadParameter {
  const { name, shape, explode, style } = parameter;
  const decode = style === "cookie" ? plain : decoded;
  if (shape.kind === "object" && explode && !parameter.isJson) {
    const pairs: [string, unknown][] = [];
    for (const [member, one] of Object.entries(shape.properties)) {
      const raw = cookies.get(member);
      if (raw === undefined) continue;
      if (raw.length > 1) return TWICE;
      const text = decode(raw[0]!);
      if (text === undefined) return BAD_ESCAPES;
      pairs.push([member, one.kind === "scalar" ? scalarOf(text, one.types) : text]);
    }
    return pairs.length === 0 ? ABSENT : value(objectOf(pairs));
  }
  const raw = cookies.get(name);
  if (raw === undefined) return ABSENT;
  if (shape.kind === "array" && explode) return arrayOf(raw, shape.items, decode);
  if (raw.length > 1) return TWICE;
  return parameter.isJson ? readJson(decode(raw[0]!)) : delimited(parameter, raw[0]!, ",", decode);
}

function readQuery(parameter: Parameter, query: RawQuery): ReadParameter {
  const { name, shape, style, explode } = parameter;
  if (style === "deepObject" && shape.kind === "object") return readDeep(name, shape, query);
  if (shape.kind === "object" && explode && style === "form" && !parameter.isJson) return readSpread(shape, query);
  const sent = query.byName.get(name);
  if (sent === undefined) return ABSENT;
  if (parameter.allowEmptyValue && sent.every((one) => one === undefined || one === "")) return { kind: "empty" };
  if (shape.kind === "array" && explode && !parameter.isJson) {
    return arrayOf(
      sent.map((one) => one ?? ""),
      shape.items,
      plusDecoded,
    );
  }
  if (sent.length > 1) return TWICE;
  const raw = sent[0] ?? "";
  if (parameter.isJson) return readJson(plusDecoded(raw));
  if (style === "spaceDelimited") return delimited(parameter, raw.replaceAll("%20", "+"), "+", decoded);
  if (style === "pipeDelimited") return delimited(parameter, raw.replaceAll(/%7c/gi, "|"), "|", plusDecoded);
  return delimited(parameter, raw, ",", plusDecoded);
}

/** `name[member]=value` */
function readDeep(name: string, shape: Extract<ValueShape, { kind: "object" }>, query: RawQuery): ReadParameter {
  const pairs: [string, unknown][] = [];
  for (const [key, sent] of query.byName) {
    if (!key.startsWith(`${name}[`) || !key.endsWith("]")) continue;
    const member = key.slice(name.length + 1, -1);
    // Deeper is defined nowhere.
    if (member === "" || member.includes("[") || member.includes("]"))
      return broken(`has a member that is written as ${JSON.stringify(key)}: only ${name}[MEMBER] is`);
    const one = memberOf(shape, member);
    const texts = sent.map((raw) => plusDecoded(raw ?? ""));
    if (texts.includes(undefined)) return BAD_ESCAPES;
    if (one?.kind === "array") pairs.push([member, texts.map((text) => scalarOf(text!, one.items))]);
    else if (texts.length > 1) return TWICE;
    else pairs.push([member, one?.kind === "scalar" ? scalarOf(texts[0]!, one.types) : texts[0]]);
  }
  return pairs.length === 0 ? ABSENT : value(objectOf(pairs));
}

/** Each member is a parameter of the query itself; which of the others are its own nobody can know, so only those that are named count. */
function readSpread(shape: Extract<ValueShape, { kind: "object" }>, query: RawQuery): ReadParameter {
  const pairs: [string, unknown][] = [];
  for (const [member, one] of Object.entries(shape.properties)) {
    const sent = query.byName.get(member);
    if (sent === undefined) continue;
    const texts = sent.map((raw) => plusDecoded(raw ?? ""));
    if (texts.includes(undefined)) return BAD_ESCAPES;
    if (one.kind === "array") pairs.push([member, texts.map((text) => scalarOf(text!, one.items))]);
    else if (texts.length > 1) return TWICE;
    else pairs.push([member, one.kind === "scalar" ? scalarOf(texts[0]!, one.types) : texts[0]]);
  }
  return pairs.length === 0 ? ABSENT : value(objectOf(pairs));
}

function memberOf(
  { properties, others }: Extract<ValueShape, { kind: "object" }>,
  name: string,
): ValueShape | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : others;
}

/** One text with everything in it. Delimiters are looked for before decoding: an encoded one is part of a value. */
function delimited(
  parameter: Parameter,
  raw: string,
  delimiter: string,
  decode: Decode,
  clean: (part: string) => string = plain as (part: string) => string,
): ReadParameter {
  const { shape, explode } = parameter;
  if (shape.kind === "scalar") {
    const text = decode(raw);
    return text === undefined ? BAD_ESCAPES : value(scalarOf(text, shape.types));
  }
  // An empty list and a list of one empty text are written in the same way: the first is meant.
  const parts = raw === "" ? [] : raw.split(delimiter).map(clean);
  if (shape.kind === "array") return arrayOf(parts, shape.items, decode);
  if (explode) return pairsOf(shape, parts, decode);
  if (parts.length % 2 !== 0) return broken("must have a value for each of its members");
  return membersOf(
    shape,
    Array.from({ length: parts.length / 2 }, (_, index) => [parts[2 * index]!, parts[2 * index + 1]!] as const),
    decode,
  );
}

function arrayOf(parts: readonly string[], types: readonly ScalarType[], decode: Decode): ReadParameter {
  const items: unknown[] = [];
  for (const part of parts) {
    const text = decode(part);
    if (text === undefined) return BAD_ESCAPES;
    items.push(scalarOf(text, types));
  }
  return value(items);
}

/** `member=value` */
function pairsOf(
  shape: Extract<ValueShape, { kind: "object" }>,
  parts: readonly string[],
  decode: Decode,
): ReadParameter {
  const pairs: (readonly [string, string])[] = [];
  for (const part of parts) {
    const equals = part.indexOf("=");
    if (equals === -1) return broken("must have its members as NAME=VALUE");
    pairs.push([part.slice(0, equals), part.slice(equals + 1)]);
  }
  return membersOf(shape, pairs, decode);
}

function membersOf(
  shape: Extract<ValueShape, { kind: "object" }>,
  raw: readonly (readonly [string, string])[],
  decode: Decode,
): ReadParameter {
  const pairs: [string, unknown][] = [];
  const seen = new Set<string>();
  for (const [rawName, rawValue] of raw) {
    const [name, text] = [decode(rawName), decode(rawValue)];
    if (name === undefined || text === undefined) return BAD_ESCAPES;
    if (seen.has(name)) return broken(`has the member ${JSON.stringify(name)} more than once`);
    seen.add(name);
    const one = memberOf(shape, name);
    pairs.push([name, one?.kind === "scalar" ? scalarOf(text, one.types) : text]);
  }
  return value(objectOf(pairs));
}

function readJson(text: string | undefined): ReadParameter {
  if (text === undefined) return BAD_ESCAPES;
  try {
    return value(JSON.parse(text));
  } catch {
    return broken("must be JSON");
  }
}
