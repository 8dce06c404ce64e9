/** OpenAPI 3.0, 3.1, 3.2 and AsyncAPI 3 documents: read with the place of every part, and turned into one model for the gateway's compiler. Pure. */

export type { Json, JsonObject } from "./source/json-value.ts";
export { SourceDocument, type TextPosition } from "./source/source-document.ts";
export { SOURCE_LIMITS, type SourceLimits } from "./source/source-tree.ts";
