/** Which requests reach a handler, and what is told about an exchange when it is over. Pure. */

import type { Exchange } from "./exchange.ts";
import type { HttpResponse } from "./message.ts";
import { problem } from "./problem.ts";
import type { AccessEntry, HttpLimits } from "./server-types.ts";

/** The answer to a request that must not reach the handler. */
export function refuse(exchange: Exchange, limits: HttpLimits): HttpResponse | undefined {
  if (exchange.refusal !== undefined) {
    return refusal(400, "MALFORMED_REQUEST", `The request has ${exchange.refusal}.`);
  }
  if (exchange.target.length > limits.maxTargetLength) {
    return refusal(414, "TARGET_TOO_LONG", `The request target is longer than ${limits.maxTargetLength} characters.`);
  }
  if (exchange.headers.raw.length > limits.maxHeaderCount * 2) {
    return refusal(431, "TOO_MANY_HEADERS", `The request has more than ${limits.maxHeaderCount} headers.`);
  }
  const expectation = exchange.headers.get("expect");
  if (expectation !== undefined && exchange.message.version === "1.1" && expectation.toLowerCase() !== "100-continue") {
    return refusal(417, "EXPECTATION_FAILED", "The request expects what this server does not know.");
  }
  return undefined;
}

function refusal(status: number, code: string, title: string): HttpResponse {
  return problem({ status, code, title }, [["connection", "close"]]);
}

/** An exchange that was never answered counts as 499: the client had left. */
const STATUS_CLIENT_LEFT = 499;

/** What the access log is told. */
export function accessEntry(exchange: Exchange, durationMs: number, complete: boolean): AccessEntry {
  return {
    requestId: exchange.id,
    remoteAddress: exchange.remoteAddress,
    method: exchange.method,
    target: exchange.target,
    host: exchange.host,
    status: exchange.status === 0 ? STATUS_CLIENT_LEFT : exchange.status,
    bytesIn: exchange.touchedBody?.received ?? 0,
    bytesOut: exchange.bytesOut,
    durationMs,
    userAgent: exchange.headers.get("user-agent"),
    complete,
  };
}
