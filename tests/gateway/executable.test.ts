/** R3: the gateway as the one file that it is shipped as, where nothing else is. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { artifactSaying } from "./support/artifacts.ts";

const ROOT = join(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "biplane-gateway-executable-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("R3: one file serves an artifact, with no environment, no files and no programs beside it", async () => {
  const executable = join(folder, "biplane-gateway");
  const built = Bun.spawnSync(
    [process.execPath, "build", "--compile", "--root", ".", `--outfile=${executable}`, "apps/gateway/main.ts"],
    { cwd: ROOT, stdout: "ignore", stderr: "pipe" },
  );
  expect(built.stderr.toString()).not.toContain("error");
  expect(built.exitCode).toBe(0);
  const artifact = join(folder, "api.bca");
  writeFileSync(artifact, artifactSaying("alone").bytes);
  const child = Bun.spawn([executable, "--artifact", artifact, "--listen", "127.0.0.1:0", "--admin-bind", "off"], {
    cwd: "/",
    env: {},
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  try {
    let text = "";
    for await (const bytes of child.stdout) {
      text += new TextDecoder().decode(bytes);
      if (text.includes("ready in")) break;
    }
    const url = /serves +(\S+)/.exec(text)?.[1];
    expect(await (await fetch(`${url}/version`)).text()).toBe("alone");
  } finally {
    child.kill("SIGTERM");
  }
  expect(await child.exited).toBe(0);
}, 60_000);
