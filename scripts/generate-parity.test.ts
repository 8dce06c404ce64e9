import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parityPage } from "./generate-parity.ts";

test("docs/parity.md is what `npm run generate` would write", async () => {
  expect(readFileSync("docs/parity.md", "utf8")).toBe(await parityPage());
});
