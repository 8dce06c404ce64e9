import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { permissionsPage } from "./generate-permissions.ts";

test("docs/permissions.md is what `npm run generate` would write", () => {
  expect(readFileSync("docs/permissions.md", "utf8")).toBe(permissionsPage());
});
