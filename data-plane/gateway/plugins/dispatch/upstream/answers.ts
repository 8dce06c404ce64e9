/** What a caller is answered: what a server has said, or why there is nothing that it said. */
import type { ClientExchange, ClientFailure } from "#foundation/http1";
import type { Answer } from "../../../message/answer.ts";
import { HeaderFields } from "../../../message/header-fields.ts";
import { problem } from "../../../problems.ts";

/** The response, its body as it comes. */
export function answerOf({ head, body }: ClientExchange): Answer {
  return {
    status: head.status,
    // The original is the connection's, and may be that of the next response when this one is written.
    headers: HeaderFields.received(head.fields.copy()),
    body,
    length: head.contentLength,
  };
}

/** Nobody is told this; it is what stands in the log for a client that did not wait. */
export function clientGone(): Answer {
  return { status: 499, headers: HeaderFields.of(), body: null };
}

/** What the caller is told of a request that got no response. */
export function failureAnswer(failure: ClientFailure): Answer {
  switch (failure.kind) {
    case "response-timeout":
    case "total-timeout":
    case "connect-timeout":
      return problem("upstream-timeout");
    case "malformed":
      return problem("upstream-invalid");
    case "pool-full":
      return problem("upstream-unavailable", { status: 503, headers: ["Retry-After", "1"] });
    case "no-connect":
      return problem("upstream-without-websocket", {
        detail: "The upstream speaks HTTP/2 and does not offer to take WebSockets over it (RFC 8441).",
      });
    case "unsafe":
      return problem("bad-request", { detail: "The request cannot be passed on." });
    default:
      return problem("upstream-unavailable");
  }
}
