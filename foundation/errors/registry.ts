/** The registry of errors of one plane. */

import { CodedError, type ErrorOccurrence, type ErrorSpec } from "./coded-error.ts";

/** All errors a plane may answer with. */
export interface ErrorRegistry<Code extends string> {
  /** A new error with this code. A string is the message of this occurrence. */
  error(code: Code, occurrence?: string | ErrorOccurrence): CodedError<Code>;
  /** Whether `error` came from this registry (optionally: with this code). */
  is<Wanted extends Code = Code>(error: unknown, code?: Wanted): error is CodedError<Wanted>;
  spec(code: Code): ErrorSpec;
  readonly codes: readonly Code[];
}

/** Codes are permanent and read by programs: one spelling for all of them. */
const CODE_SHAPE = /^[A-Za-z][A-Za-z0-9_.]*$/;

/**
 * Declares the errors of a plane, once.
 *
 * @throws Error when a code or status is not well formed: a registry is checked when the program starts.
 * @example
 * const errors = defineErrors({
 *   APP_NOT_FOUND: { status: 404, retryable: false, message: "No such app. List apps with `biplane apps`." },
 * });
 * throw errors.error("APP_NOT_FOUND", { details: { app: "web" } });
 */
export function defineErrors<const Table extends Readonly<Record<string, ErrorSpec>>>(
  table: Table,
): ErrorRegistry<Extract<keyof Table, string>> {
  type Code = Extract<keyof Table, string>;
  const specs = new Map<string, ErrorSpec>(Object.entries(table));
  for (const [code, spec] of specs) {
    if (!CODE_SHAPE.test(code)) throw new Error(`The error code ${JSON.stringify(code)} is not a plain word.`);
    if (!Number.isInteger(spec.status) || spec.status < 400 || spec.status > 599) {
      throw new Error(`The error ${code} has the status ${spec.status}; 400 to 599 are allowed.`);
    }
  }
  const specOf = (code: Code): ErrorSpec => {
    const spec = specs.get(code);
    if (spec === undefined) throw new Error(`The error code ${code} is not registered.`);
    return spec;
  };
  return {
    codes: Object.keys(table) as Code[],
    spec: specOf,
    error: (code, occurrence) =>
      new CodedError(code, specOf(code), typeof occurrence === "string" ? { message: occurrence } : occurrence),
    is: <Wanted extends Code = Code>(error: unknown, code?: Wanted): error is CodedError<Wanted> =>
      error instanceof CodedError && (code === undefined ? specs.has(error.code) : error.code === code),
  };
}
