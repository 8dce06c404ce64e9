import { expect, test } from "bun:test";
import { compiled } from "#control-plane/gateways/uploads/testing";
import { systemTimers } from "#foundation/runtime";
import { createJudgeThreads } from "./judge-thread.ts";

test("uploads are judged in a thread, one after the other; one that fails says so and holds up nobody", async () => {
  const errors: unknown[] = [];
  const judge = createJudgeThreads(systemTimers, (error) => errors.push(error));
  const { bytes, digest } = compiled();
  const [good, failed, cut, again] = await Promise.all([
    judge({ bytes, trustedKeys: [] }, "org"),
    // No key that the control plane keeps is like this.
    judge({ bytes, trustedKeys: ["no key"] }, "org"),
    judge({ bytes: bytes.subarray(0, 100), trustedKeys: [] }, "org"),
    judge({ bytes, trustedKeys: [] }, "org"),
  ]);
  expect(good).toMatchObject({ ok: true, artifact: { digest } });
  expect(failed).toBeUndefined();
  expect(errors).toHaveLength(1);
  expect(cut).toMatchObject({ ok: false, fault: "malformed" });
  expect(again).toEqual(good!);
});

test("one that takes too long is given up", async () => {
  const errors: unknown[] = [];
  // A clock on which every wait is over at once.
  const timers = { ...systemTimers, after: (_: number, run: () => void) => systemTimers.after(0, run) };
  const judge = createJudgeThreads(timers, (error) => errors.push(error));
  expect(await judge({ bytes: compiled().bytes, trustedKeys: [] }, "org")).toBeUndefined();
  expect(String(errors[0])).toContain("30 seconds");
});

test("an org has one thread at a time, so that another's upload does not wait for all of its own", async () => {
  const order: string[] = [];
  const endings = new Map<string, () => void>();
  const judge = createJudgeThreads(
    systemTimers,
    () => undefined,
    ({ trustedKeys: [name = ""] }) => {
      order.push(name);
      return new Promise((resolve) => {
        endings.set(name, () => resolve({ ok: false, fault: "malformed", message: name }));
      });
    },
  );
  const ask = (org: string, name: string) => judge({ bytes: new Uint8Array(0), trustedKeys: [name] }, org);
  const asked = [ask("a", "a1"), ask("a", "a2"), ask("a", "a3"), ask("b", "b1"), ask("c", "c1")];
  expect(order).toEqual(["a1", "b1"]);
  const ended = async (name: string, which: number) => {
    endings.get(name)!();
    expect(await asked[which]).toMatchObject({ message: name });
    await Promise.resolve();
  };
  await ended("b1", 3);
  expect(order).toEqual(["a1", "b1", "c1"]);
  await ended("a1", 0);
  expect(order).toEqual(["a1", "b1", "c1", "a2"]);
  await ended("c1", 4);
  expect(order).toHaveLength(4);
  await ended("a2", 1);
  await ended("a3", 2);
  expect(order).toEqual(["a1", "b1", "c1", "a2", "a3"]);
});
