/** A gateway of a fleet starts, whether its control plane is there or not, and is given one that a test plays. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { type HttpServer, serveHttp } from "#foundation/http";
import { until } from "../support/until.ts";
import { artifactSaying } from "./support/artifacts.ts";
import { type GatewayProcess, startGatewayProcess } from "./support/gateway-process.ts";

const KEY = "bbk_a-key-of-tests";
const running: Subprocess[] = [];
let folder: string;
let server: HttpServer | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-connected-"));
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(running.splice(0).map(({ exited }) => exited));
  await server?.close(0);
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:9";

async function start(controlPlane: string, ...more: readonly string[]): Promise<GatewayProcess> {
  const fleet = ["--control-plane", controlPlane, "--project-id", "prj_1", "--state-dir", join(folder, "state")];
  return startGatewayProcess([...fleet, ...more], { BIPLANE_GATEWAY_API_KEY: KEY }, running);
}

/** A control plane that wants one artifact. */
async function playControlPlane(bytes: Uint8Array, digest: string): Promise<string> {
  server = await serveHttp({
    port: 0,
    handler: async ({ path, headers }) =>
      path === "/v1/artifacts/one/download" && headers.get("authorization") === `Bearer ${KEY}`
        ? { status: 200, body: bytes }
        : { status: 404 },
    upgrade: () => ({
      kind: "accept",
      onOpen(connection) {
        connection.onMessage((data) => {
          const { type } = JSON.parse(String(data)) as { type: string };
          const desired = { artifact_id: "one", digest, generation: 1 };
          const answer =
            type === "register"
              ? { type: "registered", data_plane_id: "dp-1", heartbeat_interval_secs: 30 }
              : { type: "heartbeat_ack", desired };
          connection.send(JSON.stringify(answer));
        });
      },
    }),
  });
  return server.url;
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

describe("without a control plane", () => {
  test("R21: a gateway that has nothing waits: it is not ready, and answers 503", async () => {
    const { url, admin } = await start(NOWHERE);
    const answer = await fetch(`${url}/version`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: "no-artifact" });
    expect(await statusOf(`${url}/__biplane/health`)).toBe(503);
    expect(await statusOf(`${admin}/health/ready`)).toBe(503);
    expect(await statusOf(`${admin}/health/live`)).toBe(200);
    expect(await (await fetch(`${admin}/health`)).json()).toMatchObject({
      status: "waiting",
      fleet: { link: expect.stringMatching(/^(waiting|connecting)$/) },
    });
  });

  test("R21: a gateway serves the file that it is given", async () => {
    const path = join(folder, "first.bca");
    writeFileSync(path, artifactSaying("first").bytes);
    const { url, admin } = await start(NOWHERE, "--artifact", path);
    expect(await (await fetch(`${url}/version`)).text()).toBe("first");
    expect(await statusOf(`${admin}/health/ready`)).toBe(200);
  });

  test("R21: what was served last is served again after a restart, rather than the file", async () => {
    const { bytes, digest } = artifactSaying("of the fleet");
    const path = join(folder, "first.bca");
    writeFileSync(path, artifactSaying("first").bytes);
    const before = await start(await playControlPlane(bytes, digest), "--artifact", path);
    await until("the fleet's artifact is served", async () => {
      return (await (await fetch(`${before.url}/version`)).text()) === "of the fleet";
    });
    const { fleet } = (await (await fetch(`${before.admin}/health`)).json()) as { fleet: object };
    expect(fleet).toMatchObject({ link: "registered", data_plane_id: "dp-1", served: digest, drift: false });
    expect(await (await fetch(`${before.admin}/metrics`)).text()).toContain("biplane_gateway_fleet_connected 1");
    // It is served a moment before it is on disk.
    await until("it is kept", () => existsSync(join(folder, "state", "artifact.kept")));
    before.child.kill("SIGKILL");
    await before.child.exited;
    const after = await start(NOWHERE, "--artifact", path);
    expect(await (await fetch(`${after.url}/version`)).text()).toBe("of the fleet");
    after.child.kill("SIGTERM");
    expect(await after.child.exited).toBe(0);
  });

  test("the key is told nowhere, however much is logged", async () => {
    const { bytes, digest } = artifactSaying("of the fleet");
    const { child, url, admin } = await start(await playControlPlane(bytes, digest), "--log-level", "trace");
    await until("it serves", async () => (await fetch(`${url}/version`)).status === 200);
    const told = [await (await fetch(`${admin}/health`)).text(), await (await fetch(`${admin}/metrics`)).text()];
    child.kill("SIGTERM");
    told.push(await new Response(child.stderr).text());
    expect(told[2]).toContain("this gateway is registered with its fleet");
    expect(told.join()).not.toContain(KEY);
  });

  test("R15: biplane gateway serve takes the same options, and says what is missing", async () => {
    const program = [process.execPath, join(import.meta.dir, "../../apps/biplane/main.ts"), "gateway", "serve"];
    const child = Bun.spawn([...program, "--control-plane", NOWHERE, "--project-id", "prj_1"], {
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: process.env.PATH },
    });
    running.push(child);
    expect(await child.exited).toBe(2);
    expect(await new Response(child.stderr).text()).toContain("BIPLANE_GATEWAY_API_KEY");
  });

  test("two gateways do not run from one state directory", async () => {
    await start(NOWHERE);
    await expect(start(NOWHERE)).rejects.toThrow(/ended with 2: .*another gateway runs from/);
  });

  test("a file that cannot be used ends the start, where nothing else is there to serve", async () => {
    await expect(start(NOWHERE, "--artifact", join(folder, "not-there"))).rejects.toThrow("ended with 1");
  });
});
