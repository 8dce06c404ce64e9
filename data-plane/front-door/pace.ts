/**
 * How fast one caller may change how things are set up, and get credentials. Each such call is written down for ever, and some need no permission at all: a user who may do nothing can ask for
 * sessions. Without a bound one of them fills the disk that all share, at some 4 MB a second.
 */
import type { Caller } from "#data-plane/service";
import type { HttpRequest } from "#foundation/http";
import { sourceOf, type TokenBuckets } from "#foundation/rate-limit";

/** 10,000 at once, as tools do that set up whole environments (40 MB in the audit log), then 20 a second for ever (80 KB a second). */
export const CHANGES_OF_CALLER = { capacity: 10_000, refillPerSecond: 20 } as const;

/** The caller has to wait. Each service has words of its own for it. */
export class RateExceeded extends Error {
  override readonly name = "RateExceeded";
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super("Rate exceeded");
    this.retryAfterMs = retryAfterMs;
  }
}

/** @param changes undefined: there is no bound @throws RateExceeded */
export function expectPace(changes: TokenBuckets | undefined, caller: Caller, request: HttpRequest): void {
  if (changes === undefined) return;
  const { allowed, retryAfterMs } = changes.take(paceKeyOf(caller, request));
  if (!allowed) throw new RateExceeded(retryAfterMs);
}

/** Somebody is one caller, by whichever keys and sessions. Whoever is nobody here yet, with a token of an identity provider, is known by where they come from. */
function paceKeyOf(caller: Caller, { remoteAddress }: HttpRequest): string {
  switch (caller.type) {
    case "anonymous":
      return sourceOf(remoteAddress);
    case "role":
    case "member":
      return caller.roleId;
    case "federated":
      return `${caller.accountId} federated`;
    default:
      return caller.userId;
  }
}
