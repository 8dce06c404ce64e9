import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { API_ROUTES } from "#control-plane/api";
import { CLIENT, typescriptClient } from "./generate-typescript-client.ts";

test("the client in the repository is that of the API; else: npm run generate", () => {
  expect(readFileSync(CLIENT, "utf8") === typescriptClient()).toBe(true);
});

test("every operation has a method", () => {
  const text = typescriptClient();
  for (const { operationId } of API_ROUTES) expect(text).toContain(`\n  ${operationId}(`);
});
