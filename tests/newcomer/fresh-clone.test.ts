/** What a new user does: clone, `npm start`, and the tour of the README, pasted. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { killInstances } from "../support/cloud.ts";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";

const ROOT = join(import.meta.dir, "..", "..");
const online = Bun.spawnSync(["npm", "view", "bun", "version"], { stderr: "ignore", timeout: 20_000 }).exitCode === 0;
const cloneTest = skipUnless(online, "the npm registry cannot be reached, so a fresh clone cannot install anything");

/** The shell blocks of a section of the README. */
function shellBlocks(readme: string, heading: string): readonly string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block!);
}

/** As a new user's shell: nothing of this test run's configuration. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(AWS_|BIPLANE_|npm_|NODE_)/.test(name)),
) as Record<string, string>;

describe("a fresh clone", () => {
  let clone: string;
  let server: Subprocess<"ignore", "pipe", "pipe"> | undefined;
  let printed = "";

  beforeAll(() => {
    clone = join(mkdtempSync(join(tmpdir(), "biplane-clone-")), "biplane");
    const cloned = Bun.spawnSync(["git", "clone", "--quiet", "--depth", "1", `file://${ROOT}`, clone]);
    if (cloned.exitCode !== 0) throw new Error(`git clone failed: ${cloned.stderr}`);
  });
  afterAll(async () => {
    server?.kill("SIGKILL");
    await server?.exited;
    killInstances(clone);
    rmSync(join(clone, ".."), { recursive: true, force: true });
  });

  cloneTest(
    "npm start installs what is missing and says where everything is; the tour works when pasted",
    async () => {
      server = Bun.spawn(["npm", "start", "--", "--port", "0", "--api-port", "0"], {
        cwd: clone,
        env: environment,
        stdout: "pipe",
        stderr: "pipe",
      });
      const collect = async (stream: ReadableStream<Uint8Array>) => {
        for await (const chunk of stream) printed += new TextDecoder().decode(chunk);
      };
      void collect(server.stdout);
      void collect(server.stderr);
      await until("npm start is ready", () => /^\s*ready\b/im.test(printed) || server?.exitCode !== null, 150_000);
      expect(printed).toContain("AWS endpoint");

      const readme = readFileSync(join(clone, "README.md"), "utf8");
      const [tour, withClients] = shellBlocks(readme, "A tour");
      const script = Bun.which("aws") === null ? tour! : `${tour}\n${withClients}`;
      const ran = Bun.spawnSync(["bash", "-euo", "pipefail", "-c", script], {
        cwd: clone,
        env: environment,
        timeout: 120_000,
      });
      const output = `${ran.stdout}${ran.stderr}`;
      expect([ran.exitCode, output]).toEqual([0, expect.stringContaining("greetings/hello.txt")]);
      expect(output).toContain("bucket.created");
      expect(output).not.toContain("undefined");
    },
    300_000,
  );
});
