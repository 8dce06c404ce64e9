import { expect, test } from "bun:test";
import { compiled } from "#control-plane/gateways/uploads/testing";
import { systemTimers } from "#foundation/runtime";
import { createJudgeThreads } from "./judge-thread.ts";

test("uploads are judged in a thread, one after the other; one that fails says so and holds up nobody", async () => {
  const errors: unknown[] = [];
  const judge = createJudgeThreads(systemTimers, (error) => errors.push(error));
  const { bytes, digest } = compiled();
  const [good, failed, cut, again] = await Promise.all([
    judge({ bytes, trustedKeys: [] }),
    // No key that the control plane keeps is like this.
    judge({ bytes, trustedKeys: ["no key"] }),
    judge({ bytes: bytes.subarray(0, 100), trustedKeys: [] }),
    judge({ bytes, trustedKeys: [] }),
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
  expect(await judge({ bytes: compiled().bytes, trustedKeys: [] })).toBeUndefined();
  expect(String(errors[0])).toContain("30 seconds");
});
