import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { manifestPage, manifestSchemaText } from "./generate-manifest.ts";

test("docs/manifest.md has the table of fields that `npm run generate` would write", () => {
  const page = readFileSync("docs/manifest.md", "utf8");
  expect(page).toBe(manifestPage(page));
});

test("docs/manifest.schema.gen.json is what `npm run generate` would write", () => {
  expect(readFileSync("docs/manifest.schema.gen.json", "utf8")).toBe(manifestSchemaText());
});
