import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PLUGIN_DECLARATIONS } from "#foundation/gateway-artifact";

test("docs/gateway.md has every plugin that there is, with its phase, and no other", () => {
  const page = readFileSync(join(import.meta.dir, "../../docs/gateway.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| (\w+) \|/gm)].map(([, name, phase]) => `${name} ${phase}`);
  const declared = [...PLUGIN_DECLARATIONS.values()].map(
    (one) => `${one.name} ${one.kind === "dispatcher" ? "dispatcher" : one.phase}`,
  );
  expect(rows.sort()).toEqual(declared.sort());
});
