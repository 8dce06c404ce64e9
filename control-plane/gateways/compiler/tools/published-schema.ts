/** Schemas of descriptions as others are to read them: JSON Schema 2020-12 that refers to nothing outside of itself. Pure. */
import type { JsonObject, JsonValue } from "#foundation/gateway-artifact";
import type { Place, SchemaResources } from "#foundation/json-schema";

type Direction = "request" | "response";
type Schema = boolean | JsonObject;

/** A schema that is deeper, or has more parts, is told in no such way. */
const DEPTH_MAX = 64;
const DEFINITIONS_MAX = 200;

const ONE = new Set([
  "additionalProperties",
  "contains",
  "contentSchema",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
]);
const LIST = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const BY_NAME = new Set(["dependentSchemas", "patternProperties", "properties"]);
const PLAIN = new Set([
  "const",
  "contentEncoding",
  "contentMediaType",
  "default",
  "dependentRequired",
  "deprecated",
  "description",
  "enum",
  "examples",
  "exclusiveMaximum",
  "exclusiveMinimum",
  "maxContains",
  "maxItems",
  "maxLength",
  "maxProperties",
  "maximum",
  "minContains",
  "minItems",
  "minLength",
  "minProperties",
  "minimum",
  "multipleOf",
  "required",
  "title",
  "type",
  "uniqueItems",
]);
/** Of the specification itself (Validation §7.3): others mean something to one reader and nothing to the next. */
const FORMATS = new Set([
  "date",
  "date-time",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "json-pointer",
  "regex",
  "relative-json-pointer",
  "time",
  "uri",
  "uri-reference",
  "uri-template",
  "uuid",
]);

/** What cannot be written down without what is around it. */
class NotPublishable extends Error {}

/** Writes schemas that stand together, with what they refer to in one list of definitions. */
export class PublishedSchemas {
  readonly #resources: SchemaResources;
  readonly #direction: Direction;
  readonly #names = new Map<string, string>();
  readonly #definitions: Record<string, JsonValue> = Object.create(null);

  constructor(resources: SchemaResources, direction: Direction) {
    this.#resources = resources;
    this.#direction = direction;
  }

  /** @returns undefined when it cannot be said exactly */
  write(place: Place): Schema | undefined {
    try {
      return this.#schema(place.schema, place, 0);
    } catch (error) {
      if (error instanceof NotPublishable) return undefined;
      throw error;
    }
  }

  /** To stand at the root under `$defs`; empty when nothing is referred to. */
  get definitions(): JsonObject {
    return Object.fromEntries(Object.entries(this.#definitions));
  }

  #schema(schema: unknown, around: Place, depth: number): Schema {
    if (typeof schema === "boolean") return schema;
    if (!isObject(schema) || depth > DEPTH_MAX) throw new NotPublishable();
    const place = this.#resources.placeOf(schema as never) ?? around;
    const isOld = place.resource.dialect === "openapi-3.0";
    const written: Record<string, JsonValue> = Object.create(null);
    if (typeof schema.$ref === "string") {
      written.$ref = this.#reference(schema.$ref, place, depth);
      // OpenAPI 3.0 §4.7.23: what stands beside it means nothing.
      if (isOld) return plainObject(written);
    }
    if ("$dynamicRef" in schema || "$recursiveRef" in schema) throw new NotPublishable();
    for (const [keyword, value] of Object.entries(schema)) {
      if (ONE.has(keyword)) written[keyword] = this.#schema(value, place, depth + 1);
      else if (LIST.has(keyword) && Array.isArray(value)) {
        written[keyword] = value.map((one) => this.#schema(one, place, depth + 1));
      } else if (BY_NAME.has(keyword) && isObject(value)) {
        written[keyword] = Object.fromEntries(
          Object.entries(value).map(([name, one]) => [name, this.#schema(one, place, depth + 1)]),
        );
      } else if (PLAIN.has(keyword)) written[keyword] = value as JsonValue;
      else if (keyword === "pattern" && isPattern(value)) written[keyword] = value as string;
      else if (keyword === "format" && FORMATS.has(value as string)) written[keyword] = value as string;
    }
    if (isOld) renew(written, schema);
    this.#leaveOneSided(written, schema, place);
    return plainObject(written);
  }

  #reference(reference: string, from: Place, depth: number): string {
    const target = this.#resources.resolve(reference, from.resource);
    if (target === undefined) throw new NotPublishable();
    const key = `${target.document}#${target.pointer}`;
    let name = this.#names.get(key);
    if (name === undefined) {
      if (this.#names.size >= DEFINITIONS_MAX) throw new NotPublishable();
      name = this.#freeName(target.pointer);
      this.#names.set(key, name);
      // There before it is written: it may refer to itself.
      this.#definitions[name] = true;
      this.#definitions[name] = this.#schema(target.schema, target, depth + 1);
    }
    return `#/$defs/${name}`;
  }

  #freeName(pointer: string): string {
    const base = (pointer.split("/").at(-1) ?? "").replace(/[^A-Za-z0-9_.-]/g, "_") || "schema";
    let name = base;
    for (let count = 2; name in this.#definitions; count++) name = `${base}_${count}`;
    return name;
  }

  /** `readOnly` is not sent, `writeOnly` does not come back: nobody is told to give what is refused. */
  #leaveOneSided(written: Record<string, JsonValue>, schema: Readonly<Record<string, unknown>>, place: Place): void {
    if (!isObject(schema.properties)) return;
    const keyword = this.#direction === "request" ? "readOnly" : "writeOnly";
    const left = Object.entries(schema.properties)
      .filter(([, member]) => this.#says(member, keyword, place, 0))
      .map(([name]) => name);
    if (left.length === 0) return;
    if (Array.isArray(written.required))
      written.required = written.required.filter((one) => !left.includes(one as string));
    if (this.#direction === "response") return;
    written.properties = Object.fromEntries(
      Object.entries(written.properties as JsonObject).filter(([name]) => !left.includes(name)),
    );
  }

  #says(schema: unknown, keyword: string, around: Place, hops: number): boolean {
    if (!isObject(schema) || hops > 8) return false;
    if (schema[keyword] === true) return true;
    const place = this.#resources.placeOf(schema as never) ?? around;
    const target = typeof schema.$ref === "string" ? this.#resources.resolve(schema.$ref, place.resource) : undefined;
    if (target !== undefined && this.#says(target.schema, keyword, target, hops + 1)) return true;
    return Array.isArray(schema.allOf) && schema.allOf.some((one) => this.#says(one, keyword, place, hops + 1));
  }
}

/** OpenAPI 3.0 in the words of 2020-12. */
function renew(written: Record<string, JsonValue>, { nullable, type }: Readonly<Record<string, unknown>>): void {
  if (nullable === true && typeof type === "string") written.type = [type, "null"];
  for (const [bound, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    if (written[exclusive] === true && written[bound] !== undefined) {
      written[exclusive] = written[bound];
      delete written[bound];
    } else if (typeof written[exclusive] === "boolean") delete written[exclusive];
  }
}

function isPattern(value: unknown): boolean {
  try {
    return typeof value === "string" && new RegExp(value, "u") !== undefined;
  } catch {
    return false;
  }
}

const plainObject = (written: Record<string, JsonValue>): JsonObject => Object.fromEntries(Object.entries(written));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
