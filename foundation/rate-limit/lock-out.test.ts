import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime, type VirtualTime } from "#foundation/runtime";
import { createLockOut, FREE_FAILURES, IDENTITY_FAILURES, type LockOut, WAIT_MAX_MS } from "./lock-out.ts";

const HOUR_MS = 60 * 60 * 1000;

function fresh(entriesMax?: number): { readonly time: VirtualTime; readonly lockOut: LockOut } {
  const time = createVirtualTime(0);
  return { time, lockOut: createLockOut({ clock: time.clock, entriesMax }) };
}

/** One guess with a wrong credential; 0 when it was let through, else the wait. */
function guess(lockOut: LockOut, identity: string, source: string): number {
  const decision = lockOut.attempt(identity, source);
  if (!decision.allowed) return decision.retryAfterMs;
  decision.attempt.failed();
  return 0;
}

/** One attempt with the right credential. */
function enter(lockOut: LockOut, identity: string, source: string): boolean {
  const decision = lockOut.attempt(identity, source);
  if (decision.allowed) decision.attempt.succeeded();
  return decision.allowed;
}

test("what strangers claim to be costs no memory, however long it is", () => {
  const { time, lockOut } = fresh();
  const long = (number: number) => Buffer.alloc(100_000, `${number} `).toString("latin1");
  const heap = () => {
    Bun.gc(true);
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  for (let number = 0; number < 1_000; number++) expect(guess(lockOut, long(number), String(number))).toBe(0);
  expect(heap() - before).toBeLessThan(30_000_000);
  // They are told apart all the same.
  for (let failure = 1; failure < FREE_FAILURES; failure++) guess(lockOut, long(1), "1");
  expect([guess(lockOut, long(1), "1") > 0, guess(lockOut, long(2), "1") > 0]).toEqual([true, false]);
  time.advance(HOUR_MS);
});

describe("one identity from one source", () => {
  test("some failures are free, then each doubles the wait up to a quarter of an hour", () => {
    const { time, lockOut } = fresh();
    for (let free = 1; free <= FREE_FAILURES; free++) expect(guess(lockOut, "ada", "home")).toBe(0);
    const waits: number[] = [];
    for (let failure = 0; failure < 13; failure++) {
      const wait = guess(lockOut, "ada", "home");
      waits.push(wait);
      time.advance(wait - 1);
      expect(guess(lockOut, "ada", "home")).toBe(1);
      time.advance(1);
      expect(guess(lockOut, "ada", "home")).toBe(0);
    }
    expect(waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(waits.at(-1)).toBe(WAIT_MAX_MS);
  });

  test("asking during the wait does not lengthen it", () => {
    const { time, lockOut } = fresh();
    for (let failure = 0; failure <= FREE_FAILURES; failure++) guess(lockOut, "ada", "home");
    for (let ms = 0; ms < 1000; ms += 50) {
      expect(guess(lockOut, "ada", "home")).toBe(1000 - ms);
      time.advance(50);
    }
    expect(enter(lockOut, "ada", "home")).toBe(true);
  });

  test("a success resets the count", () => {
    const { lockOut } = fresh();
    for (let round = 0; round < 5; round++) {
      for (let failure = 1; failure < FREE_FAILURES; failure++) expect(guess(lockOut, "ada", "home")).toBe(0);
      expect(enter(lockOut, "ada", "home")).toBe(true);
    }
  });

  test("a day without failures resets it too, waiting for a quarter of an hour does not", () => {
    const { time, lockOut } = fresh();
    for (let failure = 0; failure < 20; failure++) {
      expect(guess(lockOut, "ada", "home")).toBe(0);
      time.advance(WAIT_MAX_MS);
    }
    expect(guess(lockOut, "ada", "home")).toBe(0);
    expect(guess(lockOut, "ada", "home")).toBe(WAIT_MAX_MS);
    time.advance(48 * HOUR_MS);
    expect(guess(lockOut, "ada", "home")).toBe(0);
    expect(guess(lockOut, "ada", "home")).toBe(0);
  });

  test("others are not concerned, whatever the names", () => {
    const { lockOut } = fresh();
    for (let failure = 0; failure < FREE_FAILURES; failure++) guess(lockOut, "ada x", "home");
    expect(guess(lockOut, "ada x", "home")).toBeGreaterThan(0);
    expect(enter(lockOut, "ada x", "office")).toBe(true);
    expect(enter(lockOut, "grace", "home")).toBe(true);
    expect(guess(lockOut, "ada", "x home")).toBe(0);
  });

  test("guesses in parallel do not outrun the count", () => {
    const { lockOut } = fresh();
    const decisions = Array.from({ length: 100 }, () => lockOut.attempt("ada", "home"));
    const open = decisions.filter((decision) => decision.allowed);
    expect(open).toHaveLength(FREE_FAILURES);
    for (const { attempt } of open) {
      attempt.failed();
      attempt.failed();
      attempt.succeeded();
    }
    expect(guess(lockOut, "ada", "home")).toBe(1000);
  });

  test("parallel requests from a known source all pass, and parallel failures from there all count", () => {
    const { lockOut } = fresh();
    enter(lockOut, "ada", "home");
    const decisions = Array.from({ length: 100 }, () => lockOut.attempt("ada", "home"));
    expect(decisions.every((decision) => decision.allowed)).toBe(true);
    for (const decision of decisions) if (decision.allowed) decision.attempt.failed();
    expect(guess(lockOut, "ada", "home")).toBe(WAIT_MAX_MS);
  });
});

describe("one identity from everywhere", () => {
  test("strangers share a bucket, and the owner gets in from where he is known", () => {
    const { time, lockOut } = fresh();
    expect(enter(lockOut, "ada", "home")).toBe(true);
    let guesses = 0;
    // A thousand machines try for a day as often as they are let.
    for (let minute = 0; minute < 24 * 60; minute++) {
      for (let machine = 0; machine < 10; machine++) {
        if (guess(lockOut, "ada", `machine ${(minute * 10 + machine) % 1000}`) === 0) guesses++;
      }
      if (minute % 60 === 0) expect(enter(lockOut, "ada", "home")).toBe(true);
      time.advance(60_000);
    }
    expect(guesses).toBeLessThanOrEqual(IDENTITY_FAILURES.capacity + 24 * 3600 * IDENTITY_FAILURES.refillPerSecond + 1);
    const stranger = lockOut.attempt("ada", "never seen");
    expect(stranger).toMatchObject({ allowed: true });
    // When the attack pauses, the owner gets in from a new place as well.
    time.advance(60_000);
    expect(enter(lockOut, "ada", "hotel")).toBe(true);
  });

  test("the owner's success does not fill the strangers' bucket", () => {
    const { lockOut } = fresh();
    enter(lockOut, "ada", "home");
    for (let machine = 0; machine < IDENTITY_FAILURES.capacity; machine++) {
      expect(guess(lockOut, "ada", `machine ${machine}`)).toBe(0);
    }
    enter(lockOut, "ada", "home");
    expect(lockOut.attempt("ada", "one more")).toMatchObject({ allowed: false, limit: "identity" });
  });
});

describe("one source for all identities", () => {
  test("one password on every name is bounded, and those who are known there get in", () => {
    const { lockOut } = fresh();
    enter(lockOut, "ada", "office");
    let guesses = 0;
    while (guess(lockOut, `user ${guesses}`, "office") === 0) guesses++;
    expect(guesses).toBe(100);
    expect(lockOut.attempt("new colleague", "office")).toMatchObject({ allowed: false, limit: "source" });
    expect(enter(lockOut, "ada", "office")).toBe(true);
  });
});

describe("memory", () => {
  test("is bounded, and those who fill it gain nothing", () => {
    const { lockOut } = fresh(1000);
    enter(lockOut, "ada", "home");
    for (let failure = 0; failure < FREE_FAILURES; failure++) guess(lockOut, "ada", "attacker");
    for (let machine = 0; machine < 5000; machine++) guess(lockOut, `user ${machine}`, `machine ${machine}`);
    expect(guess(lockOut, "ada", "attacker")).toBeGreaterThan(0);
    let guesses = 0;
    for (let machine = 5000; machine < 10_000; machine++) {
      if (guess(lockOut, "ada", `machine ${machine}`) === 0) guesses++;
    }
    expect(guesses).toBeLessThanOrEqual(IDENTITY_FAILURES.capacity);
    expect(enter(lockOut, "ada", "home")).toBe(true);
  });
});

describe("any sequence of guesses", () => {
  const step = fc.record({
    passMs: fc.oneof(fc.constant(0), fc.nat(5000), fc.nat(WAIT_MAX_MS)),
    source: fc.nat(5),
    parallel: fc.integer({ min: 1, max: 8 }),
  });

  test("lets through at most what the identity's bucket holds, and always lets the owner in at home", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { time, lockOut } = fresh();
        enter(lockOut, "ada", "home");
        let guesses = 0;
        for (const { passMs, source, parallel } of steps) {
          time.advance(passMs);
          const decisions = Array.from({ length: parallel }, () => lockOut.attempt("ada", `machine ${source}`));
          for (const decision of decisions) {
            if (!decision.allowed) continue;
            guesses++;
            decision.attempt.failed();
          }
          expect(enter(lockOut, "ada", "home")).toBe(true);
        }
        const seconds = time.clock.monotonicMs() / 1000;
        const most = IDENTITY_FAILURES.capacity + seconds * IDENTITY_FAILURES.refillPerSecond;
        expect(guesses).toBeLessThanOrEqual(most + 1e-6);
      }),
    );
  });
});
