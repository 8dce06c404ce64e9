/** JSON Schema 2020-12, and the schemas of OpenAPI 3.0, compiled to JavaScript. */
export type { SchemaProblem } from "./emitter.ts";
export { FORMATS } from "./formats.ts";
export { type Dialect, type DocumentOptions, type Place, SchemaResources } from "./resources.ts";
export type { Matcher } from "./run-time.ts";
export {
  type CompiledSchema,
  type CompileOptions,
  compileSchema,
  createValidator,
  InvalidSchema,
  loadValidator,
  type ValidationError,
  type Validator,
} from "./validator.ts";
