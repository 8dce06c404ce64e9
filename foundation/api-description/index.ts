/**
 * OpenAPI 3.0, 3.1, 3.2 and AsyncAPI 3 documents: read with the place of every part, judged, and turned into one model for the gateway's compiler. Pure but for
 * {@link directoryReader}: files are read by a function that is given.
 */

export type { CodeEntry, Level } from "./diagnostics/code-entry.ts";
export { DIAGNOSTIC_CODES, type DiagnosticCode, explainCode } from "./diagnostics/codes.ts";
export {
  DIAGNOSTICS_MAX,
  type Diagnostic,
  Diagnostics,
  diagnosticAt,
  type Place,
  type ReportOptions,
} from "./diagnostics/diagnostic.ts";
export { nearestName } from "./diagnostics/did-you-mean.ts";
export { type LoadedDescriptions, type LoadOptions, loadApiDescriptions } from "./load.ts";
export * from "./model.ts";
export { type Overlap, overlapOf } from "./paths/overlap.ts";
export {
  type MixedPart,
  type ParsedTemplate,
  type PathTemplate,
  parseTemplate,
  type TemplateSegment,
} from "./paths/path-template.ts";
export { directoryReader } from "./references/directory-reader.ts";
export { DOCUMENTS_MAX, type ReadFile } from "./references/document-set.ts";
export { SCHEMA_LIMITS, type SchemaLimits } from "./schemas/schema-walker.ts";
export type { Json, JsonObject } from "./source/json-value.ts";
export { SourceDocument, type TextPosition } from "./source/source-document.ts";
export { SOURCE_LIMITS, type SourceLimits } from "./source/source-tree.ts";
