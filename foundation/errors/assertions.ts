/** Assertions that stay on in production. */

/** A condition that the program promised itself does not hold: a bug, never the user's mistake. */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
}

/**
 * Requires `condition`; `message` says what was promised. A function is only called on failure, for messages that cost something.
 *
 * @throws InvariantViolation
 */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantViolation(typeof message === "string" ? message : message());
}

/**
 * Requires that a value is present and returns it: `const row = invariant(rows[0], "the insert returned a row")`.
 *
 * @throws InvariantViolation when the value is null or undefined
 */
export function invariant<Value>(value: Value | null | undefined, message: string): Value {
  if (value === null || value === undefined) throw new InvariantViolation(message);
  return value;
}

/**
 * Ends an exhaustive `switch`: the compiler refuses a case that was forgotten, and data that lies about its type is found at run time.
 *
 * @throws InvariantViolation always
 */
export function assertNever(value: never, what = "value"): never {
  throw new InvariantViolation(`Unexpected ${what}: ${JSON.stringify(value)}`);
}
