/** The tour of docs/gateway.md, pasted into a shell, and the commands about fleets besides. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";

const ROOT = join(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "biplane-tour-"));
let cloud: Cloud;
let control: CloudProcess;

beforeAll(async () => {
  cloud = createCloud();
  control = await cloud.start("control", "--api-port", "0", "--gateway-heartbeat", "1");
});
afterAll(async () => {
  await cloud.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** The shell commands below a heading. */
function tourOf(page: string, heading: string): string {
  const text = readFileSync(join(ROOT, page), "utf8");
  const found = new RegExp(`## ${heading}\\n[^]*?\`\`\`sh\\n([^]*?)\`\`\``).exec(text)?.[1];
  if (found === undefined) throw new Error(`${page} has no tour below ${heading}`);
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A directory in which the program is called `biplane`, as where it is installed. */
function installed(): string {
  const program = join(folder, "biplane");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "apps/biplane/main.ts")}" "$@"\n`);
  chmodSync(program, 0o755);
  return folder;
}

describe("the tour", () => {
  test("of a fleet works when it is pasted", async () => {
    const apiUrl = /control API +(\S+)/.exec(control.output())![1]!;
    const script = tourOf("docs/gateway.md", "A fleet")
      .replaceAll("http://127.0.0.1:4580", apiUrl)
      .replaceAll("127.0.0.1:9001", `127.0.0.1:${await freePort()}`);
    // The gateway ends with the shell.
    const child = Bun.spawn(["sh", "-ec", `trap 'kill $!' EXIT\n${script}`], {
      cwd: folder,
      stdout: "pipe",
      stderr: "pipe",
      env: {
        PATH: `${installed()}:${process.env.PATH}`,
        BIPLANE_DATA: cloud.dataDirectory,
        NO_COLOR: "1",
      },
    });
    const [output, complaints, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    expect({ code, complaints: code === 0 ? "" : complaints }).toEqual({ code: 0, complaints: "" });
    expect(complaints).toContain("stage 3 of 3 (100 %)");
    expect(output.match(/"name":"Bicycle"/g)).toHaveLength(1);
    expect(output.match(/"name":"Tandem"/g)).toHaveLength(1);
    expect(output).toMatch(/^gwy_\S+ +edge-1 +online +art_\S+ +\d+ +\d+ /m);
    expect(output).toMatch(/^gdp_\S+ +rollback +art_\S+ +completed +1\/1 /m);
    expect(output).toMatch(/^gdp_\S+ +deploy +art_\S+ +rolled_back +3\/3 /m);
  }, 60_000);
});

describe("commands", () => {
  const cli = (...args: readonly string[]) => cloud.cli("gateway", ...args, "--project", "bank");
  const ok = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli(...args);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  };
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { code, stderr } = await cli(...args);
    return `${code} ${stderr}`;
  };

  beforeAll(async () => {
    await cloud.cli("projects", "create", "bank");
  });

  test("make, list, rotate and revoke keys", async () => {
    const group = JSON.parse(await ok("groups", "create", "canary", "--json")) as { readonly id: string };
    const made = JSON.parse(await ok("keys", "create", "edges", "--group", "canary", "--expires-in", "30d", "--json"));
    expect(made).toMatchObject({ name: "edges", group_id: group.id, key: expect.stringMatching(/^bbk_/) });
    expect(await refused("groups", "delete", "canary")).toMatch(/^5 /);
    const secret = /^BIPLANE_GATEWAY_API_KEY=(bbk_\S+)\n/.exec(
      await ok("keys", "rotate", "EDGES", "--grace", "1h"),
    )?.[1];
    expect(secret).not.toBe(made.key);
    expect(await ok("keys", "list")).toContain(secret!.slice(0, 12));
    await ok("keys", "revoke", "edges");
    expect(await refused("keys", "revoke", "edges")).toMatch(/^4 .*bank has no key edges/);
  });

  test("send nothing that is wrong, and say what is", async () => {
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, "openapi: 3.1.0\ninfo: {title: W, version: '1'}\npaths:\n  /a: {get: {}}\n");
    const { code, stdout } = await cli("specs", "push", file);
    expect(code).toBe(1);
    expect(stdout).toMatch(/wrong\.yaml:4:\d+ +error E\d{4}/);
    expect(await ok("specs", "list", "--json")).toBe("[]\n");
  });

  test("send what descriptions refer to, too", async () => {
    const operation = "{x-biplane-dispatch: {name: mock}, responses: {'200': {$ref: parts.yaml#/ok}}}";
    const file = join(folder, "orders.yaml");
    writeFileSync(file, `openapi: 3.1.0\ninfo: {title: O, version: '1'}\npaths:\n  /a: {get: ${operation}}\n`);
    writeFileSync(join(folder, "parts.yaml"), "ok: {description: good}\n");
    const pushed = JSON.parse(await ok("specs", "push", file, "--message", "first", "--json"));
    expect(pushed).toMatchObject({ spec: { name: "orders" }, build: { status: "succeeded" } });
    const artifacts = JSON.parse(await ok("builds", "artifacts", "--json"));
    expect(artifacts).toMatchObject([{ id: pushed.artifact_id, operations: 1 }]);
  });

  test("carry rollouts on by hand", async () => {
    const started = JSON.parse(await ok("deploy", "--stages", "canary,50%", "--bake", "1h", "--json"));
    expect(started.strategy).toMatchObject({
      stages: [{ groups: [expect.stringMatching(/^ggr_/)] }, { percent: 50 }, { percent: 100, bake_seconds: 3_600 }],
      automatic_rollback: true,
    });
    expect(await ok("deployments", "halt", "--reason", "lunch")).toContain(`${started.id} has halted`);
    const { code, stdout } = await cli("deployments", "watch");
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining("has halted: lunch.") });
    await ok("deployments", "resume");
    await ok("deployments", "advance");
    expect(JSON.parse(await ok("deployments", "show", "--json"))).toMatchObject({ status: "rolling", stage: 1 });
    expect(await refused("rollback")).toMatch(/^4 .*Nothing was deployed before/);
  });

  test.each([
    [["deploy", "--max-error-rate", "3"], "--max-error-rate must be a share"],
    [["deploy", "--stages", "0%,100%"], "a share must be above 0%"],
    [["deploy", "--stages", ",100%"], "--stages must name shares and groups"],
    [["deploy", "--bake", "soon"], "--bake must be a time"],
    [["keys", "create", "k", "--expires-in", "soon"], "--expires-in must be a time"],
    [["data-planes", "group", "g"], "Which group?"],
  ])("say what is wrong with %p", async (args, words) => {
    expect(await refused(...args)).toContain(words);
    expect(await refused(...args)).toMatch(/^2 /);
  });
});
