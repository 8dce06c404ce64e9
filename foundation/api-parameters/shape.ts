/** The shape of a parameter's value, out of its schema. Pure. */
import type { ScalarType, ValueShape } from "./parameter.ts";

type Schema = unknown;
type SchemaObject = Readonly<Record<string, unknown>>;

/** Follows a reference; undefined when it leads nowhere. */
export type Resolve = (reference: string) => Schema;

const SCALARS: readonly ScalarType[] = ["null", "boolean", "integer", "number", "string"];
/** References in references; beyond it nothing more is known of a value. */
const DEPTH_MAX = 16;

/**
 * What the schema lets a value be: an object where it speaks of members, an array where it speaks of items, text otherwise. Alternatives are taken together: whether the
 * value fits is for the schema itself to say, afterwards.
 */
export function shapeOf(schema: Schema, resolve: Resolve): ValueShape {
  const found: Found = {
    types: new Set(),
    items: undefined,
    properties: new Map(),
    others: undefined,
    isClosed: false,
  };
  look(schema, resolve, found, 0);
  const { types, items, properties, others } = found;
  if (types.has("object") || (types.size === 0 && properties.size > 0)) {
    const members = Object.fromEntries(Array.from(properties, ([name, one]) => [name, memberShape(one, resolve)]));
    const rest = found.isClosed ? undefined : others === undefined ? TEXT : memberShape(others, resolve);
    return { kind: "object", properties: members, others: rest };
  }
  if (types.has("array") || (types.size === 0 && items !== undefined)) {
    return { kind: "array", items: items === undefined ? [] : scalarTypes(items, resolve) };
  }
  return { kind: "scalar", types: SCALARS.filter((type) => types.has(type)) };
}

const TEXT: ValueShape = { kind: "scalar", types: [] };

interface Found {
  readonly types: Set<string>;
  items: Schema | undefined;
  readonly properties: Map<string, Schema>;
  others: Schema | undefined;
  isClosed: boolean;
}

const isObject = (value: unknown): value is SchemaObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function look(schema: Schema, resolve: Resolve, found: Found, depth: number): void {
  if (!isObject(schema) || depth > DEPTH_MAX) return;
  if (typeof schema.$ref === "string") look(resolve(schema.$ref), resolve, found, depth + 1);
  const { type } = schema;
  for (const one of Array.isArray(type) ? type : [type]) if (typeof one === "string") found.types.add(one);
  if (schema.nullable === true) found.types.add("null");
  for (const choice of Array.isArray(schema.enum) ? schema.enum : "const" in schema ? [schema.const] : []) {
    if (type === undefined) found.types.add(typeNameOf(choice));
  }
  if (schema.items !== undefined) found.items = schema.items;
  if (isObject(schema.properties))
    for (const [name, one] of Object.entries(schema.properties)) found.properties.set(name, one);
  if (schema.additionalProperties === false) found.isClosed = true;
  else if (isObject(schema.additionalProperties)) found.others = schema.additionalProperties;
  for (const keyword of ["allOf", "anyOf", "oneOf"]) {
    const schemas = schema[keyword];
    if (Array.isArray(schemas)) for (const one of schemas) look(one, resolve, found, depth + 1);
  }
}

function typeNameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" ? "number" : typeof value;
}

function scalarTypes(schema: Schema, resolve: Resolve): readonly ScalarType[] {
  const shape = shapeOf(schema, resolve);
  return shape.kind === "scalar" ? shape.types : [];
}

/** Members of a parameter are text, or arrays of it (which only deep objects can have). */
function memberShape(schema: Schema, resolve: Resolve): ValueShape {
  const found: Found = {
    types: new Set(),
    items: undefined,
    properties: new Map(),
    others: undefined,
    isClosed: false,
  };
  look(schema, resolve, found, 0);
  if (found.types.has("array") || (found.types.size === 0 && found.items !== undefined)) {
    return { kind: "array", items: found.items === undefined ? [] : scalarTypes(found.items, resolve) };
  }
  return { kind: "scalar", types: SCALARS.filter((type) => found.types.has(type)) };
}
