import { expect, test } from "bun:test";
import { createSystemRuntime } from "./runtime.ts";

test("a spawned task that fails is reported under its name, whether it throws or rejects", async () => {
  const failures: string[] = [];
  await new Promise<void>((resolve) => {
    const runtime = createSystemRuntime((name, error) => {
      failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
      if (failures.length === 2) resolve();
    });
    runtime.spawn("throws", () => {
      throw new Error("at once");
    });
    runtime.spawn("rejects", async () => {
      await undefined;
      throw new Error("later");
    });
  });
  expect(failures).toEqual(["throws: at once", "rejects: later"]);
});

test("the hooks do nothing in production", () => {
  const { hooks } = createSystemRuntime(() => {});
  expect(hooks.buggify("anything", 1)).toBe(false);
  hooks.probe("anything");
});
