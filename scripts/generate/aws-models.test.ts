/** The committed models are those that the installed clients describe. */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vectorsDirectory, vectorTest } from "../../tests/support/skips.ts";
import { generatedModules } from "./aws-modules.ts";

const folder = join(import.meta.dirname, "../../foundation/aws/models");
const advice = "is stale: run scripts/bun scripts/generate-aws-models.ts";

async function staleFiles(
  only: (file: string) => boolean,
): Promise<{ readonly stale: string[]; readonly count: number }> {
  const stale: string[] = [];
  let count = 0;
  for await (const { file, text } of generatedModules(vectorsDirectory)) {
    if (!only(file)) continue;
    count += 1;
    if (readFileSync(join(folder, file), "utf8") !== text) stale.push(`${file} ${advice}`);
  }
  return { stale, count };
}

test("models and types are as the installed SDK clients describe them", async () => {
  expect(await staleFiles((file) => !file.endsWith(".constraints.gen.ts"))).toEqual({ stale: [], count: 20 });
});

vectorTest("constraints are as the published lists have them", async () => {
  expect(await staleFiles((file) => file.endsWith(".constraints.gen.ts"))).toEqual({ stale: [], count: 10 });
});
