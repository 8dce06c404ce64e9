/** R1: the gateway runs with no code of a control plane. Shown on what is bundled into its executable. */
import { expect, test } from "bun:test";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

test("R1: what the gateway's executable is made of has no control plane in it, and no engine of another service", async () => {
  const built = await Bun.build({
    entrypoints: [join(ROOT, "apps/gateway/main.ts")],
    target: "bun",
    sourcemap: "external",
  });
  expect(built.success).toBe(true);
  const map = built.outputs.find(({ kind }) => kind === "sourcemap");
  const { sources } = JSON.parse(await map!.text()) as { sources: readonly string[] };
  const rooms = new Set(
    sources.map((path) => /(?:^|\/)((?:apps|control-plane|data-plane|foundation|node_modules)\/[^/]+)/.exec(path)?.[1]),
  );
  expect(rooms).toContain("data-plane/gateway");
  const foreign = [...rooms].filter(
    (room) => room?.startsWith("control-plane/") || (room?.startsWith("data-plane/") && room !== "data-plane/gateway"),
  );
  expect(foreign).toEqual([]);
  expect(rooms).not.toContain("foundation/sql");
});
