import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import type { Backend } from "../backend.ts";
import { local } from "../testing/proxy-fixture.ts";
import { type RawPeer, type RawServer, rawServer } from "../testing/raw-peers.ts";
import { ejectionStep, isEjected, NOT_EJECTED } from "./ejection.ts";
import { HealthChecker, type HealthCheckerOptions } from "./health-checker.ts";
import { type CheckResult, healthStep, INITIAL_HEALTH } from "./health-machine.ts";
import { InvalidStatusMatcher, parseStatusMatcher } from "./status-matcher.ts";

const servers: RawServer[] = [];
const checkers: HealthChecker[] = [];
afterEach(() => {
  for (const checker of checkers.splice(0)) checker.close();
  for (const server of servers.splice(0)) server.stop();
});

describe("statuses that match", () => {
  test("single ones, lists and ranges", () => {
    const matching = (text: string): number[] => {
      const matches = parseStatusMatcher(text);
      return Array.from({ length: 700 }, (_, status) => status).filter(matches);
    };
    expect(matching("200")).toEqual([200]);
    expect(matching("200,302, 404")).toEqual([200, 302, 404]);
    expect(matching("200-203,301")).toEqual([200, 201, 202, 203, 301]);
    expect(matching("500-500")).toEqual([500]);
  });

  test.each(["", "20", "2000", "600", "200-", "-200", "299-200", "200,", "2xx", "200 201"])("%p is none", (text) => {
    expect(() => parseStatusMatcher(text)).toThrow(InvalidStatusMatcher);
  });
});

/** A story: p passes, f fails; after each the state's first letter. */
function story(results: string, thresholds = { healthy: 3, unhealthy: 2 }): string {
  let state = INITIAL_HEALTH;
  return [...results]
    .map((letter) => {
      const result: CheckResult = letter === "p" ? { kind: "passed" } : { kind: "timeout" };
      state = healthStep(state, result, thresholds);
      return state.status[0];
    })
    .join("");
}

describe("the machine", () => {
  test.each([
    ["p", "h"],
    ["f", "i"],
    ["ff", "iu"],
    ["fp", "ih"],
    ["ffppp", "iuuuh"],
    ["ffppfppp", "iuuuuuuh"],
    ["pfpfpf", "hhhhhh"],
    ["pff", "hhu"],
  ])("%s leads to %s", (results, expected) => {
    expect(story(results)).toBe(expected);
  });

  test("turns exactly when the thresholds say so", () => {
    const results = fc.array(fc.boolean(), { maxLength: 60 });
    fc.assert(
      fc.property(
        results,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 10 }),
        (all, healthy, unhealthy) => {
          let naive = "i";
          const expected = all.map((passed, index) => {
            const run = (count: number): boolean =>
              index + 1 >= count && all.slice(index + 1 - count, index + 1).every((one) => one === passed);
            if (passed && (naive === "i" || run(healthy))) naive = "h";
            if (!passed && run(unhealthy)) naive = "u";
            return naive;
          });
          const text = all.map((passed) => (passed ? "p" : "f")).join("");
          expect(story(text, { healthy, unhealthy })).toBe(expected.join(""));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("ejection", () => {
  const limits = { failures: 3, baseMs: 1000, maxMs: 2500 };

  test("comes after failures in a row, lasts longer each time, and is forgiven", () => {
    let state = NOT_EJECTED;
    const fail = (count: number, nowMs: number): void => {
      for (let i = 0; i < count; i++) state = ejectionStep(state, false, nowMs, limits);
    };
    fail(2, 0);
    state = ejectionStep(state, true, 0, limits);
    fail(2, 0);
    expect(isEjected(state, 0)).toBe(false);
    fail(1, 0);
    expect([isEjected(state, 999), isEjected(state, 1000)]).toEqual([true, false]);
    // What was on its way already neither helps nor harms.
    fail(10, 500);
    state = ejectionStep(state, true, 500, limits);
    expect(state).toMatchObject({ ejections: 1, ejectedUntilMs: 1000 });
    fail(3, 1000);
    expect(state.ejectedUntilMs).toBe(3000);
    fail(3, 3000);
    expect(state.ejectedUntilMs).toBe(5500);
    state = ejectionStep(state, true, 5600, limits);
    expect(state.ejections).toBe(3);
    state = ejectionStep(state, true, 8000, limits);
    expect(state.ejections).toBe(2);
    state = ejectionStep(state, true, 8001, limits);
    expect(state.ejections).toBe(2);
    state = ejectionStep(state, true, 10_000, limits);
    expect(state.ejections).toBe(1);
  });
});

function checkerOf(options: Partial<HealthCheckerOptions>): { checker: HealthChecker; seen: string[] } {
  const seen: string[] = [];
  const checker = new HealthChecker({
    probe: { kind: "tcp" },
    intervalMs: 1000,
    timeoutMs: 500,
    thresholds: { healthy: 2, unhealthy: 2 },
    onChecked: (id, state, turned) => seen.push(`${id} ${state.last!.kind} ${state.status}${turned ? "!" : ""}`),
    random: { float: () => 0.5 },
    ...options,
  });
  checkers.push(checker);
  return { checker, seen };
}

test("checks at its interval from the beginning of each, one at a time, until removed", () => {
  const time = createVirtualTime(0);
  const begun: number[] = [];
  let cancelled = 0;
  const { checker, seen } = checkerOf({
    time,
    check: (_backend, _probe, timeoutMs, onResult) => {
      begun.push(time.clock.monotonicMs());
      // The third one takes longer than the interval.
      const timer = time.timers.after(begun.length === 3 ? 1500 : 100, () => onResult({ kind: "passed" }));
      expect(timeoutMs).toBe(500);
      return {
        cancel() {
          cancelled++;
          timer.cancel();
        },
      };
    },
  });
  checker.add("a", local(1));
  time.advance(5050);
  expect(begun).toEqual([0, 1000, 2000, 3500, 4500]);
  expect(seen[0]).toBe("a passed healthy!");
  expect(seen.length).toBe(5);
  checker.add("b", local(2));
  checker.remove("b");
  expect(cancelled).toBe(1);
  checker.close();
  time.advance(10_000);
  expect(begun.length).toBe(6);
  expect(time.pendingTimers()).toBe(0);
});

describe("over the network", () => {
  /** One check of a scripted target. */
  async function check(
    probe: HealthCheckerOptions["probe"],
    script: (peer: RawPeer) => void,
  ): Promise<{ result: CheckResult; asked: string }> {
    const server = rawServer(script);
    servers.push(server);
    return { result: await once(probe, local(server.port)), asked: server.peers[0]?.received ?? "" };
  }

  async function once(probe: HealthCheckerOptions["probe"], backend: Backend): Promise<CheckResult> {
    const { promise, resolve } = Promise.withResolvers<CheckResult>();
    const { checker } = checkerOf({ probe, timeoutMs: 100, onChecked: (_id, state) => resolve(state.last!) });
    checker.add("a", backend);
    return promise;
  }

  const http = { kind: "http", target: "/health?deep", matches: parseStatusMatcher("200-299") } as const;
  const answering = (answer: string) => (peer: RawPeer) => {
    peer.until((text) => text.endsWith("\r\n\r\n")).then(() => peer.send(answer));
  };

  test("an answer that matches, whatever its body", async () => {
    const { result, asked } = await check(http, answering("HTTP/1.1 204 No Content\r\n\r\n"));
    expect(result).toEqual({ kind: "passed" });
    expect(asked).toMatch(/^GET \/health\?deep HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nConnection: close\r\n/);
    const early = await check(http, answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx"));
    expect(early.result).toEqual({ kind: "passed" });
  });

  test("one that does not, none, and none of the protocol", async () => {
    expect((await check(http, answering("HTTP/1.1 500 Oops\r\n\r\n"))).result).toEqual({
      kind: "mismatch",
      status: 500,
    });
    expect((await check(http, () => {})).result).toEqual({ kind: "timeout" });
    expect((await check(http, answering("HTTP/1.1 200 OK\r\nX"))).result).toEqual({ kind: "timeout" });
    expect((await check(http, answering("hello\r\n\r\n"))).result).toEqual({ kind: "failed", reason: "bad-version" });
    expect((await check(http, (peer) => peer.close())).result).toEqual({ kind: "failed", reason: "incomplete" });
  });

  test("TCP: whether somebody accepts", async () => {
    expect((await check({ kind: "tcp" }, () => {})).result).toEqual({ kind: "passed" });
    const dead = rawServer();
    dead.stop();
    expect(await once({ kind: "tcp" }, local(dead.port))).toEqual({ kind: "failed", reason: "ECONNREFUSED" });
  });
});
