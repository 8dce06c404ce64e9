/** Schemas made into checks. */
import { linearPattern } from "#foundation/regex";
import { Emitter, type Mode, type SchemaProblem } from "./emitter.ts";
import type { Json } from "./json.ts";
import { DRAFT } from "./keywords.ts";
import { messageOf } from "./messages.ts";
import { isSchema, type Place, SchemaResources } from "./resources.ts";
import { createRunTime, type Matcher, type RunTime, type Violation } from "./run-time.ts";
import { writeSchema } from "./write-schema.ts";

export interface ValidationError extends Violation {
  /** What is allowed, to stand behind the name of the value. */
  readonly message: string;
}

export interface CompileOptions {
  /** Where other documents are found; default: nothing but the meta-schemas. */
  readonly resources?: SchemaResources;
  /** Whether `format` is checked; by itself it only informs (Validation §7.2). */
  readonly assertFormat?: boolean;
  readonly direction?: "request" | "response";
  /** Makes the matcher of a pattern; default: one that takes linear time, and refuses patterns for which that is not enough (looking around, references to groups). */
  readonly pattern?: (source: string) => Matcher;
  /** Whether schemas are held against the meta-schema first; default true. */
  readonly checkSchema?: boolean;
}

/** The schema cannot be used; `problems` has everything that is wrong with it. */
export class InvalidSchema extends Error {
  override readonly name = "InvalidSchema";
  readonly problems: readonly SchemaProblem[];

  constructor(problems: readonly SchemaProblem[]) {
    super(problems.map(({ pointer, message }) => `${pointer === "" ? "#" : pointer}: ${message}`).join("\n"));
    this.problems = problems;
  }
}

export interface Validator {
  /** Whether the value fits; stops at the first thing that does not. */
  fits(value: Json): boolean;
  /** Everything that does not fit, in the order of the schema; `[]` when it fits. */
  errors(value: Json, limit?: number): readonly ValidationError[];
}

/** What was written for a schema: text that needs nothing but {@link loadValidator} to become a validator again. */
export interface CompiledSchema {
  readonly first: string;
  readonly all: string;
}

/**
 * Writes the checks of a schema. The same schema gives the same text.
 *
 * @param schema a schema by itself, or the place of one in the resources
 * @throws InvalidSchema with everything that is wrong
 */
export function compileSchema(schema: Json | Place, options: CompileOptions = {}): CompiledSchema {
  const resources = options.resources ?? new SchemaResources();
  const place = placeIn(resources, schema);
  if (options.checkSchema !== false && place.resource.dialect === "2020-12") checkByMetaSchema(place);
  const pattern = options.pattern ?? linearPattern;
  const { direction, assertFormat = false } = options;
  const emit = (mode: Mode, dynamic: boolean): { readonly emitter: Emitter; readonly text: string } => {
    const emitter = new Emitter(resources, { mode, dynamic, assertFormat, direction }, writeSchema);
    return { emitter, text: emitter.module(place) };
  };
  const write = (mode: Mode): string => {
    const still = emit(mode, false);
    // The way of a value is kept only for schemas that ask for it.
    const { emitter, text } = still.emitter.isDynamic ? emit(mode, true) : still;
    const problems = [...emitter.problems, ...patternProblems(text, pattern, place)];
    if (problems.length > 0) throw new InvalidSchema(problems);
    return text;
  };
  return { first: write("first"), all: write("all") };
}

/** Makes a validator of what {@link compileSchema} has written. What collects errors is made when it is first needed. */
export function loadValidator(
  compiled: CompiledSchema,
  pattern: (source: string) => Matcher = linearPattern,
): Validator {
  const runTime = createRunTime(pattern);
  const check = load<(value: Json) => boolean>(compiled.first, runTime);
  let collect: ((value: Json, path: string, errors: Violation[]) => boolean) | undefined;
  return {
    fits(value) {
      try {
        return check(value);
      } catch (error) {
        if (error instanceof RangeError) return false;
        throw error;
      }
    },
    errors(value, limit = 100) {
      collect ??= load<NonNullable<typeof collect>>(compiled.all, runTime);
      const errors: Violation[] = [];
      try {
        collect(value, "", errors);
      } catch (error) {
        // The stack is used up: no honest value is nested like that.
        if (!(error instanceof RangeError)) throw error;
        errors.push({ instancePath: "", schemaPath: "", keyword: "tooDeep", params: {} });
      }
      return errors.slice(0, limit).map((violation) => ({ ...violation, message: messageOf(violation) }));
    },
  };
}

/** Both steps at once. @throws InvalidSchema */
export function createValidator(schema: Json | Place, options: CompileOptions = {}): Validator {
  return loadValidator(compileSchema(schema, options), options.pattern);
}

function load<Check>(text: string, runTime: RunTime): Check {
  return new Function("rt", text)(runTime) as Check;
}

function placeIn(resources: SchemaResources, given: Json | Place): Place {
  if (isPlace(given)) return given;
  return resources.addNameless(given);
}

function isPlace(value: Json | Place): value is Place {
  return (
    typeof value === "object" && value !== null && "resource" in value && "pointer" in value && "document" in value
  );
}

let metaSchema: Validator | undefined;

/** @throws InvalidSchema for what is no schema */
function checkByMetaSchema(place: Place): void {
  const { schema, pointer, document } = place;
  if (!isSchema(schema))
    throw new InvalidSchema([{ pointer, document, message: "A schema is an object, true or false." }]);
  metaSchema ??= createMetaSchemaValidator();
  if (metaSchema.fits(schema)) return;
  const problems = metaSchema
    .errors(schema)
    .map(({ instancePath, message }): SchemaProblem => ({ pointer: pointer + instancePath, document, message }));
  throw new InvalidSchema(problems);
}

function createMetaSchemaValidator(): Validator {
  const resources = new SchemaResources();
  const place = resources.at(`${DRAFT}/schema`)!;
  return createValidator(place, { resources, checkSchema: false, assertFormat: true });
}

/** Patterns that cannot be used, told before the check is needed. */
function patternProblems(
  text: string,
  pattern: (source: string) => Matcher,
  { pointer, document }: Place,
): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  for (const [, source = '""'] of text.matchAll(/^const k\d+ = rt\.pattern\((".*")\);$/gm)) {
    try {
      pattern(JSON.parse(source) as string);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      problems.push({ pointer, document, message: `The pattern ${source} cannot be used: ${why}` });
    }
  }
  return problems;
}
