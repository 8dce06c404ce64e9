/** Problem documents (RFC 9457) with a stable `code`. */

import { CodedError, normaliseError } from "#foundation/errors";
import { BodyError } from "./body-errors.ts";
import type { HeaderList, HttpResponse } from "./message.ts";

/** Members of a problem document; `code` is ours and permanent, further members are extensions. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  /** The same for each occurrence of the code. */
  readonly title: string;
  /** What happened this time and what to do about it. */
  readonly detail?: string;
  /** The occurrence: a path, or `urn:request:<id>`. */
  readonly instance?: string;
  /** A URI that explains the kind of problem; `about:blank` when left out. */
  readonly type?: string;
  readonly [extension: string]: unknown;
}

const PROBLEM_TYPE = ["content-type", "application/problem+json"] as const;

/** An answer with a problem document. */
export function problem(document: Problem, headers: HeaderList = []): HttpResponse {
  const { type = "about:blank", ...members } = document;
  return {
    status: document.status,
    headers: [PROBLEM_TYPE, ...headers],
    body: JSON.stringify({ type, ...members }),
  };
}

/** Thrown by a handler to answer with a problem document. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;
  readonly headers: HeaderList;

  constructor(document: Problem, options: { readonly headers?: HeaderList; readonly cause?: unknown } = {}) {
    super(document.detail ?? document.title, options.cause === undefined ? undefined : { cause: options.cause });
    this.problem = document;
    this.headers = options.headers ?? [];
  }
}

/**
 * The problem document of anything that was thrown. Unknown errors become `INTERNAL` without their text.
 *
 * @param instance names the occurrence, usually the request path
 */
export function problemOf(error: unknown, instance?: string): HttpResponse {
  const where = instance === undefined ? {} : { instance };
  if (error instanceof ProblemError) return problem({ ...where, ...error.problem }, error.headers);
  if (error instanceof BodyError) {
    return problem({ status: error.status, code: bodyCode(error), title: error.message, ...where });
  }
  const coded: CodedError = normaliseError(error);
  return problem({
    status: coded.status,
    code: coded.code,
    title: coded.message,
    retryable: coded.retryable,
    ...where,
    ...(coded.details === undefined ? {} : { details: coded.details }),
  });
}

/** Whether `error` is the program's fault and belongs into the log as an error. */
export function isInternal(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.status >= 500;
  if (error instanceof BodyError) return error.status === 500;
  return !(error instanceof CodedError) || error.status === 500;
}

function bodyCode(error: BodyError): string {
  return error.code.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
