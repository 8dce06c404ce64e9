/** The manifest of an application, `biplane.toml`: parse it, tell what is wrong with it, format it, hash it. Pure: nothing here reads a file. */

export { manifestHash } from "./canonical.ts";
export { manifestFieldTable } from "./field-table.ts";
export { type FormattedManifest, formatManifest, formatManifestText } from "./format-manifest.ts";
export { manifestJsonSchema } from "./json-schema.ts";
export * from "./manifest.ts";
export {
  MANIFEST_JSON_BYTES_MAX,
  manifestFromJson,
  normalManifest,
  type ParsedManifest,
  parseManifest,
} from "./parse-manifest.ts";
export type { ManifestProblem, ManifestProblemCode } from "./problem.ts";
export { type PrestartCommand, type ProcessSpec, processSpec } from "./process-spec.ts";
export { MANIFEST_BYTES_MAX } from "./read-document.ts";
export { sizeBytes } from "./sizes.ts";
