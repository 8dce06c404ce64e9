import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GatewayHealth, GatewayMessage } from "#contracts";
import { createVirtualTime, systemRandom, type VirtualTime } from "#foundation/runtime";
import { createLogger, createMetrics, silentLogger } from "#foundation/telemetry";
import { skipUnless } from "../../../tests/support/skips.ts";
import { until } from "../../../tests/support/until.ts";
import { Gateway } from "../running/gateway.ts";
import { readKeptArtifact } from "./kept-artifact.ts";
import { type FleetGateway, type FleetLink, type FleetLinkOptions, openFleetLink } from "./open-fleet-link.ts";
import { API_KEY, artifactNamed, type FleetServer, offer, startFleetServer } from "./testing/fleet-server.ts";

const PROJECT = "9b2f6c3e-0000-4000-8000-000000000001";
const HEALTH: GatewayHealth = {
  requests_total: 10,
  errors_total: 1,
  p50_ms: 0.5,
  p99_ms: 3,
  memory_bytes: 50_000_000,
  event_loop_lag_ms: 0.1,
};

let folder: string;
let keptPath: string;
let time: VirtualTime;
let server: FleetServer;
const links: FleetLink[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "biplane-fleet-"));
  keptPath = join(folder, "kept.bca");
  time = createVirtualTime(1_000_000);
  server = await startFleetServer();
});
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A real gateway that does not listen. */
function newGateway(): Gateway {
  const runtime = { clock: time.clock, timers: time.timers, random: systemRandom };
  return new Gateway({ port: 0, secrets: { environment: {} }, log: silentLogger, metrics: createMetrics(), runtime });
}

async function connect(gateway: FleetGateway, more: Partial<FleetLinkOptions> = {}): Promise<FleetLink> {
  const link = await openFleetLink({
    controlPlaneUrl: server.url,
    projectId: PROJECT,
    apiKey: API_KEY,
    name: "edge-1",
    instanceId: "instance-1",
    version: "1.2.3",
    hostname: "host-1",
    gateway,
    health: () => HEALTH,
    uptimeSecs: () => 77,
    keptPath,
    clock: time.clock,
    timers: time.timers,
    random: systemRandom,
    log: silentLogger,
    ...more,
  });
  links.push(link);
  return link;
}

const heardOf = <Type extends GatewayMessage["type"]>(type: Type) =>
  server.heard.filter((message): message is Extract<GatewayMessage, { type: Type }> => message.type === type);
const untilHeard = (type: GatewayMessage["type"], count = 1) =>
  until(`${count} × ${type} came`, () => heardOf(type).length >= count);

describe("a gateway in connected mode", () => {
  test("registers, tells how it does, and comes to what is desired", async () => {
    const gateway = newGateway();
    const desired = offer(server, 3, "pets");
    server.desire(desired);
    const link = await connect(gateway);
    await untilHeard("artifact_applied");
    await untilHeard("heartbeat", 2);
    expect(server.heard.slice(0, 2)).toEqual([
      {
        type: "register",
        protocol: 1,
        project_id: PROJECT,
        api_key: API_KEY,
        name: "edge-1",
        instance_id: "instance-1",
        artifact_digest: null,
        metadata: { version: "1.2.3", hostname: "host-1" },
      },
      { type: "heartbeat", artifact_digest: null, uptime_secs: 77, health: HEALTH },
    ]);
    expect(heardOf("artifact_applied")).toEqual([{ type: "artifact_applied", generation: 3, success: true }]);
    expect(heardOf("heartbeat").at(-1)!.artifact_digest).toBe(desired.digest);
    expect(gateway.artifact?.digest).toBe(desired.digest);
    expect(server.fetched).toEqual(["/fleet/v1/artifacts/pets/download"]);
    expect(link.report()).toEqual({
      phase: "registered",
      dataPlaneId: "dp-1",
      desired: { generation: 3, digest: desired.digest },
      lastRefusal: undefined,
      lastFailure: undefined,
    });
  });

  test("learns at the next heartbeat what no notification told, and by a notification at once", async () => {
    const gateway = newGateway();
    await connect(gateway);
    await untilHeard("heartbeat");
    server.desire(offer(server, 1, "one"));
    time.advance(30_000);
    await untilHeard("artifact_applied");
    const two = offer(server, 2, "two");
    server.say({ type: "artifact_available", ...two, download_path: "/v1/artifacts/two/download" });
    await until("two is served", () => gateway.artifact?.digest === two.digest);
  });

  test("ignores messages of a later protocol", async () => {
    await connect(newGateway());
    await untilHeard("heartbeat");
    server.say('{"type":"later"}');
    time.advance(30_000);
    await untilHeard("heartbeat", 2);
    expect(server.connections()).toBe(1);
  });

  test("ends a connection that speaks nonsense, and dials again", async () => {
    const link = await connect(newGateway());
    await untilHeard("heartbeat");
    server.say("nonsense");
    await until("it is waiting", () => link.report().phase === "waiting");
    expect(link.report().lastFailure).toBe("1008 malformed message");
    time.advance(2_000);
    await untilHeard("register", 2);
  });
});

describe("without a control plane", () => {
  test("serves on, and comes to what was desired meanwhile", async () => {
    const gateway = newGateway();
    const one = offer(server, 1, "one");
    server.desire(one);
    const link = await connect(gateway);
    await untilHeard("artifact_applied");
    const { port } = server;
    await server.close();
    await until("it is waiting", () => link.report().phase === "waiting");
    expect(gateway.artifact?.digest).toBe(one.digest);
    server = await startFleetServer(port);
    const two = offer(server, 2, "two");
    server.desire(two);
    await until("two is served", () => {
      // Far below the time that a handshake may take: a jump over that would be a handshake that failed.
      time.advance(1_000);
      return gateway.artifact?.digest === two.digest;
    });
  });

  test("a restart serves what was served last", async () => {
    const one = offer(server, 1, "one");
    server.desire(one);
    const first = await connect(newGateway());
    await untilHeard("artifact_applied");
    await first.close();
    await server.close();
    const gateway = newGateway();
    const link = await connect(gateway);
    expect(gateway.artifact?.digest).toBe(one.digest);
    await until("it is waiting", () => link.report().phase === "waiting");
    expect(link.report().lastFailure).toContain("cannot be reached");
    server = await startFleetServer();
  });

  test.each([
    ["damaged", "the kept artifact is damaged and not used", () => writeFileSync(keptPath, "x")],
    ["unreadable", "the kept artifact cannot be used", () => mkdirSync(keptPath)],
  ])("a kept artifact that is %s is told and left", async (_, message, spoil) => {
    const lines: string[] = [];
    const log = createLogger({ sink: { write: (line) => lines.push(line), flush() {} } });
    spoil();
    const gateway = newGateway();
    const one = artifactNamed("one");
    await gateway.use(one.bytes);
    await connect(gateway, { log });
    expect(lines.join("\n")).toContain(message);
    expect(gateway.artifact?.digest).toBe(one.digest);
  });
});

describe("what is not to be served", () => {
  const served = artifactNamed("before");
  const refusing = (reason: string): FleetGateway & { used: number } => ({
    artifact: { digest: served.digest },
    used: 0,
    use() {
      this.used++;
      return Promise.reject(new Error(reason));
    },
  });

  test("is told, is in heartbeats, and is fetched no more", async () => {
    const gateway = refusing("no secret of that name");
    server.desire(offer(server, 5, "one"));
    await connect(gateway);
    await untilHeard("artifact_applied");
    expect(heardOf("artifact_applied")).toEqual([
      { type: "artifact_applied", generation: 5, success: false, error: "no secret of that name" },
    ]);
    time.advance(30_000);
    await untilHeard("heartbeat", 3);
    expect(heardOf("heartbeat").at(-1)).toMatchObject({
      artifact_digest: served.digest,
      last_refusal: { generation: 5, stage: "apply", reason: "no secret of that name", at_ms: 1_000_000 },
    });
    expect(gateway.used).toBe(1);
    expect(server.fetched.length).toBe(1);
    expect(existsSync(keptPath)).toBe(false);
  });

  test.each<[string, string, (path: string) => void]>([
    ["another artifact", "its digest is sha256:", (path) => server.files.set(path, artifactNamed("other").bytes)],
    ["no artifact", "", (path) => server.files.set(path, Buffer.from("not an archive"))],
    ["too large", "larger than 4000 bytes", (path) => server.files.set(path, new Uint8Array(5_000))],
  ])("%s never reaches the gateway", async (_, error, spoil) => {
    const gateway = refusing("it should not have been asked");
    const one = offer(server, 1, "one");
    server.desire(one);
    spoil("/fleet/v1/artifacts/one/download");
    await connect(gateway, { artifactBytesMax: 4_000 });
    await untilHeard("artifact_applied");
    const [told] = heardOf("artifact_applied");
    expect(told).toMatchObject({ generation: 1, success: false });
    expect(told!.error).toContain(error);
    expect(gateway.used).toBe(0);
  });

  test("cannot be fetched for now: it is tried until it can", async () => {
    const gateway = newGateway();
    const one = offer(server, 1, "one");
    const path = "/fleet/v1/artifacts/one/download";
    const whole = server.files.get(path)!;
    server.files.set(path, () => ({ status: 503 }));
    server.desire(one);
    const link = await connect(gateway);
    await until("it is told", () => link.report().lastRefusal?.reason === "the control plane answered 503");
    expect(heardOf("artifact_applied")).toEqual([]);
    server.files.set(path, whole);
    time.advance(2_000);
    await untilHeard("artifact_applied");
    expect(gateway.artifact?.digest).toBe(one.digest);
    expect(link.report().lastRefusal).toBeUndefined();
  });

  test("is not fetched from elsewhere", async () => {
    const gateway = refusing("it should not have been asked");
    await connect(gateway);
    await untilHeard("heartbeat");
    server.say({
      type: "artifact_available",
      ...offer(server, 1, "one"),
      download_path: "/../v1/artifacts/one/download",
    });
    await untilHeard("artifact_applied");
    expect(heardOf("artifact_applied")[0]!.error).toContain("no path below");
    expect(server.fetched).toEqual([]);
  });

  test("is not waited for when something newer is wanted", async () => {
    const gateway = newGateway();
    const one = offer(server, 1, "one");
    const stuck = Promise.withResolvers<never>();
    server.files.set("/fleet/v1/artifacts/one/download", () => stuck.promise);
    server.desire(one);
    await connect(gateway);
    await until("the first is being fetched", () => server.fetched.length === 1);
    const two = offer(server, 2, "two");
    server.desire(two);
    time.advance(30_000);
    await untilHeard("artifact_applied");
    expect(gateway.artifact?.digest).toBe(two.digest);
    expect(heardOf("artifact_applied")).toEqual([{ type: "artifact_applied", generation: 2, success: true }]);
    stuck.reject(new Error("the test is over"));
  });
});

describe("a gateway that is let in no more", () => {
  test("asks no further, and serves on", async () => {
    const gateway = newGateway();
    const one = offer(server, 1, "one");
    server.desire(one);
    const link = await connect(gateway);
    await untilHeard("artifact_applied");
    server.say({ type: "disconnect", reason: "revoked_key", retry: false });
    await until("the connection has ended", () => server.openConnections() === 0);
    expect(link.report().phase).toBe("stopped");
    time.advance(3_600_000);
    expect(time.pendingTimers()).toBe(0);
    expect(server.connections()).toBe(1);
    expect(gateway.artifact?.digest).toBe(one.digest);
    expect(link.report().lastFailure).toBe("disconnected: revoked_key");
  });

  test("is told so when it registers", async () => {
    server.answerRegistrations({ type: "registration_failed", reason: "wrong_project", message: "no", retry: false });
    const link = await connect(newGateway());
    await until("it has stopped", () => link.report().phase === "stopped");
    expect(link.report().lastFailure).toBe("registration failed: wrong_project: no");
    expect(time.pendingTimers()).toBe(0);
  });

  test("comes back at once with another key, when there is one by then", async () => {
    let inFile: string | undefined = API_KEY;
    const link = await connect(newGateway(), { readApiKey: () => inFile });
    await untilHeard("register");
    await until("it is registered", () => link.report().phase === "registered");
    // The file cannot be read for a moment, or holds what is no key: the last one is shown.
    inFile = undefined;
    server.say({ type: "disconnect", reason: "shutting_down", message: "later", retry: true });
    await until("it is back", () => {
      if (link.report().phase === "waiting") time.advance(1_000);
      return heardOf("register").length === 2 && link.report().phase === "registered";
    });
    inFile = "bbk_the next one";
    server.say({ type: "disconnect", reason: "expired_key", message: "expired", retry: false });
    await until("it is let in no more", () => link.report().phase === "stopped");
    expect(heardOf("register").map(({ api_key }) => api_key)).toEqual([API_KEY, API_KEY]);

    inFile = API_KEY;
    const other = await connect(newGateway(), { readApiKey: () => inFile, instanceId: "instance-2" });
    await until("it is registered", () => other.report().phase === "registered");
    inFile = "bbk_the-next-one";
    server.say({ type: "disconnect", reason: "revoked_key", message: "revoked", retry: false });
    await until("it waits to come back", () => other.report().phase === "waiting");
    await until("it shows the other key", () => {
      if (other.report().phase === "waiting") time.advance(1_000);
      return (other.report().lastFailure ?? "").includes("401");
    });
  });

  test("a key that is refused at the door is tried again: a proxy may have said so", async () => {
    const link = await connect(newGateway(), { apiKey: "bbk_another" });
    await until("it is waiting", () => link.report().phase === "waiting");
    expect(link.report().lastFailure).toContain("401: the control plane knows no such API key");
    expect(time.pendingTimers()).toBe(1);
  });
});

test("closing ends what is being fetched, and leaves no timer", async () => {
  const stuck = Promise.withResolvers<never>();
  server.files.set("/fleet/v1/artifacts/one/download", () => stuck.promise);
  server.desire({ ...offer(server, 1, "two"), artifact_id: "one" });
  const link = await connect(newGateway());
  await until("it is being fetched", () => server.fetched.length === 1);
  await link.close();
  expect(time.pendingTimers()).toBe(0);
  await until("the connection has ended", () => server.openConnections() === 0);
  stuck.reject(new Error("the test is over"));
});

test.each<[string, Partial<FleetLinkOptions>]>([
  ["a URL of another scheme", { controlPlaneUrl: "ftp://x" }],
  ["a project that is none", { projectId: "a b" }],
  ["an instance that is none", { instanceId: "" }],
  ["a key with a line break", { apiKey: "bbk_x\r\ny" }],
])("%s is a mistake of the caller", async (_, more) => {
  await expect(connect(newGateway(), more)).rejects.toThrow(TypeError);
});

test("what is kept is what is served", async () => {
  const one = offer(server, 1, "one");
  server.desire(one);
  await connect(newGateway());
  await untilHeard("artifact_applied");
  expect(readKeptArtifact(keptPath, PROJECT)).toMatchObject({ digest: one.digest });
});

const withOpenssl = skipUnless(
  Bun.which("openssl") !== null,
  "openssl is not installed; it makes the test's certificate",
);

withOpenssl(
  "a control plane with a private authority is believed where that is given, for both ways to it",
  async () => {
    const certificate =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
    expect(Bun.spawnSync(certificate.split(" "), { cwd: folder, stderr: "pipe" }).exitCode).toBe(0);
    const [key, cert] = ["key.pem", "cert.pem"].map((name) => readFileSync(join(folder, name), "utf8")) as [
      string,
      string,
    ];
    await server.close();
    server = await startFleetServer(0, { key, cert });
    const one = offer(server, 1, "one");
    server.desire(one);
    const wary = await connect(newGateway());
    await until("it is waiting", () => wary.report().phase === "waiting");
    expect(server.connections()).toBe(0);
    const gateway = newGateway();
    await connect(gateway, { controlPlaneUrl: server.url.replace("https:", "wss:"), ca: cert });
    await untilHeard("artifact_applied");
    expect(gateway.artifact?.digest).toBe(one.digest);
  },
);
