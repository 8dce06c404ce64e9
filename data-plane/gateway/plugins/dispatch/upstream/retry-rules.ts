/** Which requests may be sent again. Pure. */
import type { ClientFailure } from "#foundation/http1";

/** What went wrong, as `retries.on` names it. A status is that of the response; 502 also stands for a connection that ended, or spoke no HTTP, before there was one. */
export type RetryReason = "connect" | "timeout" | 502 | 503 | 504;

export interface RetryRules {
  /** How often a request is sent again at most. */
  readonly attempts: number;
  readonly on: ReadonlySet<RetryReason>;
}

/** Methods that mean the same when they are done twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

/**
 * Whether it makes no difference to send it again: either no server has seen it, or it may be done twice and we still have all of it.
 *
 * @param sent whether a server may have seen it
 * @param isWhole whether its body is in memory, or it has none
 */
export function isRepeatable(method: string, isWhole: boolean, sent: boolean): boolean {
  return !sent || (isWhole && IDEMPOTENT.has(method));
}

/** @returns undefined for what is never tried again: what is wrong here, and not there */
export function reasonOfFailure({ kind }: ClientFailure, sent: boolean): RetryReason | undefined {
  switch (kind) {
    case "connect-refused":
    case "connect-timeout":
    case "tls-failed":
      return "connect";
    case "closed":
      return sent ? 502 : "connect";
    case "malformed":
      return 502;
    case "response-timeout":
    case "total-timeout":
      return "timeout";
    case "pool-full":
    case "pool-closed":
    case "no-connect":
    case "unsafe":
      return undefined;
  }
}

/** @returns undefined when the response is to be passed on */
export function reasonOfStatus(status: number): 502 | 503 | 504 | undefined {
  return status === 502 || status === 503 || status === 504 ? status : undefined;
}
