/** Validators of what was written for schemas; nothing of the compiler is needed for them. */
import { linearPattern } from "#foundation/regex";
import type { Json } from "./json.ts";
import { messageOf } from "./messages.ts";
import { createRunTime, type Matcher, type RunTime, Stopped, type Violation } from "./run-time.ts";
import type { CompiledSchemas } from "./write-module.ts";

export interface ValidationError extends Violation {
  /** What is allowed, to stand behind the name of the value. */
  readonly message: string;
}

export interface Validator {
  /** Whether the value fits; stops at the first thing that does not. */
  fits(value: Json): boolean;
  /** What does not fit, in the order of the schema, as far as `limit` (default 100): with 1 the first of it; `[]` when the value fits. */
  errors(value: Json, limit?: number): readonly ValidationError[];
}

export interface LoadOptions {
  /** Makes the matcher of a pattern; default: one that takes linear time. It must be as good as that of the compiler. */
  readonly pattern?: (source: string) => Matcher;
  /**
   * How many schemas are held against (parts of) one value, at most; default a million, of which an ordinary value needs one or two for each of its members. Schemas that
   * refer to themselves in several alternatives need so many for a value of some dozen levels that no check would ever end. What needs more does not fit.
   */
  readonly stepsMax?: number;
}

const STEPS_MAX = 1_000_000;

type Check = (value: Json) => boolean;
type Collect = (value: Json, path: string, errors: Violation[]) => boolean;

/** The validators of what was compiled, in the order of the schemas. What collects errors is made when it is first needed. */
export function loadValidators(compiled: CompiledSchemas, options: LoadOptions = {}): readonly Validator[] {
  const runTime = createRunTime(options.pattern ?? linearPattern, options.stepsMax ?? STEPS_MAX);
  let collects: readonly Collect[] | undefined;
  return load<Check>(compiled.first, runTime).map((check, index) => ({
    fits(value) {
      try {
        return check(value);
      } catch (error) {
        if (whyStopped(error) === undefined) throw error;
        return false;
      }
    },
    errors(value, limit = 100) {
      collects ??= load<Collect>(compiled.all, runTime);
      const errors: Violation[] = [];
      runTime.collectInto(errors, limit);
      try {
        collects[index]!(value, "", errors);
      } catch (error) {
        const keyword = whyStopped(error);
        if (keyword === undefined) throw error;
        if (keyword !== "enough") errors.push({ instancePath: "", schemaPath: "", keyword, params: {} });
      }
      return errors.map((violation) => ({ ...violation, message: messageOf(violation) }));
    },
  }));
}

function whyStopped(error: unknown): string | undefined {
  if (error instanceof Stopped) return error.why;
  // The stack is used up: no honest value is nested like that.
  return error instanceof RangeError ? "tooDeep" : undefined;
}

function load<Entry>(text: string, runTime: RunTime): readonly Entry[] {
  return new Function("rt", text)(runTime) as readonly Entry[];
}
