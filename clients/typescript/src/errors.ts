/** What goes wrong, told apart by what a program can do about it. */
import type { Problem } from "./operations.gen.ts";

/** The control plane has refused, or failed; `problem` is what it said. */
export class BiplaneError extends Error {
  override readonly name = "BiplaneError";
  readonly problem: Problem;
  /** For its operator: the id under which the call is in its log. */
  readonly requestId: string | undefined;

  constructor(problem: Problem, requestId?: string) {
    super(`${problem.code}: ${problem.detail ?? problem.title}`);
    this.problem = problem;
    this.requestId = requestId;
  }

  get status(): number {
    return this.problem.status;
  }

  /** Permanent: decide on it, never on the texts. */
  get code(): string {
    return this.problem.code;
  }

  /** What happened this time and what to do about it, for people. */
  get detail(): string | undefined {
    return this.problem.detail;
  }

  /** More about it, by code. */
  get details(): Readonly<Record<string, unknown>> | undefined {
    return this.problem.details;
  }
}

/** Something else than a control plane has answered, for example a proxy on the way. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The error that an answer other than 2xx stands for. Reads its body. @throws what the connection does when it breaks meanwhile */
export async function errorOf(answer: Response): Promise<BiplaneError | UnexpectedAnswer> {
  const { status } = answer;
  const requestId = answer.headers.get("x-request-id") ?? undefined;
  const text = await answer.text();
  try {
    const document: unknown = JSON.parse(text);
    if (isProblem(document)) return new BiplaneError(document, requestId);
    if (isOAuthError(document)) {
      const { error: code, error_description: title = code } = document;
      return new BiplaneError({ type: "about:blank", status, code, title }, requestId);
    }
  } catch {
    // It is no JSON.
  }
  return new UnexpectedAnswer(status, `The answer ${status} is not a control plane's.`);
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const { status, code, title } = value as Partial<Problem>;
  return typeof status === "number" && typeof code === "string" && typeof title === "string";
}

/** RFC 6749 §5.2, as the token endpoint answers. */
function isOAuthError(value: unknown): value is { readonly error: string; readonly error_description?: string } {
  return typeof value === "object" && value !== null && typeof (value as { error?: unknown }).error === "string";
}
