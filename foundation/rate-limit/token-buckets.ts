/** Rate limits: a bucket of tokens for each key. Pure but for the clock that is given. */
import { assert } from "#foundation/errors";
import type { Clock } from "#foundation/runtime";
import { AgingMap } from "./aging-map.ts";

/** What `createTokenBuckets` needs. */
export interface TokenBucketOptions {
  readonly clock: Clock;
  /** Tokens in a full bucket: what may be done at once. */
  readonly capacity: number;
  /** Tokens that come back each second, with fractions. */
  readonly refillPerSecond: number;
  /** Buckets that are told apart. Default {@link KEYS_MAX}. */
  readonly keysMax?: number;
}

/** The answer to one request. */
export interface RateDecision {
  readonly allowed: boolean;
  /** Whole milliseconds after which the same request is allowed, if nothing else is taken meanwhile; 0 when it is allowed now. */
  readonly retryAfterMs: number;
  /** Whole tokens left. */
  readonly remaining: number;
}

export interface TokenBuckets {
  /**
   * Takes `cost` tokens from the key's bucket, or none when there are too few. A key that was never seen has a full bucket.
   * @param cost 1 by default; 0 looks without taking
   * @throws InvariantViolation when the cost is more than the capacity: it would never be allowed
   */
  take(key: string, cost?: number): RateDecision;
  /** Puts tokens back that were taken for something that turned out to be free. Never more than a full bucket. */
  giveBack(key: string, cost?: number): void;
  /** Buckets kept: those that are not full, and some that have filled up again. */
  readonly size: number;
}

/** 100,000 keys of about 100 bytes: 10 MB. */
export const KEYS_MAX = 100_000;

/** Sums of fractions are not exact: three times a third of a second is a little more than a second. A millionth of a millisecond is nobody's gain. */
const ROUNDING_MS = 1e-6;

/**
 * Buckets of one size.
 *
 * Of each bucket only one number is kept: the moment at which it will be full (the "theoretical arrival time" of ITU-T I.371 appendix I, a leaky bucket
 * seen from the other side). A bucket that has had the time to fill up is the same as none, so forgetting those costs nothing; and when there are as many as may
 * be, new keys share one bucket instead of pushing out the emptied ones: else whoever invents enough keys would fill his own bucket again.
 *
 * @example
 * const writes = createTokenBuckets({ clock, capacity: 100, refillPerSecond: 100 / 60 });
 * const { allowed, retryAfterMs } = writes.take(principalId);
 */
export function createTokenBuckets(options: TokenBucketOptions): TokenBuckets {
  const { clock, capacity, refillPerSecond, keysMax = KEYS_MAX } = options;
  assert(capacity > 0 && Number.isFinite(capacity), "a bucket holds a finite number of tokens, more than none");
  assert(refillPerSecond > 0 && Number.isFinite(refillPerSecond), "tokens come back at a finite rate, more than none");
  const tokenMs = 1000 / refillPerSecond;
  const fillMs = capacity * tokenMs;
  // What was not touched for the time it takes to fill is full.
  const fullAt = new AgingMap<number>({ clock, lifeMs: fillMs, entriesMax: keysMax });
  let sharedFullAt = Number.NEGATIVE_INFINITY;

  const lookUp = (key: string): number | undefined =>
    fullAt.get(key) ?? (fullAt.size >= keysMax ? sharedFullAt : undefined);
  const keep = (key: string, moment: number): void => {
    if (!fullAt.set(key, moment)) sharedFullAt = moment;
  };

  return {
    take(key, cost = 1) {
      assert(cost >= 0 && cost <= capacity, () => `a cost of ${cost} is none that ${capacity} tokens can pay`);
      const now = clock.monotonicMs();
      const before = Math.max(now, lookUp(key) ?? now);
      const after = before + cost * tokenMs;
      const waitMs = after - fillMs - now;
      const allowed = waitMs <= ROUNDING_MS;
      if (allowed && cost > 0) keep(key, after);
      const leftMs = fillMs - ((allowed ? after : before) - now);
      return {
        allowed,
        retryAfterMs: allowed ? 0 : Math.ceil(waitMs - ROUNDING_MS),
        remaining: Math.max(0, Math.floor((leftMs + ROUNDING_MS) / tokenMs)),
      };
    },
    giveBack(key, cost = 1) {
      assert(cost >= 0, "nothing less than nothing is given back");
      const moment = lookUp(key);
      if (moment !== undefined) keep(key, moment - cost * tokenMs);
    },
    get size() {
      return fullAt.size;
    },
  };
}
