/** Images run in containers: as who they say, with what they hold, within their memory. */
import { afterAll, beforeAll, expect } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { openContainerRuntime } from "#data-plane/agent/runtimes";
import { makeTestImage } from "#data-plane/agent/runtimes/conformance";
import { type Cloud, createCloud } from "../support/cloud.ts";
import { writeOciLayout } from "../support/oci-layout.ts";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";

const work = mkdtempSync(join(tmpdir(), "biplane-image-"));
const tried = openContainerRuntime({ stateDirectory: join(work, "probe") });
const { runs } = await tried.probe();
tried.close();
const containerTest = skipUnless(runs.usable, runs.usable ? "" : runs.reason);

const PROGRAM = `import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
const held = [];
createServer((request, response) => {
  if (request.url === "/grow") for (;;) held.push(Buffer.alloc(8 << 20, 1));
  writeFileSync("/tmp/seen", request.url);
  response.end(process.getuid() + " " + process.cwd() + " " + process.env.GREETING);
}).listen(Number(process.env.PORT));
`;

const program = `/bin/${basename(process.execPath)}`;
const cloud: Cloud = createCloud();
const image = join(work, "layout");
let url: string;

const tryCli = (...args: string[]) => cloud.cli(...args);
const cli = async (...args: string[]): Promise<string> => {
  const answer = await tryCli(...args);
  if (answer.code !== 0) throw new Error(`biplane ${args.join(" ")}: ${answer.stdout}${answer.stderr}`);
  return answer.stdout;
};
const get = async (path = "/"): Promise<string | undefined> => {
  const response = await fetch(`${url}${path}`, { headers: { host: "web.boxed.localhost" } }).catch(() => undefined);
  return response?.status === 200 ? await response.text() : undefined;
};

beforeAll(async () => {
  if (!runs.usable) return;
  const root = join(work, "root");
  makeTestImage(root, [process.execPath]);
  mkdirSync(join(root, "srv"));
  writeFileSync(join(root, "srv/server.mjs"), PROGRAM);
  const config = { User: "web", WorkingDir: "/srv", Env: ["GREETING=hello", "BUN_INSTALL_CACHE_DIR=/tmp"] };
  writeOciLayout(image, root, { ...config, Cmd: [program, "server.mjs"] });
  const up = await cloud.start("up", "--port", "0");
  url = /applications\s+(http:\/\/[\d.]+:\d+)/.exec(up.output())![1]!;
}, 60_000);

afterAll(async () => {
  await cloud.dispose();
  rmSync(work, { recursive: true, force: true });
});

containerTest(
  "an image is deployed, and serves as the user, in the folder and with the variables that it says",
  async () => {
    await cli("deploy", image, "--app", "boxed", "--command", `${program} server.mjs`, "--port", "8080");
    expect(await get()).toBe("1000 /srv hello");
    const shown = await cli("exec", "--app", "boxed", "--", "/bin/sh", "-c", "id -u; cat /tmp/seen; ls /");
    expect(shown).toStartWith("1000\n/");
    expect(shown).not.toContain(work);
  },
  120_000,
);

containerTest(
  "a program that the image does not have fails the deploy within seconds, and the old release serves on",
  async () => {
    const bad = await tryCli("deploy", image, "--app", "boxed", "--command", "/bin/nothing", "--port", "8080");
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain("/bin/nothing");
    expect(bad.stderr).toContain("ENOENT");
    expect(await get()).toBe("1000 /srv hello");
    await cli("rollback", "--app", "boxed");
  },
  60_000,
);

containerTest(
  "what takes more memory than it may is ended, told so, and started again",
  async () => {
    await get("/grow");
    await until("it says why", async () => (await cli("why", "--app", "boxed")).includes("oom_killed"));
    await until("it answers again", async () => (await get()) === "1000 /srv hello");
  },
  60_000,
);
