/** Which keywords of a schema hold schemas (JSON Schema 2020-12 §10, §11; OpenAPI 3.0 §4.7.24). Everything else is data, whatever it looks like. */
import type { SchemaDialect } from "../model.ts";

/** `inPlace`: it judges the same value as the schema that holds it. */
export interface SchemaKeyword {
  readonly holds: "schema" | "list" | "map" | "schemaOrList";
  readonly inPlace?: boolean;
}

const OPENAPI_30: Readonly<Record<string, SchemaKeyword>> = {
  properties: { holds: "map" },
  additionalProperties: { holds: "schema" },
  items: { holds: "schema" },
  not: { holds: "schema", inPlace: true },
  allOf: { holds: "list", inPlace: true },
  anyOf: { holds: "list", inPlace: true },
  oneOf: { holds: "list", inPlace: true },
};

const DRAFT_2020: Readonly<Record<string, SchemaKeyword>> = {
  ...OPENAPI_30,
  patternProperties: { holds: "map" },
  propertyNames: { holds: "schema" },
  unevaluatedProperties: { holds: "schema" },
  unevaluatedItems: { holds: "schema" },
  prefixItems: { holds: "list" },
  contains: { holds: "schema" },
  contentSchema: { holds: "schema" },
  dependentSchemas: { holds: "map", inPlace: true },
  if: { holds: "schema", inPlace: true },
  // biome-ignore lint/suspicious/noThenProperty: it is the name of the keyword.
  then: { holds: "schema", inPlace: true },
  else: { holds: "schema", inPlace: true },
  $defs: { holds: "map" },
  definitions: { holds: "map" },
};

export function schemaKeyword(dialect: SchemaDialect, name: string): SchemaKeyword | undefined {
  const table = dialect === "openapi-3.0" ? OPENAPI_30 : DRAFT_2020;
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Keywords that say something about values; beside `$ref` they are lost in OpenAPI 3.0. */
export const ASSERTIONS_30: ReadonlySet<string> = new Set([
  ...Object.keys(OPENAPI_30),
  ...["type", "nullable", "enum", "format", "required", "pattern", "uniqueItems", "multipleOf", "discriminator"],
  ...["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "maxLength", "minLength"],
  ...["maxItems", "minItems", "maxProperties", "minProperties", "readOnly", "writeOnly"],
]);
