/**
 * Calls end when they are told to, whatever the other side does, and nothing of them is left.
 */
import { describe, expect, test } from "bun:test";
import { RpcError } from "#foundation/rpc";
import { createVirtualTime } from "#foundation/runtime";
import { type CallScope, callAll, callOne } from "./calls.ts";
import { UndoStack } from "./undo-stack.ts";

function scene() {
  const time = createVirtualTime(0);
  const controller = new AbortController();
  const scope: CallScope = { timers: time.timers, epoch: 3n, signal: controller.signal };
  const result = (promise: Promise<unknown>) => {
    const seen: { value?: unknown; error?: unknown } = {};
    promise.then(
      (value) => Object.assign(seen, { value }),
      (error) => Object.assign(seen, { error }),
    );
    return seen;
  };
  return { time, controller, scope, result };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe("one call", () => {
  test("ends with its time, and tells the client so", async () => {
    const { time, scope, result } = scene();
    let given: AbortSignal | undefined;
    const seen = result(
      callOne(scope, 100, ({ signal }) => {
        given = signal;
        return never();
      }),
    );
    await time.advanceSettled(99);
    expect([seen.error, given?.aborted]).toEqual([undefined, false]);
    await time.advanceSettled(1);
    expect(seen.error).toMatchObject({ code: "timed_out" });
    expect(given?.aborted).toBe(true);
    expect(time.pendingTimers()).toBe(0);
  });

  test("ends with the signal, and is not made after it", async () => {
    const { time, controller, scope, result } = scene();
    const seen = result(callOne(scope, 100, never));
    controller.abort("enough");
    const late = result(callOne(scope, 100, () => Promise.reject(new Error("was made"))));
    await time.advanceSettled(0);
    expect([seen.error, late.error]).toEqual(["enough", "enough"]);
    expect(time.pendingTimers()).toBe(0);
  });

  test.each([
    ["newer_epoch", 9n, { end: { reason: "superseded", epoch: 9n } }],
    ["wrong_epoch", 9n, { end: { reason: "superseded", epoch: 9n } }],
    ["wrong_epoch", 2n, { code: "wrong_epoch" }],
    ["not_running", undefined, { code: "not_running" }],
  ])("%s of %s", async (code, detail, expected) => {
    const { time, scope, result } = scene();
    const seen = result(callOne(scope, 100, () => Promise.reject(new RpcError(code, "", detail))));
    await time.advanceSettled(0);
    expect(seen.error).toMatchObject(expected);
  });

  test("a client that throws has failed", async () => {
    const { time, scope, result } = scene();
    const seen = result(
      callOne(scope, 100, () => {
        throw new TypeError("no such method");
      }),
    );
    await time.advanceSettled(0);
    expect(seen.error).toMatchObject({ code: "failed" });
  });
});

describe("many calls", () => {
  test("their outcomes are in order, and no more than a bound runs at once", async () => {
    const { time, scope } = scene();
    let now = 0;
    let most = 0;
    const items = Array.from({ length: 100 }, (_, place) => place);
    const all = callAll(scope, items, { timeoutMs: 100 }, async (item) => {
      most = Math.max(most, ++now);
      await new Promise<void>((resolve) => void time.timers.after(1 + (item % 7), resolve));
      now--;
      if (item % 10 === 0) throw new RpcError("incapable", "");
      return item * 2;
    });
    await time.advanceSettled(1000);
    const outcomes = await all;
    expect(outcomes.map(({ item }) => item)).toEqual(items);
    expect(outcomes.filter(({ ok }) => !ok)).toHaveLength(10);
    expect(outcomes[7]).toEqual({ item: 7, ok: true, reply: 14 });
    expect(most).toBe(32);
  });

  test("the first word of a newer epoch ends all of them", async () => {
    const { time, scope, result } = scene();
    let made = 0;
    const seen = result(
      callAll(scope, [...Array(50).keys()], { timeoutMs: 100 }, (item) => {
        made++;
        return item === 3 ? Promise.reject(new RpcError("newer_epoch", "", 4n)) : never();
      }),
    );
    await time.advanceSettled(0);
    expect(seen.error).toMatchObject({ end: { reason: "superseded", epoch: 4n } });
    expect(made).toBe(32);
    expect(time.pendingTimers()).toBe(0);
  });

  test("when there is enough the others have a little longer", async () => {
    const { time, scope } = scene();
    const settle = { enough: (done: readonly unknown[]) => done.length >= 2, graceMs: 50 };
    const delays = [1, 2, 30, 500];
    const all = callAll(scope, delays, { timeoutMs: 1000, settle }, async (delay) => {
      await new Promise<void>((resolve) => void time.timers.after(delay, resolve));
    });
    await time.advanceSettled(53);
    expect((await all).map(({ ok }) => ok)).toEqual([true, true, true, false]);
  });
});

describe("undo", () => {
  const limits = { callMs: 10, totalMs: 1000 };
  function filled(...entries: readonly [name: string, host: string, run: () => Promise<void>][]) {
    const stack = new UndoStack();
    const ran: string[] = [];
    for (const [name, host, run] of entries) {
      const noted = (): Promise<void> => {
        ran.push(name);
        return run();
      };
      stack.push({ name, host, kind: name.startsWith("component") ? "component" : "worker", run: noted });
    }
    return { stack, ran };
  }
  const done = async (): Promise<void> => undefined;

  test("the last first, and tried again when it fails", async () => {
    const { time } = scene();
    let failures = 2;
    const stubborn = async (): Promise<void> => {
      if (failures-- > 0) throw new RpcError("unreachable", "");
    };
    const refused = (): Promise<void> => Promise.reject(new RpcError("newer_epoch", "", 9n));
    const { stack, ran } = filled(["first", "a", done], ["stubborn", "a", stubborn], ["refused", "a", refused]);
    const running = stack.run(time.timers, 1n, limits);
    await time.advanceSettled(0);
    expect(await running).toEqual({
      undone: ["stubborn", "first"],
      failed: [{ name: "refused", cause: "Ended: the director ends: superseded" }],
    });
    expect(ran).toEqual(["refused", "stubborn", "stubborn", "stubborn", "first"]);
    expect(stack.size).toBe(0);
  });

  test("a host that is silent is given up, and holds up no other", async () => {
    const { time } = scene();
    const silent = ["s1", "s2", "s3"].map((name): [string, string, () => Promise<void>] => [name, "silent", never]);
    const { stack, ran } = filled(["there", "b", done], ...silent);
    const running = stack.run(time.timers, 1n, limits);
    await time.advanceSettled(0);
    expect(ran).toEqual(["s3", "there"]);
    await time.advanceSettled(30);
    const { undone, failed } = await running;
    expect([undone, failed.map(({ name }) => name)]).toEqual([["there"], ["s3", "s2", "s1"]]);
    expect(ran).toEqual(["s3", "there", "s3", "s3"]);
    expect(time.pendingTimers()).toBe(0);
  });

  test("nothing takes longer than all may", async () => {
    const { time } = scene();
    const { stack } = filled(["a", "a", never], ["b", "a", never]);
    const running = stack.run(time.timers, 1n, { callMs: 10_000, totalMs: 1000 });
    await time.advanceSettled(1000);
    expect((await running).failed).toHaveLength(2);
    expect(time.pendingTimers()).toBe(0);
  });

  test("workers that a layout may name are kept", async () => {
    const { time } = scene();
    const { stack } = filled(["worker", "a", done], ["component", "a", done]);
    const running = stack.run(time.timers, 1n, limits, true);
    await time.advanceSettled(0);
    expect(await running).toEqual({ undone: ["component"], failed: [] });
  });
});
