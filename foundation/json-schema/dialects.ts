/** What the keywords of a schema mean, and which of them it has. */
import { isObject, type Json, type JsonObject } from "./json.ts";
import {
  DRAFT,
  FORMAT_ASSERTION,
  KEYWORDS,
  type Keyword,
  OPENAPI_30_KEYWORDS,
  OPENAPI_KEYWORDS,
  VOCABULARIES,
  type Vocabulary,
  vocabularyUri,
} from "./keywords.ts";

/**
 * 2020-12; the schema object of OpenAPI 3.0, which is a dialect of its own; that of 3.1 and 3.2, which is 2020-12 with a few keywords that only inform.
 */
export type Dialect = "2020-12" | "openapi-3.0" | "openapi-3.1" | "openapi-3.2";

/** Addresses of OpenAPI's dialects: without a date the first one, later ones by date. All of them mean the same to a validator. */
const OPENAPI_DIALECT = /^https:\/\/spec\.openapis\.org\/oas\/3\.[12]\/dialect\/(?:base|\d{4}-\d\d-\d\d)$/;
const OPENAPI_VOCABULARY = /^https:\/\/spec\.openapis\.org\/oas\/3\.[12]\/vocab\/(?:base|\d{4}-\d\d-\d\d)$/;

/** Meta-schemas of meta-schemas; in a circle nothing is found. */
const HOPS_MAX = 8;

/** What a `$schema` says. */
export interface MetaSchema {
  /** Whether OpenAPI's keywords are among those that are known. */
  readonly isOpenApi: boolean;
  /** Addresses of its vocabularies; undefined: all of the draft. */
  readonly vocabularies: ReadonlySet<string> | undefined;
}

/**
 * @param document finds the document at an address
 * @returns text when the dialect is not known here
 */
export function metaSchemaOf(uri: string, document: (uri: string) => Json, hops = 0): MetaSchema | string {
  const address = uri.endsWith("#") ? uri.slice(0, -1) : uri;
  if (address === `${DRAFT}/schema`) return { isOpenApi: false, vocabularies: undefined };
  if (OPENAPI_DIALECT.test(address)) return { isOpenApi: true, vocabularies: undefined };
  const known = document(address);
  const named = isObject(known) ? known.$vocabulary : undefined;
  if (!isObject(named)) {
    // One that names no vocabularies has those of its own meta-schema (Core §8.1.2).
    if (isObject(known) && typeof known.$schema === "string" && hops < HOPS_MAX)
      return metaSchemaOf(known.$schema, document, hops + 1);
    return `The dialect ${JSON.stringify(uri)} is not known here.`;
  }
  const unknown = Object.entries(named).filter(([name, isNeeded]) => isNeeded === true && !isKnownVocabulary(name));
  if (unknown.length > 0)
    return `The dialect ${JSON.stringify(uri)} needs a vocabulary that is not known here: ${unknown[0]![0]}`;
  const names = Object.keys(named);
  return { isOpenApi: names.some((name) => OPENAPI_VOCABULARY.test(name)), vocabularies: new Set(names) };
}

const OWN_VOCABULARIES = new Set([...VOCABULARIES.map(vocabularyUri), FORMAT_ASSERTION]);
const isKnownVocabulary = (uri: string): boolean => OWN_VOCABULARIES.has(uri) || OPENAPI_VOCABULARY.test(uri);

/** The keyword of a name, where it means something. */
export function keywordIn(name: string, dialect: Dialect, meta: MetaSchema): Keyword | undefined {
  if (dialect === "openapi-3.0") return OPENAPI_30_KEYWORDS[name];
  if (dialect !== "2020-12" || meta.isOpenApi) {
    const known = OPENAPI_KEYWORDS[name];
    if (known !== undefined) return known;
  }
  const keyword = KEYWORDS[name];
  if (keyword === undefined || meta.vocabularies === undefined) return keyword;
  return isMeant(keyword.vocabulary, meta.vocabularies) ? keyword : undefined;
}

function isMeant(vocabulary: Vocabulary, vocabularies: ReadonlySet<string>): boolean {
  return (
    vocabulary === "core" ||
    vocabularies.has(vocabularyUri(vocabulary)) ||
    (vocabulary === "format-annotation" && vocabularies.has(FORMAT_ASSERTION))
  );
}

/** The keywords of a schema that mean something, in the words of 2020-12. */
export function meantKeywords(schema: JsonObject, dialect: Dialect, meta: MetaSchema): JsonObject {
  if (dialect === "openapi-3.0") return inLaterWords(schema);
  if (meta.vocabularies === undefined) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([name]) => keywordIn(name, dialect, meta) !== undefined));
}

/** The schema object of OpenAPI 3.0 (§4.7.24). */
function inLaterWords(schema: JsonObject): JsonObject {
  // What stands beside a reference is ignored (§4.7.23).
  if (typeof schema.$ref === "string") return { $ref: schema.$ref };
  const meant = Object.fromEntries(Object.entries(schema).filter(([name]) => OPENAPI_30_KEYWORDS[name] !== undefined));
  // It widens the type; without one it says nothing. In an enumeration null must stand too (clarified by 3.0.3).
  if (schema.nullable === true && typeof schema.type === "string") meant.type = [schema.type, "null"];
  // There a bound is made exclusive by a flag beside it.
  for (const [bound, flag] of [
    ["maximum", "exclusiveMaximum"],
    ["minimum", "exclusiveMinimum"],
  ] as const) {
    delete meant[flag];
    if (schema[flag] !== true || typeof schema[bound] !== "number") continue;
    meant[flag] = schema[bound];
    delete meant[bound];
  }
  return meant;
}
