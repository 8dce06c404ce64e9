/** The schema object of OpenAPI 3.0 (§4.7.24), in the words of 2020-12. */
import { isObject, type JsonObject } from "./json.ts";

/** What it knows; everything else is without meaning there. */
const KNOWN = [
  "multipleOf",
  "maximum",
  "minimum",
  "maxLength",
  "minLength",
  "pattern",
  "maxItems",
  "minItems",
  "uniqueItems",
  "maxProperties",
  "minProperties",
  "required",
  "enum",
  "type",
  "not",
  "allOf",
  "oneOf",
  "anyOf",
  "items",
  "properties",
  "additionalProperties",
  "format",
];

export function openApi30Keywords(schema: JsonObject): JsonObject {
  // What stands beside a reference is ignored (§4.7.23).
  if (typeof schema.$ref === "string") return { $ref: schema.$ref };
  const meant: Record<string, unknown> = {};
  for (const name of KNOWN) if (Object.hasOwn(schema, name)) meant[name] = schema[name];
  if (schema.nullable === true) {
    // It widens the type; without one it says nothing.
    if (typeof schema.type === "string") meant.type = [schema.type, "null"];
  }
  // There a bound is made exclusive by a flag beside it.
  if (schema.exclusiveMaximum === true && typeof schema.maximum === "number") {
    meant.exclusiveMaximum = schema.maximum;
    delete meant.maximum;
  }
  if (schema.exclusiveMinimum === true && typeof schema.minimum === "number") {
    meant.exclusiveMinimum = schema.minimum;
    delete meant.minimum;
  }
  if (!isObject(meant.items) && typeof meant.items !== "boolean") delete meant.items;
  return meant;
}
