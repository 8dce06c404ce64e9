import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ClientFailure } from "#foundation/http1";
import {
  type BreakerState,
  breakerAdmits,
  breakerBegun,
  breakerEnded,
  CLOSED,
  type Outcome,
} from "./circuit-breaker.ts";
import { RetryBudget } from "./retry-budget.ts";
import { isRepeatable, reasonOfFailure, reasonOfStatus } from "./retry-rules.ts";

const LIMITS = { failures: 3, windowMs: 1000, resetMs: 500 };

/** After requests one after the other, each with its time and outcome. */
function after(...requests: readonly (readonly [atMs: number, outcome: Outcome])[]): BreakerState {
  return requests.reduce<BreakerState>((state, [atMs, outcome]) => {
    const begun = breakerBegun(state);
    return breakerEnded(begun, outcome, begun.kind === "trying", atMs, LIMITS);
  }, CLOSED);
}

describe("a circuit breaker", () => {
  test("opens at as many failures within its window as are said, whatever succeeds between them", () => {
    expect(after([0, "failed"], [10, "ok"], [20, "failed"])).toMatchObject({ kind: "closed" });
    expect(after([0, "failed"], [10, "ok"], [20, "failed"], [30, "failed"])).toEqual({ kind: "open", untilMs: 530 });
    expect(after([0, "failed"], [20, "failed"], [1000, "failed"])).toMatchObject({ kind: "closed" });
    expect(after([0, "unknown"], [1, "unknown"], [2, "unknown"])).toEqual(CLOSED);
  });

  test("lets one request try after its time, and does as that does", () => {
    const open = after([0, "failed"], [0, "failed"], [0, "failed"]);
    expect([breakerAdmits(open, 499), breakerAdmits(open, 500)]).toEqual([false, true]);
    const trying = breakerBegun(open);
    expect(breakerAdmits(trying, 10_000)).toBe(false);
    expect(breakerEnded(trying, "ok", true, 600, LIMITS)).toEqual(CLOSED);
    expect(breakerEnded(trying, "failed", true, 600, LIMITS)).toEqual({ kind: "open", untilMs: 1100 });
    expect(breakerEnded(trying, "unknown", true, 600, LIMITS)).toEqual({ kind: "open", untilMs: 600 });
  });

  test("learns nothing from requests that were begun before it opened", () => {
    const trying = breakerBegun(after([0, "failed"], [0, "failed"], [0, "failed"]));
    expect(breakerEnded(trying, "ok", false, 600, LIMITS)).toBe(trying);
    const open: BreakerState = { kind: "open", untilMs: 500 };
    expect(breakerEnded(open, "ok", false, 100, LIMITS)).toBe(open);
  });

  test("never has two requests that try, and never stays shut for ever", () => {
    const step = fc.record({
      waitMs: fc.nat(700),
      end: fc.option(fc.constantFrom<Outcome>("ok", "failed", "unknown")),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let state: BreakerState = CLOSED;
        let nowMs = 0;
        const underWay: boolean[] = [];
        for (const { waitMs, end } of steps) {
          nowMs += waitMs;
          if (end === null && breakerAdmits(state, nowMs)) {
            state = breakerBegun(state);
            underWay.push(state.kind === "trying");
          } else if (end !== null && underWay.length > 0) {
            state = breakerEnded(state, end, underWay.shift()!, nowMs, LIMITS);
          }
          expect(underWay.filter((isTrial) => isTrial).length).toBe(state.kind === "trying" ? 1 : 0);
        }
        for (const isTrial of underWay) state = breakerEnded(state, "unknown", isTrial, nowMs, LIMITS);
        expect(breakerAdmits(state, nowMs + LIMITS.resetMs)).toBe(true);
      }),
    );
  });
});

test("a retry budget allows a share of the requests, and a few at first", () => {
  const spent = (budget: RetryBudget): number => {
    let count = 0;
    while (budget.spend()) count++;
    return count;
  };
  const budget = new RetryBudget(0.5);
  expect(spent(budget)).toBe(10);
  for (let i = 0; i < 8; i++) budget.earn();
  expect(spent(budget)).toBe(4);
  for (let i = 0; i < 10_000; i++) budget.earn();
  expect(spent(budget)).toBe(100);
  const none = new RetryBudget(0);
  spent(none);
  none.earn();
  expect(none.spend()).toBe(false);
});

describe("what may be sent again", () => {
  test.each([
    ["GET", true, true, true],
    ["PUT", true, true, true],
    ["PUT", false, true, false],
    ["POST", true, true, false],
    ["PATCH", true, true, false],
    ["get", true, true, false],
    ["POST", false, false, true],
  ] as const)("%s, whole %p, sent %p: %p", (method, isWhole, sent, expected) => {
    expect(isRepeatable(method, isWhole, sent)).toBe(expected);
  });

  test("failures have names; what is our own fault has none", () => {
    const reason = (kind: ClientFailure["kind"], sent = true) => reasonOfFailure({ kind } as ClientFailure, sent);
    expect([reason("connect-refused", false), reason("closed", false), reason("closed"), reason("malformed")]).toEqual([
      "connect",
      "connect",
      502,
      502,
    ]);
    expect([reason("response-timeout"), reason("pool-full", false), reason("unsafe", false)]).toEqual([
      "timeout",
      undefined,
      undefined,
    ]);
    expect([502, 503, 504, 500, 200].map(reasonOfStatus)).toEqual([502, 503, 504, undefined, undefined]);
  });
});
