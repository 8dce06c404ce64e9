/** The meta-schemas of 2020-12 (JSON Schema Core §8, appendix "schema"), put together from the table of keywords. */
import type { Json, JsonObject } from "./json.ts";
import { DRAFT, KEYWORDS, type Keyword, VOCABULARIES, type Vocabulary, vocabularyUri } from "./keywords.ts";

const SCHEMA = { $dynamicRef: "#meta" };

function valueSchema({ holds, value }: Keyword): Json {
  const more = value === true ? {} : (value as object);
  switch (holds) {
    case "schema":
      return { ...SCHEMA, ...more };
    case "schemas":
      return { type: "array", items: SCHEMA, ...more };
    case "map":
      return { type: "object", additionalProperties: SCHEMA, ...more };
    case "nothing":
      return value;
  }
}

function vocabularySchema(vocabulary: Vocabulary): JsonObject {
  const own = Object.entries(KEYWORDS).filter(([, keyword]) => keyword.vocabulary === vocabulary);
  return {
    $schema: `${DRAFT}/schema`,
    $id: `${DRAFT}/meta/${vocabulary}`,
    $dynamicAnchor: "meta",
    type: ["object", "boolean"],
    properties: Object.fromEntries(own.map(([name, keyword]) => [name, valueSchema(keyword)])),
  };
}

/** By address: the meta-schema, and one for each vocabulary. */
export const META_SCHEMAS: ReadonlyMap<string, Json> = new Map<string, Json>([
  [
    `${DRAFT}/schema`,
    {
      $schema: `${DRAFT}/schema`,
      $id: `${DRAFT}/schema`,
      $vocabulary: Object.fromEntries(VOCABULARIES.map((name) => [vocabularyUri(name), true])),
      $dynamicAnchor: "meta",
      allOf: VOCABULARIES.map((name) => ({ $ref: `meta/${name}` })),
      type: ["object", "boolean"],
    },
  ],
  ...VOCABULARIES.map((name) => [`${DRAFT}/meta/${name}`, vocabularySchema(name)] as const),
  [
    `${DRAFT}/meta/format-assertion`,
    { ...vocabularySchema("format-annotation"), $id: `${DRAFT}/meta/format-assertion` },
  ],
]);
