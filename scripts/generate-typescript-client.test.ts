import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { CLIENT, typescriptClient } from "./generate-typescript-client.ts";

test("the client in the repository is that of the API; else: npm run generate", () => {
  expect(readFileSync(CLIENT, "utf8") === typescriptClient()).toBe(true);
});
