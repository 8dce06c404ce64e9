/** A gateway by itself, as a process of its own: from a description to requests, and another artifact while it is under load. R9 to R14. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { compileGateway } from "#control-plane/gateways";
import { until } from "../support/until.ts";

const ROOT = join(import.meta.dir, "../..");
const running: Subprocess[] = [];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-gateway-"));
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(running.map(({ exited }) => exited));
  rmSync(folder, { recursive: true, force: true });
});

const description = (version: number): string => `openapi: 3.1.0
info: {title: Things, version: "${version}"}
x-biplane-middlewares:
  - name: rate-limit
    config: {quota: 1000000, window: 3600}
paths:
  /version:
    get:
      x-biplane-dispatch: {name: mock, config: {body: "${version}", content_type: text/plain}}
      responses: {"200": {description: ok}}
`;

function artifact(version: number): Uint8Array {
  const { artifact: made, diagnostics } = compileGateway({
    files: ["api.yaml"],
    read: () => Buffer.from(description(version)),
    provenance: { compiler: "test" },
  });
  if (made === undefined) throw new Error(JSON.stringify(diagnostics));
  return made.bytes;
}

/** As deployments do it: the old file or the new one, never half of one. */
function put(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

interface Running {
  readonly child: Subprocess<"ignore", "pipe", "pipe">;
  readonly url: string;
  readonly admin: string;
}

async function start(path: string, ...more: string[]): Promise<Running> {
  const child = Bun.spawn(
    [
      process.execPath,
      join(ROOT, "apps/gateway/main.ts"),
      "--artifact",
      path,
      "--listen",
      "127.0.0.1:0",
      "--admin-bind",
      "127.0.0.1:0",
      ...more,
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe", env: { PATH: process.env.PATH } },
  );
  running.push(child);
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    text += decoder.decode(bytes, { stream: true });
    if (!text.includes("ready in")) continue;
    const [url = "", admin = ""] = text.match(/http:\/\/\S+/g) ?? [];
    return { child, url, admin };
  }
  throw new Error(`the gateway ended with ${await child.exited}: ${await new Response(child.stderr).text()}`);
}

const bodyOf = async (url: string): Promise<string> => (await fetch(`${url}/version`)).text();
const health = async (admin: string) =>
  (await (await fetch(`${admin}/health`)).json()) as {
    status: string;
    artifact: string;
    last_refused?: { reason: string };
  };

describe("an artifact in a file", () => {
  test("R9, R14: is all that a gateway needs", async () => {
    const path = join(folder, "alone.bca");
    put(path, artifact(1));
    const { child, url, admin } = await start(path);
    expect(await bodyOf(url)).toBe("1");
    expect(await health(admin)).toMatchObject({ status: "healthy", operations: 1 } as never);
    expect((await fetch(`${admin}/health/ready`)).status).toBe(200);
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toContain(
      'biplane_gateway_requests_total{method="GET",path="/version",status="200",api="Things"} 1',
    );
    expect(await (await fetch(`${admin}/provenance`)).json()).toMatchObject({ provenance: { compiler: "test" } });
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });

  test.each([
    ["is not there", undefined],
    ["is none", Buffer.from("hello")],
    ["was changed", () => changed(artifact(1))],
  ] as const)("R10: that %s starts nothing", async (name, contents) => {
    const path = join(folder, `${name}.bca`);
    if (contents !== undefined) put(path, typeof contents === "function" ? contents() : contents);
    await expect(start(path)).rejects.toThrow("the gateway ended with 1");
  });

  test("R11, R12: is served when it changes, by a rename, by a link and by SIGHUP", async () => {
    for (const version of [1, 2]) {
      mkdirSync(join(folder, `v${version}`));
      writeFileSync(join(folder, `v${version}`, "api.bca"), artifact(version));
    }
    symlinkSync("v1", join(folder, "..data"));
    symlinkSync("..data/api.bca", join(folder, "linked.bca"));
    const path = join(folder, "linked.bca");
    const { child, url } = await start(path);
    expect(await bodyOf(url)).toBe("1");
    symlinkSync("v2", join(folder, "..next"));
    renameSync(join(folder, "..next"), join(folder, "..data"));
    await until("the link's new target is served", async () => (await bodyOf(url)) === "2");
    writeFileSync(join(folder, "v2", "api.bca"), artifact(3));
    child.kill("SIGHUP");
    await until("what SIGHUP has read is served", async () => (await bodyOf(url)) === "3");
  });

  test("R13: that cannot be used is refused, told, and what was served before goes on", async () => {
    const path = join(folder, "refused.bca");
    put(path, artifact(1));
    const { url, admin } = await start(path);
    put(path, changed(artifact(2)));
    await until("the refusal is told", async () => (await health(admin)).last_refused !== undefined);
    expect(await bodyOf(url)).toBe("1");
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain(
      'biplane_gateway_reloads_total{outcome="refused"} 1',
    );
    put(path, artifact(3));
    await until("a good one is served", async () => (await bodyOf(url)) === "3");
    expect((await health(admin)).last_refused).toBeUndefined();
  });

  test("a secret that is not there ends it with 13", async () => {
    const path = join(folder, "secret.bca");
    const text = description(1).replace(
      "name: mock, config: {",
      "name: mock, config: {headers: {X-Key: 'env://NOT_THERE'}, ",
    );
    const made = compileGateway({ files: ["a.yaml"], read: () => Buffer.from(text), provenance: { compiler: "test" } });
    put(path, made.artifact!.bytes);
    await expect(start(path)).rejects.toThrow(/ended with 13: .*NOT_THERE/);
  });
});

test("a hundred other artifacts under load: no request fails, open connections see each, and quotas go on", async () => {
  const path = join(folder, "busy.bca");
  put(path, artifact(0));
  const { child, url } = await start(path);
  const { hostname, port } = new URL(url);
  let isOver = false;
  const failures: string[] = [];
  let answered = 0;
  let least = Number.POSITIVE_INFINITY;
  const seen = new Set<string>();
  const load = async (): Promise<void> => {
    while (!isOver) {
      const answer = await fetch(`${url}/version`).catch((error: Error) => error);
      if (answer instanceof Error) failures.push(answer.message);
      else if (answer.status !== 200) failures.push(String(answer.status));
      else {
        answered++;
        least = Math.min(least, Number(/r=(\d+)/.exec(answer.headers.get("ratelimit") ?? "")?.[1]));
        await answer.text();
      }
    }
  };
  const kept = keptConnection(hostname, Number(port), (body) => seen.add(body));
  const loads = Array.from({ length: 8 }, load);
  for (let version = 1; version <= 100; version++) {
    put(path, artifact(version));
    child.kill("SIGHUP");
    await until(
      `version ${version} is served on a connection that stays`,
      async () => (await kept.ask()) === String(version),
    );
  }
  isOver = true;
  await Promise.all(loads);
  kept.close();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  expect(seen.size).toBe(100);
  // Every request of all artifacts was counted in one window.
  expect(1_000_000 - least).toBeGreaterThanOrEqual(answered);
}, 120_000);

/** One connection for many requests. */
function keptConnection(host: string, port: number, onBody: (body: string) => void) {
  const socket = connect(port, host);
  let received = "";
  let wake: ((body: string) => void) | undefined;
  let isGone = false;
  socket.on("close", () => {
    isGone = true;
    wake?.("the connection that was to stay is gone");
  });
  socket.on("data", (data) => {
    received += data;
    const head = received.indexOf("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
    if (head === -1 || received.length < head + 4 + length) return;
    const body = received.slice(head + 4, head + 4 + length);
    received = "";
    onBody(body);
    wake?.(body);
  });
  return {
    ask: () =>
      new Promise<string>((resolve) => {
        wake = resolve;
        if (isGone) resolve("the connection that was to stay is gone");
        socket.write("GET /version HTTP/1.1\r\nHost: a\r\n\r\n");
      }),
    close: () => socket.destroy(),
  };
}

/** One octet of the plan is another, and the archive is well formed as such. */
function changed(bytes: Uint8Array): Uint8Array {
  const tar = Buffer.from(Bun.gunzipSync(Buffer.from(bytes)));
  const at = tar.indexOf('"mock"');
  if (at === -1) throw new Error("the artifact has no mock in it");
  tar.write("muck", at + 1);
  return Bun.gzipSync(tar);
}

test("the same description, compiled by the command line, is the same artifact", async () => {
  const spec = join(folder, "specs");
  mkdirSync(spec);
  writeFileSync(join(spec, "api.yaml"), description(1));
  const compile = async (output: string): Promise<Buffer> => {
    const child = Bun.spawn(
      [process.execPath, join(ROOT, "apps/biplane/main.ts"), "gateway", "compile", "-o", output],
      {
        cwd: folder,
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    expect(await child.exited).toBe(0);
    return readFileSync(join(folder, output));
  };
  expect((await compile("one.bca")).equals(await compile("two.bca"))).toBe(true);
});
