/** One constraint against one value. */

import type { RawConstraint } from "./raw-constraints.ts";
import type { ConstraintViolation } from "./validate-input.ts";

/** A constraint with its pattern compiled. */
export interface ValueCheck {
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly pattern: RegExp | undefined;
  readonly patternText: string;
  readonly values: ReadonlySet<string> | undefined;
}

/** Patterns are tried on strings up to this length only: none allows more without saying its own maximum. */
const maxPatternLength = 128 * 1024;

/** What a message repeats of a client's value, in characters: names that are somewhat too long come back whole, as from AWS. */
const maxShownLength = 1024;

/** Compiles a constraint. Patterns describe the whole string. */
export function compileCheck(constraint: RawConstraint): ValueCheck {
  return {
    min: constraint.min,
    max: constraint.max,
    pattern: constraint.pattern === undefined ? undefined : compilePattern(constraint.pattern),
    patternText: constraint.pattern ?? "",
    values: constraint.enum && new Set(constraint.enum),
  };
}

/** The patterns are Java's: Unicode properties want the flag, escapes of ordinary characters forbid it. */
function compilePattern(pattern: string): RegExp {
  const whole = `^(?:${pattern})$`;
  try {
    return new RegExp(whole, "u");
  } catch {
    return new RegExp(whole);
  }
}

/** Appends what the value violates. */
export function checkValue(check: ValueCheck, value: unknown, path: string, found: ConstraintViolation[]): void {
  const add = (kind: ConstraintViolation["kind"], constraint: string): void => {
    found.push({
      kind,
      path,
      message: `Value ${shown(value)} at '${path}' failed to satisfy constraint: Member must ${constraint}`,
    });
  };
  if (typeof value === "number") {
    if (check.min !== undefined && value < check.min) add("range", `have value greater than or equal to ${check.min}`);
    if (check.max !== undefined && value > check.max) add("range", `have value less than or equal to ${check.max}`);
    return;
  }
  const length = lengthOf(value, check.max);
  if (length !== undefined) {
    if (check.min !== undefined && length < check.min)
      add("length", `have length greater than or equal to ${check.min}`);
    if (check.max !== undefined && length > check.max) {
      add("length", `have length less than or equal to ${check.max}`);
      return;
    }
  }
  if (typeof value !== "string") return;
  if (check.pattern !== undefined && (value.length > maxPatternLength || !check.pattern.test(value))) {
    add("pattern", `satisfy regular expression pattern: ${check.patternText}`);
  }
  if (check.values !== undefined && !check.values.has(value)) {
    add("enum", `satisfy enum value set: [${[...check.values].join(", ")}]`);
  }
}

/** Characters of a string, bytes of a blob, entries of a collection. */
function lengthOf(value: unknown, max: number | undefined): number | undefined {
  if (typeof value === "string") {
    // UTF-16 units are never fewer than characters: counting these is only needed where it decides.
    if (max === undefined || value.length <= max || value.length > 2 * max) return value.length;
    let length = 0;
    for (const _ of value) length += 1;
    return length;
  }
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length;
  if (typeof value === "object" && value !== null && !(value instanceof Date)) return Object.keys(value).length;
  return undefined;
}

function shown(value: unknown): string {
  if (typeof value === "string") {
    return `'${value.length > maxShownLength ? `${value.slice(0, maxShownLength)}…` : value}'`;
  }
  if (typeof value === "number" || typeof value === "boolean") return `'${value}'`;
  if (Array.isArray(value)) return value.length === 0 ? "'[]'" : "'[…]'";
  return Object.keys(value as object).length === 0 ? "'{}'" : "'{…}'";
}
