/** The keywords of JSON Schema 2020-12 and of OpenAPI: to which vocabulary each belongs, where its value holds schemas, and what its value must be. */
import type { Json } from "./json.ts";

/** Where the value of a keyword holds schemas. */
export type Holds = "schema" | "schemas" | "map" | "nothing";

export interface Keyword {
  readonly vocabulary: Vocabulary;
  readonly holds: Holds;
  /** What its value must be, as a schema; for keywords that hold schemas, besides that. */
  readonly value: Json;
}

export const VOCABULARIES = [
  "core",
  "applicator",
  "unevaluated",
  "validation",
  "meta-data",
  "format-annotation",
  "content",
] as const;
export type Vocabulary = (typeof VOCABULARIES)[number];

/** Its address, and that of the meta-schema that describes it (JSON Schema Core §8.1, Validation §2, §6 to §9). */
export const DRAFT = "https://json-schema.org/draft/2020-12";
export const vocabularyUri = (name: Vocabulary): string => `${DRAFT}/vocab/${name}`;

/** The other vocabulary of `format` (Validation §7.2.2). */
export const FORMAT_ASSERTION = `${DRAFT}/vocab/format-assertion`;

const TEXT = { type: "string" };
const FLAG = { type: "boolean" };
const NUMBER = { type: "number" };
const COUNT = { type: "integer", minimum: 0 };
const NAMES = { type: "array", items: TEXT, uniqueItems: true };
const REFERENCE = { type: "string", format: "uri-reference" };
const ANCHOR = { type: "string", pattern: "^[A-Za-z_][-A-Za-z0-9._]*$" };
export const TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"] as const;
const TYPE = { enum: [...TYPES] };

const schema = (vocabulary: Vocabulary): Keyword => ({ vocabulary, holds: "schema", value: true });
const schemas = (vocabulary: Vocabulary): Keyword => ({ vocabulary, holds: "schemas", value: { minItems: 1 } });
const map = (vocabulary: Vocabulary): Keyword => ({ vocabulary, holds: "map", value: true });
const plain = (vocabulary: Vocabulary, value: Json): Keyword => ({ vocabulary, holds: "nothing", value });

export const KEYWORDS: Readonly<Record<string, Keyword>> = Object.assign(Object.create(null), {
  $id: plain("core", { ...REFERENCE, pattern: "^[^#]*#?$" }),
  $schema: plain("core", { type: "string", format: "uri" }),
  $ref: plain("core", REFERENCE),
  $anchor: plain("core", ANCHOR),
  $dynamicRef: plain("core", REFERENCE),
  $dynamicAnchor: plain("core", ANCHOR),
  $vocabulary: plain("core", {
    type: "object",
    propertyNames: { type: "string", format: "uri" },
    additionalProperties: FLAG,
  }),
  $comment: plain("core", TEXT),
  $defs: map("core"),
  definitions: map("core"),

  prefixItems: schemas("applicator"),
  items: schema("applicator"),
  contains: schema("applicator"),
  additionalProperties: schema("applicator"),
  properties: map("applicator"),
  patternProperties: map("applicator"),
  dependentSchemas: map("applicator"),
  propertyNames: schema("applicator"),
  if: schema("applicator"),
  // biome-ignore lint/suspicious/noThenProperty: it is a keyword's name, and nobody awaits the table
  then: schema("applicator"),
  else: schema("applicator"),
  allOf: schemas("applicator"),
  anyOf: schemas("applicator"),
  oneOf: schemas("applicator"),
  not: schema("applicator"),

  unevaluatedItems: schema("unevaluated"),
  unevaluatedProperties: schema("unevaluated"),

  type: plain("validation", { anyOf: [TYPE, { type: "array", items: TYPE, minItems: 1, uniqueItems: true }] }),
  const: plain("validation", true),
  enum: plain("validation", { type: "array" }),
  multipleOf: plain("validation", { type: "number", exclusiveMinimum: 0 }),
  maximum: plain("validation", NUMBER),
  exclusiveMaximum: plain("validation", NUMBER),
  minimum: plain("validation", NUMBER),
  exclusiveMinimum: plain("validation", NUMBER),
  maxLength: plain("validation", COUNT),
  minLength: plain("validation", COUNT),
  pattern: plain("validation", TEXT),
  maxItems: plain("validation", COUNT),
  minItems: plain("validation", COUNT),
  uniqueItems: plain("validation", FLAG),
  maxContains: plain("validation", COUNT),
  minContains: plain("validation", COUNT),
  maxProperties: plain("validation", COUNT),
  minProperties: plain("validation", COUNT),
  required: plain("validation", NAMES),
  dependentRequired: plain("validation", { type: "object", additionalProperties: NAMES }),

  title: plain("meta-data", TEXT),
  description: plain("meta-data", TEXT),
  default: plain("meta-data", true),
  deprecated: plain("meta-data", FLAG),
  readOnly: plain("meta-data", FLAG),
  writeOnly: plain("meta-data", FLAG),
  examples: plain("meta-data", { type: "array" }),

  // Where the vocabulary "format-assertion" is in its place it is checked, see `write-schema.ts`.
  format: plain("format-annotation", TEXT),

  contentEncoding: plain("content", TEXT),
  contentMediaType: plain("content", TEXT),
  contentSchema: schema("content"),
});

const table = (keywords: Readonly<Record<string, Keyword>>): Readonly<Record<string, Keyword>> =>
  Object.assign(Object.create(null), keywords);

const STRINGS = { type: "object", additionalProperties: TEXT };

/** What OpenAPI 3.1 and 3.2 add (§4.8.24): keywords that only inform. */
export const OPENAPI_KEYWORDS = table({
  discriminator: plain("meta-data", {
    type: "object",
    required: ["propertyName"],
    properties: { propertyName: TEXT, mapping: STRINGS, defaultMapping: TEXT },
  }),
  xml: plain("meta-data", { type: "object" }),
  externalDocs: plain("meta-data", { type: "object", required: ["url"], properties: { url: TEXT } }),
  example: plain("meta-data", true),
});

const object = (keyword: Keyword, value: Json = { type: "object" }): Keyword => ({ ...keyword, value });
const later = (...names: readonly string[]): Readonly<Record<string, Keyword>> =>
  Object.fromEntries(names.map((name) => [name, KEYWORDS[name]!]));

/** The schema object of OpenAPI 3.0 (§4.7.24). Its schemas are objects, booleans only as `additionalProperties`. */
export const OPENAPI_30_KEYWORDS = table({
  ...OPENAPI_KEYWORDS,
  ...later("$ref", "title", "description", "default", "deprecated", "readOnly", "writeOnly", "format", "enum"),
  ...later("multipleOf", "maximum", "minimum", "maxLength", "minLength", "pattern", "maxItems", "minItems"),
  ...later("uniqueItems", "maxProperties", "minProperties", "required", "properties", "additionalProperties"),
  ...later("allOf", "anyOf", "oneOf"),
  not: object(KEYWORDS.not!),
  items: object(KEYWORDS.items!),
  type: plain("validation", { enum: TYPES.filter((type) => type !== "null") }),
  exclusiveMaximum: plain("validation", FLAG),
  exclusiveMinimum: plain("validation", FLAG),
  nullable: plain("validation", FLAG),
});
