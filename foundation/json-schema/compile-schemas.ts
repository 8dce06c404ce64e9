/** Schemas made into text, and into validators. */
import { linearPattern } from "#foundation/regex";
import { checkSchemas, type SchemaReport } from "./check-schemas.ts";
import type { Json } from "./json.ts";
import { DEFAULT_LIMITS, type SchemaLimits } from "./limits.ts";
import { type LoadOptions, loadValidators, type Validator } from "./load-validators.ts";
import { InvalidSchema } from "./problem.ts";
import { isPlace, type Place, SchemaResources } from "./resources.ts";
import type { Matcher } from "./run-time.ts";
import { type CompiledSchemas, writeModules } from "./write-module.ts";

export interface CompileOptions {
  /** Where other documents are found; default: nothing but the meta-schemas. */
  readonly resources?: SchemaResources;
  /** Whether `format` is checked; by itself it only informs (Validation §7.2). */
  readonly assertFormat?: boolean;
  /**
   * Which way values travel: members of which the schema says `readOnly` are not asked for in a request, `writeOnly` ones not in a response (OpenAPI 3.0.3 §4.7.24.1; 3.1 takes it
   * from JSON Schema). Default: both are members as others.
   */
  readonly direction?: "request" | "response";
  /** What is done about such a member that is there nevertheless: nothing, so that it must fit its schema as others (the default), or it is an error. */
  readonly oneSided?: "ignore" | "refuse";
  /** Makes the matcher of a pattern; default: one that takes linear time, and refuses patterns for which that is not enough (looking around, references to groups). */
  readonly pattern?: (source: string) => Matcher;
  readonly limits?: Partial<SchemaLimits>;
}

/**
 * Writes the checks of schemas, which share what they have in common. The same schemas give the same text.
 *
 * @param schemas schemas by themselves, or places of schemas in the resources
 * @throws InvalidSchema with everything that is wrong
 */
export function compileSchemas(schemas: readonly (Json | Place)[], options: CompileOptions = {}): CompiledSchemas {
  const prepared = prepare(schemas, options);
  const { problems } = checkSchemas(prepared.places, prepared.resources, prepared);
  if (problems.length > 0) throw new InvalidSchema(problems);
  const { direction, oneSided = "ignore" } = options;
  const { assertFormat, limits } = prepared;
  return writeModules(prepared.places, prepared.resources, {
    assertFormat,
    direction,
    oneSided,
    textMax: limits.textMax,
  });
}

/** The same for one schema. @throws InvalidSchema */
export function compileSchema(schema: Json | Place, options: CompileOptions = {}): CompiledSchemas {
  return compileSchemas([schema], options);
}

/** What is wrong with schemas, and what in them is without effect; nothing is thrown for problems. */
export function inspectSchemas(schemas: readonly (Json | Place)[], options: CompileOptions = {}): SchemaReport {
  try {
    const prepared = prepare(schemas, options);
    return checkSchemas(prepared.places, prepared.resources, prepared);
  } catch (error) {
    if (error instanceof InvalidSchema) return { problems: error.problems, warnings: [] };
    throw error;
  }
}

/** Compiled and loaded at once. @throws InvalidSchema */
export function createValidator(schema: Json | Place, options: CompileOptions & LoadOptions = {}): Validator {
  return loadValidator(compileSchema(schema, options), options);
}

/** The validator of the one schema that was compiled. */
export function loadValidator(compiled: CompiledSchemas, options: LoadOptions = {}): Validator {
  return loadValidators(compiled, options)[0]!;
}

function prepare(schemas: readonly (Json | Place)[], options: CompileOptions) {
  const resources = options.resources ?? new SchemaResources();
  const places = schemas.map((schema) => (isPlace(schema) ? schema : resources.addNameless(schema)));
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  return {
    resources,
    places,
    limits,
    assertFormat: options.assertFormat ?? false,
    pattern: options.pattern ?? linearPattern,
  };
}
