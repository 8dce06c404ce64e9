/** What a client of `ai-proxy` is told when there is no answer of a model: problem documents that clients of OpenAI understand as well. */
import type { ClientFailure } from "#foundation/http1";
import type { Answer } from "../../../message/answer.ts";
import { PROBLEMS, type ProblemCode, problem } from "../../../problems.ts";

export interface ChatProblemDetails {
  readonly status?: number;
  /** The member of the request that is wrong. */
  readonly param?: string;
  readonly headers?: readonly string[];
}

/** @param message for whoever called */
export function chatProblem(code: ProblemCode, message: string, details: ChatProblemDetails = {}): Answer {
  const { status = PROBLEMS[code][0], param, headers = [] } = details;
  const type = status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "api_error";
  return problem(code, {
    status,
    detail: message,
    headers,
    members: { error: { message, type, param: param ?? null, code: code.replaceAll("-", "_") } },
  });
}

export function failureProblem({ kind }: ClientFailure): Answer {
  switch (kind) {
    case "response-timeout":
    case "total-timeout":
    case "connect-timeout":
      return chatProblem("upstream-timeout", "The provider took too long.");
    case "malformed":
      return chatProblem("upstream-invalid", "The provider's response is not valid.");
    case "pool-full":
      return chatProblem("upstream-unavailable", "Too many requests wait for the provider.", {
        status: 503,
        headers: ["Retry-After", "1"],
      });
    default:
      return chatProblem("upstream-unavailable", "The provider is not available.");
  }
}

/**
 * A provider's refusal. What is wrong with the request is the client's to know; what is wrong with the key is not.
 * @param sentence the provider's own
 */
export function refusalProblem(status: number, sentence: string | undefined, retryAfter: string | undefined): Answer {
  const headers = retryAfter !== undefined && /^[\x20-\x7e]{1,64}$/.test(retryAfter) ? ["Retry-After", retryAfter] : [];
  if (status === 429)
    return chatProblem("rate-limit-exceeded", sentence ?? "The provider takes no more requests now.", { headers });
  if (status === 401 || status === 402 || status === 403 || status === 407) {
    return chatProblem("upstream-unavailable", "The provider refuses the gateway.");
  }
  if (status >= 400 && status < 500)
    return chatProblem("bad-request", sentence ?? "The provider refuses the request.", { status });
  // 529 is Anthropic's word for too much to do.
  const isBusy = status === 503 || status === 529;
  return chatProblem("upstream-unavailable", isBusy ? "The provider is too busy." : "The provider has failed.", {
    status: isBusy ? 503 : 502,
    headers,
  });
}
