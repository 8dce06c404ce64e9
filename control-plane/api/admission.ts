/** How much of the API one caller may have. */
import { ProblemError } from "#foundation/http";
import { createTokenBuckets, sourceOf, type TokenBuckets } from "#foundation/rate-limit";
import type { Clock } from "#foundation/runtime";
import { type ApiCaller, actorOf } from "./authentication/caller.ts";

/** Reads of one person or program: 600 at once, 50 a second for ever. */
const READS = { capacity: 600, refillPerSecond: 50 } as const;

/** Changes: each is an event that is kept for ever. 120 at once, 5 a second. */
const WRITES = { capacity: 120, refillPerSecond: 5 } as const;

/** Calls of one source before it is known who calls: a device that signs in makes two calls and polls each 5 s, and a whole office may sit behind one address. */
const STRANGERS = { capacity: 120, refillPerSecond: 5 } as const;

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

export interface Admission {
  /** @throws ProblemError 429 TOO_MANY_REQUESTS */
  admitCaller(caller: ApiCaller, method: string): void;
  /** @throws ProblemError 429 TOO_MANY_REQUESTS */
  admitSource(remoteAddress: string): void;
}

export function createAdmission(clock: Clock): Admission {
  const reads = createTokenBuckets({ clock, ...READS });
  const writes = createTokenBuckets({ clock, ...WRITES });
  const strangers = createTokenBuckets({ clock, ...STRANGERS });
  return {
    admitCaller(caller, method) {
      // The operator could stop the program as well; what is in its way would be in its own.
      if (caller.type === "operator") return;
      take(SAFE_METHODS.has(method) ? reads : writes, actorOf(caller));
    },
    admitSource: (remoteAddress) => take(strangers, sourceOf(remoteAddress)),
  };
}

function take(buckets: TokenBuckets, key: string): void {
  const { allowed, retryAfterMs } = buckets.take(key);
  if (!allowed) throw tooManyRequests(retryAfterMs);
}

/** RFC 6585 §4. @param retryAfterMs the answer says it in whole seconds, rounded up */
export function tooManyRequests(retryAfterMs: number, detail = "Slow down."): ProblemError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return new ProblemError(
    {
      status: 429,
      code: "TOO_MANY_REQUESTS",
      title: "Too many requests.",
      detail: `${detail} Try again in ${seconds} s.`,
      retryable: true,
      retryAfterSeconds: seconds,
    },
    { headers: [["retry-after", String(seconds)]] },
  );
}
