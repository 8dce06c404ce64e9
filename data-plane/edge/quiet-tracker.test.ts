import { expect, test } from "bun:test";
import fc from "fast-check";
import type { EventId } from "#contracts";
import { QUIET_MS_MAX, QuietTracker } from "./quiet-tracker.ts";

const id = (cursor: number) => cursor as EventId;

test("what was taken away while it answers holds back the cursor until it has answered", () => {
  const quiet = new QuietTracker();
  quiet.applied(id(5), [], 0);
  expect(quiet.quietThrough(0)).toBe(id(5));
  const [first, second] = [quiet.begin("a"), quiet.begin("a")];
  quiet.applied(id(9), ["a"], 100);
  // Any event after 5 may be the one that took it away.
  expect(quiet.quietThrough(100)).toBe(id(5));
  expect(first()).toBe(false);
  expect(quiet.quietThrough(101)).toBe(id(5));
  expect(second()).toBe(true);
  expect(quiet.quietThrough(102)).toBe(id(9));
});

test("the end of an exchange is told once", () => {
  const quiet = new QuietTracker();
  quiet.applied(id(1), [], 0);
  const end = quiet.begin("a");
  quiet.begin("a");
  quiet.applied(id(2), ["a"], 0);
  expect([end(), end(), end()]).toEqual([false, false, false]);
  expect(quiet.quietThrough(0)).toBe(id(1));
  expect(quiet.connections).toBe(1);
});

test("what streams for ever holds back for so long and no longer", () => {
  const quiet = new QuietTracker();
  quiet.applied(id(1), [], 0);
  quiet.begin("a");
  quiet.applied(id(2), ["a"], 1_000);
  expect(quiet.dueAt()).toBe(1_000 + QUIET_MS_MAX);
  expect(quiet.quietThrough(999 + QUIET_MS_MAX)).toBe(id(1));
  expect(quiet.quietThrough(1_000 + QUIET_MS_MAX)).toBe(id(2));
  expect(quiet.dueAt()).toBeUndefined();
});

test("whatever happens: no cursor is said to be quiet while what a configuration up to it took away still answers", () => {
  const KEYS = ["a", "b", "c"];
  const step = fc.oneof(
    fc.record({ do: fc.constant("begin" as const), key: fc.constantFrom(...KEYS) }),
    fc.record({ do: fc.constant("end" as const), which: fc.nat(5) }),
    fc.record({ do: fc.constant("apply" as const), serving: fc.subarray(KEYS) }),
    fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: QUIET_MS_MAX / 2 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const quiet = new QuietTracker();
      let [now, cursor, said] = [0, 1, 0];
      let serving: readonly string[] = KEYS;
      quiet.applied(id(cursor), [], now);
      /** Exchanges that have not ended; with the cursor by which their backend was taken away, and when. */
      const open: { readonly key: string; end: () => boolean; removedBy?: number; removedAt?: number }[] = [];
      for (const one of steps) {
        if (one.do === "begin" && serving.includes(one.key)) open.push({ key: one.key, end: quiet.begin(one.key) });
        else if (one.do === "end" && open.length > 0) open.splice(one.which % open.length, 1)[0]!.end();
        else if (one.do === "pass") now += one.ms;
        else if (one.do === "apply") {
          const removed = serving.filter((key) => !one.serving.includes(key));
          serving = one.serving;
          cursor += 3;
          quiet.applied(id(cursor), removed, now);
          for (const exchange of open) {
            if (!removed.includes(exchange.key) || exchange.removedBy !== undefined) continue;
            exchange.removedBy = cursor;
            exchange.removedAt = now;
          }
        }
        const through = quiet.quietThrough(now);
        expect(through).toBeGreaterThanOrEqual(said);
        said = through;
        for (const { removedBy, removedAt } of open) {
          if (removedBy === undefined || now - removedAt! >= QUIET_MS_MAX) continue;
          // The event that took it away has an id after the configuration before.
          expect(through).toBeLessThanOrEqual(removedBy - 3);
        }
        if (open.every(({ removedBy }) => removedBy === undefined)) expect(through).toBe(id(cursor));
        expect(quiet.connections).toBe(open.length);
      }
    }),
  );
});
