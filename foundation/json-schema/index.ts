/** JSON Schema 2020-12, and the schemas of OpenAPI 3.0 to 3.2, compiled to JavaScript. */
export type { SchemaReport } from "./check-schemas.ts";
export {
  type CompileOptions,
  compileSchema,
  compileSchemas,
  createValidator,
  inspectSchemas,
  loadValidator,
} from "./compile-schemas.ts";
export type { Dialect } from "./dialects.ts";
export { FORMATS } from "./formats.ts";
export type { SchemaLimits } from "./limits.ts";
export { type LoadOptions, loadValidators, type ValidationError, type Validator } from "./load-validators.ts";
export { InvalidSchema, type SchemaProblem } from "./problem.ts";
export { type DocumentOptions, type Place, SchemaResources } from "./resources.ts";
export type { Matcher } from "./run-time.ts";
export type { CompiledSchemas } from "./write-module.ts";
