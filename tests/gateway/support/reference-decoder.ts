/**
 * What a parameter's text means, by the words of OpenAPI 3.1 (§4.8.12, appendices C to E) and RFC 6570 alone: short, slow, and sharing nothing with the gateway. An oracle for tests.
 *
 * Where the specification leaves something open, this is what is taken here:
 * - an empty list is the same text as a list of one empty text; it is read as empty;
 * - a value of one part that is there twice is an error, and so is a member that is there twice;
 * - fields of headers are not percent-encoded (appendix D), cookies are, and know no `+`;
 * - members of an exploded `form` object that the schema does not name belong to others.
 */

export interface ReferenceParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header" | "cookie";
  readonly style: "simple" | "label" | "matrix" | "form" | "spaceDelimited" | "pipeDelimited" | "deepObject";
  readonly explode: boolean;
  readonly required: boolean;
  readonly allowEmptyValue: boolean;
  readonly type: ReferenceType;
}

export type ScalarName = "string" | "integer" | "number" | "boolean";
export type ReferenceType =
  | ScalarName
  | { readonly items: ScalarName }
  /** Members that are named; any others are text. */
  | { readonly members: Readonly<Record<string, ScalarName>> };

/** Thrown inside; nobody sees it. */
class Broken extends Error {}

export type Decoded = { readonly value: unknown } | "absent" | "empty" | "broken";

/** @param raw the path's segment, the query, the field's value, or the Cookie field */
export function decodeReference(parameter: ReferenceParameter, raw: string): Decoded {
  try {
    return DECODERS[parameter.in](parameter, raw);
  } catch (error) {
    if (error instanceof Broken) return "broken";
    throw error;
  }
}

/** Whether a value is of the type; what was no number or boolean has stayed text. */
export function isOfType(type: ReferenceType, value: unknown): boolean {
  if (typeof type === "string") {
    if (type === "integer") return Number.isInteger(value);
    return typeof value === type;
  }
  if ("items" in type) return Array.isArray(value) && value.every((item) => isOfType(type.items, item));
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, member]) => isOfType(type.members[name] ?? "string", member));
}

const DECODERS: Readonly<Record<ReferenceParameter["in"], (parameter: ReferenceParameter, raw: string) => Decoded>> = {
  path(parameter, raw) {
    const { style, explode, name } = parameter;
    if (style === "simple") return { value: unpacked(parameter, raw, ",", ",", percent) };
    const prefix = style === "label" ? "." : ";";
    if (!raw.startsWith(prefix)) throw new Broken();
    const rest = raw.slice(1);
    if (style === "label")
      return { value: unpacked(parameter, rest, explode ? "." : ",", explode ? "." : ",", percent) };
    const pairs = rest.split(";").map((pair) => cut(pair, "="));
    if (isObject(parameter) && explode) {
      return {
        value: membersOf(
          parameter,
          pairs.map(([key, value]) => [percent(key), percent(need(value))]),
        ),
      };
    }
    const values = pairs.map(([key, value = ""]) => {
      if (percent(key) !== name) throw new Broken();
      return value;
    });
    if (isList(parameter) && explode) return { value: listOf(parameter, values.map(percent)) };
    return { value: unpacked(parameter, only(values), ",", ",", percent) };
  },

  query(parameter, raw) {
    const { style, explode, name, allowEmptyValue } = parameter;
    const pairs = raw
      .split("&")
      .filter((pair) => pair !== "")
      .map((pair) => cut(pair, "="))
      .map(([key, value]) => [plus(key), value ?? ""] as const);
    if (style === "deepObject") {
      const members = pairs.flatMap(([key, value]) => {
        if (!(key.startsWith(`${name}[`) && key.endsWith("]"))) return [];
        const member = key.slice(name.length + 1, -1);
        if (/^$|[[\]]/.test(member)) throw new Broken();
        return [[member, plus(value)] as const];
      });
      return members.length === 0 ? "absent" : { value: membersOf(parameter, members) };
    }
    if (isObject(parameter) && explode) return exploded(parameter, pairs, plus);
    const own = pairs.filter(([key]) => key === name).map(([, value]) => value);
    if (own.length === 0) return "absent";
    if (allowEmptyValue && own.every((value) => value === "")) return "empty";
    if (isList(parameter) && explode) return { value: listOf(parameter, own.map(plus)) };
    const text = only(own);
    if (style === "spaceDelimited") return { value: unpacked(parameter, text.replace(/%20/g, "+"), "+", "+", percent) };
    if (style === "pipeDelimited") return { value: unpacked(parameter, text.replace(/%7C/gi, "|"), "|", "|", plus) };
    return { value: unpacked(parameter, text, ",", ",", plus) };
  },

  header(parameter, raw) {
    return { value: unpacked(parameter, raw, ",", ",", (text) => text.trim()) };
  },

  cookie(parameter, raw) {
    const { explode, name } = parameter;
    const pairs = raw
      .split(";")
      .filter((pair) => pair.includes("="))
      .map((pair) => cut(pair, "="))
      .map(([key, value = ""]) => [key.trim(), value.trim()] as const);
    if (isObject(parameter) && explode) return exploded(parameter, pairs, percent);
    const own = pairs.filter(([key]) => key === name).map(([, value]) => value);
    if (own.length === 0) return "absent";
    if (isList(parameter) && explode) return { value: listOf(parameter, own.map(percent)) };
    return { value: unpacked(parameter, only(own), ",", ",", percent) };
  },
};

/** One text with everything in it (RFC 6570 §3.2.1): delimiters first, then escapes. */
function unpacked(
  parameter: ReferenceParameter,
  text: string,
  ofItems: string,
  ofPairs: string,
  decode: (text: string) => string,
): unknown {
  if (isList(parameter)) return listOf(parameter, text === "" ? [] : text.split(ofItems).map(decode));
  if (!isObject(parameter)) return scalar(parameter.type as ScalarName, decode(text));
  const parts = text === "" ? [] : text.split(ofPairs);
  if (parameter.explode) {
    const pairs = parts.map((part) => cut(parameter.in === "header" ? part.trim() : part, "="));
    return membersOf(
      parameter,
      pairs.map(([key, value]) => [decode(key), decode(need(value))]),
    );
  }
  if (parts.length % 2 === 1) throw new Broken();
  const pairs = parts.flatMap((part, index) =>
    index % 2 === 0 ? [[decode(part), decode(parts[index + 1]!)] as const] : [],
  );
  return membersOf(parameter, pairs);
}

function exploded(
  parameter: ReferenceParameter,
  pairs: readonly (readonly [string, string])[],
  decode: (text: string) => string,
): Decoded {
  const { members } = parameter.type as Extract<ReferenceType, { members: unknown }>;
  const named = pairs
    .filter(([key]) => Object.hasOwn(members, key))
    .map(([key, value]) => [key, decode(value)] as const);
  return named.length === 0 ? "absent" : { value: membersOf(parameter, named) };
}

const isList = ({ type }: ReferenceParameter): boolean => typeof type === "object" && "items" in type;
const isObject = ({ type }: ReferenceParameter): boolean => typeof type === "object" && "members" in type;

function listOf({ type }: ReferenceParameter, texts: readonly string[]): unknown {
  return texts.map((text) => scalar((type as { readonly items: ScalarName }).items, text));
}

function membersOf({ type }: ReferenceParameter, pairs: readonly (readonly [string, string])[]): unknown {
  const { members } = type as Extract<ReferenceType, { members: unknown }>;
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Broken();
  return Object.fromEntries(
    pairs.map(([name, text]) => [name, Object.hasOwn(members, name) ? scalar(members[name]!, text) : text]),
  );
}

function scalar(type: ScalarName, text: string): unknown {
  if (type === "string" || text === "" || /\s/.test(text)) return text;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (type === "boolean") return typeof value === "boolean" ? value : text;
  return typeof value === "number" && Number.isFinite(value) && (type === "number" || Number.isInteger(value))
    ? value
    : text;
}

function percent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Broken();
  }
}

/** As forms are (HTML, appendix E). */
const plus = (text: string): string => percent(text.split("+").join("%20"));

function cut(text: string, at: string): readonly [string, string | undefined] {
  const index = text.indexOf(at);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

function need(value: string | undefined): string {
  if (value === undefined) throw new Broken();
  return value;
}

function only(values: readonly string[]): string {
  if (values.length !== 1) throw new Broken();
  return values[0]!;
}
