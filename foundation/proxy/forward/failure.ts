/** How a request can fail on its way, as data: each user of the proxy words its own answers. */

import { STATUS_CODES } from "node:http";
import type { BodyError, HttpResponse } from "#foundation/http";
import type { ConnectFailure, FaultCode } from "#foundation/http1";

export type ProxyFailure =
  /** The caller's `route` gave none. */
  | { readonly kind: "no-upstream" }
  | ConnectFailure
  /** Too many requests wait for a connection to the backend, or this one has waited for too long. */
  | { readonly kind: "pool-full" }
  | { readonly kind: "pool-closed" }
  /** No whole head of a response in time. */
  | { readonly kind: "response-timeout" }
  /** What came is no response that everybody would read in the same way. */
  | { readonly kind: "bad-response"; readonly fault: FaultCode }
  /** The connection ended before the head of a response. */
  | { readonly kind: "upstream-closed" }
  /** The client did not send its body as announced, or too slowly: the error says how, and the server knows its answer. */
  | { readonly kind: "client-body"; readonly error: BodyError }
  /** The client went away; nobody reads the answer. */
  | { readonly kind: "client-gone" };

/** The upstream broke off in the middle of a response whose head the client has: the connection to the client is cut. */
export class UpstreamBroke extends Error {
  override readonly name = "UpstreamBroke";
  readonly reason: "timeout" | FaultCode;

  constructor(reason: "timeout" | FaultCode) {
    super(`The upstream broke off in the middle of its response (${reason}).`);
    this.reason = reason;
  }
}

/** Status of a failure (RFC 9110 §15.6); 499 is never seen by anybody but logs. */
export function statusOf(failure: ProxyFailure): number {
  switch (failure.kind) {
    case "no-upstream":
    case "pool-full":
    case "pool-closed":
      return 503;
    case "connect-timeout":
    case "response-timeout":
      return 504;
    case "connect-refused":
    case "tls-failed":
    case "bad-response":
    case "upstream-closed":
      return 502;
    case "client-gone":
      return 499;
    case "client-body":
      return failure.error.status;
  }
}

/** A short answer in plain text, for users without words of their own. It says nothing about the upstream. */
export function plainFailure(failure: ProxyFailure): HttpResponse {
  const status = statusOf(failure);
  const text = STATUS_CODES[status] ?? "The client closed the connection";
  return { status, headers: [["content-type", "text/plain; charset=utf-8"]], body: `${text}\n` };
}
