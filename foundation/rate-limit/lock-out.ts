/**
 * Lock-out of those who guess credentials. Pure but for the clock that is given.
 *
 * An *identity* is what somebody claims to be (a user name, a key id, a client id, a device code), whether or not it exists: answers must not tell. A *source* is from
 * where he claims it; see `sourceOf`. Three limits, because each alone has a hole:
 *
 * 1. **Of one identity from one source**: a few tries are free (people mistype), then each failure doubles the wait, up to a quarter of an hour. A success resets it.
 *    Alone it would let a thousand machines guess in parallel.
 * 2. **Of one identity from all sources that it has not yet been proved from**: a bucket of failures, slowly refilled. That bounds what a thousand machines get:
 *    a burst of 50 and then 120 guesses an hour. Alone, and for everybody, it would be a weapon: a stranger who keeps guessing would keep the bucket empty and
 *    the owner out. So it does not count for sources from which the identity has been proved lately: the owner at his desk notices nothing. What remains: during
 *    such an attack the owner competes with the strangers for the refill when he comes from a place where he has never been; from one where he has, or when the
 *    attack pauses, he gets in.
 * 3. **Of one source for all identities it has not proved**: a bucket as well, against one password tried on every name, and so that one source cannot fill the tables.
 *
 * A refused attempt costs nothing and lengthens nothing: a program that retries blindly gets in when its time has come. An attempt counts as failed until it is said
 * to have succeeded, so that parallel guesses do not outrun the count. Known sources are exempt from 2 and 3, not from 1: whoever shares the owner's
 * address can only slow him down, by a quarter of an hour at a time.
 *
 * What this is not: it keeps nothing on disk, so a restart forgives; and it says nothing through time only if the caller takes the same time for every answer: compare
 * with `equalInConstantTime`, also against a stand-in when the identity does not exist, and answer a refusal by it in the same words for all identities.
 */
import { createHash } from "node:crypto";
import type { Clock } from "#foundation/runtime";
import { AgingMap } from "./aging-map.ts";
import { createKnownSources } from "./known-sources.ts";
import { createTokenBuckets } from "./token-buckets.ts";

/** Failures of one identity from one source before there is a wait. */
export const FREE_FAILURES = 5;

/** The wait after the first failure that is not free; each further one doubles it. */
export const WAIT_FIRST_MS = 1000;

/** The longest wait: 15 minutes, so 96 guesses a day. */
export const WAIT_MAX_MS = 15 * 60 * 1000;

/** A count of failures is forgotten when nothing has failed for this long; longer than the longest wait, or waiting would reset the count. */
const FAILURES_LIFE_MS = 24 * 60 * 60 * 1000;

/** How long a place is known after the last proof from there. */
const KNOWN_LIFE_MS = 30 * 24 * 60 * 60 * 1000;

/** Failures of one identity from unknown sources: 50 at once, then one each 30 s. */
export const IDENTITY_FAILURES = { capacity: 50, refillPerSecond: 1 / 30 } as const;

/** Failures of one source with identities it has not proved: 100 at once, then one each 6 s. A whole office may sit behind one address. */
export const SOURCE_FAILURES = { capacity: 100, refillPerSecond: 1 / 6 } as const;

/** Pairs, identities and sources kept, each: about 100 bytes an entry, 500 at most, 20 MB in all as a rule. */
const ENTRIES_MAX = 50_000;

/** The longest e-mail address has 254 characters. */
const IDENTITY_CHARACTERS_MAX = 300;

/** What `createLockOut` needs. */
export interface LockOutOptions {
  readonly clock: Clock;
  readonly entriesMax?: number;
}

/** An attempt that may go on. Exactly one of both is called when its outcome is known; calling again does nothing. */
export interface Attempt {
  succeeded(): void;
  failed(): void;
}

/** Which of the three limits refused. For logs and the audit; the answer to the caller does not say. */
export type LockOutLimit = "pair" | "identity" | "source";

export type LockOutDecision =
  | { readonly allowed: true; readonly attempt: Attempt }
  | { readonly allowed: false; readonly retryAfterMs: number; readonly limit: LockOutLimit };

export interface LockOut {
  /** Asks before a credential is verified. */
  attempt(identity: string, source: string): LockOutDecision;
}

interface Pair {
  failures: number;
  /** Attempts under way. */
  pending: number;
  /** Monotonic milliseconds. */
  waitsUntil: number;
}

/**
 * @example
 * const decision = lockOut.attempt(clientId, sourceOf(remoteAddress));
 * if (!decision.allowed) return tooManyRequests(decision.retryAfterMs);
 * const genuine = equalInConstantTime(hash(given), stored ?? STAND_IN);
 * if (genuine) decision.attempt.succeeded();
 * else decision.attempt.failed();
 */
export function createLockOut({ clock, entriesMax = ENTRIES_MAX }: LockOutOptions): LockOut {
  const pairs = new AgingMap<Pair>({ clock, lifeMs: FAILURES_LIFE_MS, entriesMax });
  const known = createKnownSources(clock, KNOWN_LIFE_MS, entriesMax);
  const identities = createTokenBuckets({ clock, ...IDENTITY_FAILURES, keysMax: entriesMax });
  const sources = createTokenBuckets({ clock, ...SOURCE_FAILURES, keysMax: entriesMax });

  const refuse = (limit: LockOutLimit, retryAfterMs: number): LockOutDecision => ({
    allowed: false,
    retryAfterMs: Math.ceil(retryAfterMs),
    limit,
  });

  return {
    attempt(claimed, source) {
      const now = clock.monotonicMs();
      const identity = bounded(claimed);
      const name = `${identity.length} ${identity} ${source}`;
      const isKnown = known.has(identity, source);
      const pair = pairs.get(name) ?? { failures: 0, pending: 0, waitsUntil: 0 };
      if (now < pair.waitsUntil) return refuse("pair", pair.waitsUntil - now);
      // Were each of those under way to fail, this one would have to wait.
      const outruns = !isKnown && pair.pending > 0 && pair.failures + pair.pending >= FREE_FAILURES;
      if (outruns) return refuse("pair", WAIT_FIRST_MS);
      if (!isKnown) {
        const ofSource = sources.take(source);
        if (!ofSource.allowed) return refuse("source", ofSource.retryAfterMs);
        const ofIdentity = identities.take(identity);
        if (!ofIdentity.allowed) {
          sources.giveBack(source);
          return refuse("identity", ofIdentity.retryAfterMs);
        }
      }
      pair.pending++;
      // When there is no room for the pair, the two buckets alone must do.
      if (!isKnown) pairs.set(name, pair);

      let open = true;
      const close = (): boolean => {
        if (!open) return false;
        open = false;
        pair.pending--;
        return true;
      };
      return {
        allowed: true,
        attempt: {
          succeeded() {
            if (!close()) return;
            pair.failures = 0;
            pair.waitsUntil = 0;
            if (pair.pending === 0) pairs.delete(name);
            known.add(identity, source);
            if (isKnown) return;
            identities.giveBack(identity);
            sources.giveBack(source);
          },
          failed() {
            if (!close()) return;
            // Parallel attempts from a known source that had never failed before do not share a count yet.
            const counted = pairs.get(name) ?? pair;
            counted.failures++;
            counted.waitsUntil = clock.monotonicMs() + waitAfter(counted.failures);
            pairs.set(name, counted);
          },
        },
      };
    },
  };
}

/** What strangers claim may be as long as their requests, and is kept for a day: of long claims only a digest is. */
function bounded(identity: string): string {
  if (identity.length <= IDENTITY_CHARACTERS_MAX) return identity;
  return `sha256 ${createHash("sha256").update(identity, "utf8").digest("hex")}`;
}

/** Milliseconds to wait after the given number of failures. */
function waitAfter(failures: number): number {
  const beyond = failures - FREE_FAILURES;
  if (beyond < 0) return 0;
  return Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** Math.min(beyond, 30));
}
