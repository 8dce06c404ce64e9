/**
 * What a changed schema surely breaks. It finds what is plain (types, enumerations, members that are needed) and leaves the rest alone: no finding does not mean that nothing
 * breaks. Pure.
 */
import { atPointer, placeOf, type SchemaPlace } from "./schema-places.ts";

/** Callers send what they sent before, and read what they could read before. */
export type Direction = "request" | "response";

export interface SchemaIn extends SchemaPlace {
  /** Documents by their addresses. */
  readonly roots: ReadonlyMap<string, unknown>;
}

type SchemaObject = Readonly<Record<string, unknown>>;
const DEPTH_MAX = 24;
/** What says something about values beside a list of types, so that the list is not all. */
const COMPOSED = ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if"];
const TYPES = ["null", "boolean", "object", "array", "number", "string"];

/** Sentences without a subject: `takes no text any more`. Empty: nothing is plain. */
export function schemaChanges(before: SchemaIn, after: SchemaIn, direction: Direction): readonly string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const compare = (left: SchemaIn, right: SchemaIn, path: string, depth: number): void => {
    const [old, next] = [followed(left), followed(right)];
    const pair = `${old?.at.uri}#${old?.at.pointer} ${next?.at.uri}#${next?.at.pointer}`;
    if (old === undefined || next === undefined || depth > DEPTH_MAX || seen.has(pair)) return;
    seen.add(pair);
    const [narrow, wide] = direction === "request" ? [next.schema, old.schema] : [old.schema, next.schema];
    // What was right once has to stay right: the wide one's values are those that the narrow one must have too.
    const what = path === "" ? "the value" : path;
    const lost = lostTypes(wide, narrow);
    if (lost.length > 0)
      found.push(
        `${direction === "request" ? "takes no" : "may have"} ${lost.join(" or ")} ${direction === "request" ? "any more" : "now"} as ${what}`,
      );
    for (const value of lostValues(wide, narrow)) {
      found.push(direction === "request" ? `takes ${value} no more as ${what}` : `may have ${value} now as ${what}`);
    }
    for (const name of neededNow(wide, narrow)) {
      found.push(direction === "request" ? `needs ${path}/${name} now` : `may leave out ${path}/${name} now`);
    }
    for (const [step, name] of sharedParts(old.schema, next.schema)) {
      const part = ({ roots, uri, pointer }: SchemaIn): SchemaIn => ({ roots, uri, pointer: pointer + step });
      compare(part(old.at), part(next.at), `${path}/${name}`, depth + 1);
    }
  };
  compare(before, after, "", 0);
  return found;
}

/** The schema behind references that stand alone; undefined when there is none that can be judged by itself. */
function followed(start: SchemaIn): { readonly at: SchemaIn; readonly schema: SchemaObject } | undefined {
  let at = start;
  for (let hops = 0; hops < 16; hops++) {
    const schema = atPointer(at.roots.get(at.uri), at.pointer);
    // Below a base of its own, references lead elsewhere.
    if (!isObject(schema) || "$id" in schema) return undefined;
    if (typeof schema.$ref !== "string") return { at, schema };
    if (Object.keys(schema).some((name) => name !== "$ref" && name !== "description" && name !== "summary")) {
      return undefined;
    }
    at = { roots: at.roots, ...placeOf(schema.$ref, at.uri) };
  }
  return undefined;
}

/** Types that the one lets a value be, and the other does not. */
function lostTypes(wide: SchemaObject, narrow: SchemaObject): readonly string[] {
  const allowed = typesOf(narrow);
  // What is listed or composed says by itself which types there are.
  if (allowed === undefined || "enum" in wide || "const" in wide || COMPOSED.some((name) => name in wide)) return [];
  return (typesOf(wide) ?? TYPES).filter(
    (type) => !allowed.includes(type) && !(type === "integer" && allowed.includes("number")),
  );
}

function typesOf({ type, nullable }: SchemaObject): readonly string[] | undefined {
  const types = (Array.isArray(type) ? type : [type]).filter((one) => typeof one === "string");
  if (types.length === 0) return undefined;
  return nullable === true ? [...types, "null"] : types;
}

/** Values of the one's list, in JSON, that the other's has not. */
function lostValues(wide: SchemaObject, narrow: SchemaObject): readonly string[] {
  if (!Array.isArray(wide.enum) || !Array.isArray(narrow.enum)) return [];
  const allowed = new Set(narrow.enum.map((one) => JSON.stringify(one)));
  return wide.enum.map((one) => JSON.stringify(one)).filter((one) => !allowed.has(one));
}

function neededNow(wide: SchemaObject, narrow: SchemaObject): readonly string[] {
  if (!Array.isArray(narrow.required) || COMPOSED.some((name) => name in wide)) return [];
  const before = new Set(Array.isArray(wide.required) ? wide.required : []);
  return narrow.required.filter((name) => typeof name === "string" && !before.has(name));
}

/** Pointers and names of members and items that both speak of. */
function sharedParts(old: SchemaObject, next: SchemaObject): readonly (readonly [step: string, name: string])[] {
  const { properties: was, items } = old;
  const is = next.properties;
  const members = isObject(was) && isObject(is) ? Object.keys(was).filter((name) => Object.hasOwn(is, name)) : [];
  return [
    ...members.map((name) => [`/properties/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, name] as const),
    ...(isObject(items) && isObject(next.items) ? [["/items", "*"] as const] : []),
  ];
}

const isObject = (value: unknown): value is SchemaObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
