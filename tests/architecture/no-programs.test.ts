/** The control plane decides; it runs nothing of anybody's. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Glob } from "bun";

test("the control plane starts no program", () => {
  const starting: string[] = [];
  for (const path of new Glob("control-plane/**/*.ts").scanSync(".")) {
    if (/\.test\.ts$|\/testing\/|\.fixture\.ts$/.test(path)) continue;
    if (/node:child_process|Bun\.spawn|Bun\.\$|node:cluster/.test(readFileSync(path, "utf8"))) starting.push(path);
  }
  expect(starting).toEqual([]);
});
