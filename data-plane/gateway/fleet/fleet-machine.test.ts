import { describe, expect, test } from "bun:test";
import type { MessageToGateway } from "#contracts";
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN, fleetBackoffMs, REFUSED_AGAIN_MS } from "./fleet-limits.ts";
import { initialFleetState, step } from "./fleet-machine.ts";
import type { FleetEffect, FleetEvent } from "./fleet-machine-types.ts";

/** A machine with a gateway that serves what it is said to serve. Chance always draws 0. */
function machine(served: string | null = null) {
  const state = initialFleetState();
  const gateway = { served };
  const around = { float: () => 0, now: () => 1_000, served: () => gateway.served };
  const does = (event: FleetEvent): readonly FleetEffect[] =>
    step(state, event, around).filter((effect) => effect.type !== "log");
  const hears = (message: MessageToGateway) => does({ type: "message", connection: state.connection, message });
  const timer = (name: Extract<FleetEvent, { type: "timer" }>["timer"]) => does({ type: "timer", timer: name });
  /** Connects and is registered. */
  const registered = () => {
    does(state.connection === 0 ? { type: "start" } : { type: "timer", timer: "retry" });
    does({ type: "opened", connection: state.connection });
    return hears({ type: "registered", data_plane_id: "dp-1", heartbeat_interval_secs: 30 });
  };
  const download = () => state.download;
  /** The current download arrives whole, and the gateway takes it. */
  const fetched = (digest: string) => does({ type: "downloaded", download: download(), digest });
  const applied = (digest: string) => {
    gateway.served = digest;
    return does({ type: "applied", download: download() });
  };
  return { state, gateway, does, hears, timer, registered, download, fetched, applied };
}

const wants = (generation: number, digest: string) => ({ artifact_id: `id-${digest}`, digest, generation });
const ack = (generation: number, digest: string): MessageToGateway => ({
  type: "heartbeat_ack",
  desired: wants(generation, digest),
});
const kinds = (effects: readonly FleetEffect[]) => effects.map((effect) => effect.type);

describe("being registered", () => {
  test("dials, registers, and sends the first heartbeat at once", () => {
    const { does, state, hears } = machine();
    expect(does({ type: "start" })).toEqual([
      { type: "connect", connection: 1 },
      { type: "setTimer", timer: "handshake", delayMs: 10_000 },
    ]);
    expect(kinds(does({ type: "opened", connection: 1 }))).toEqual(["register", "setTimer"]);
    expect(hears({ type: "registered", data_plane_id: "dp-1", heartbeat_interval_secs: 30 })).toEqual([
      { type: "clearTimer", timer: "handshake" },
      { type: "heartbeat", lastRefusal: undefined },
      { type: "setTimer", timer: "heartbeat", delayMs: 30_000 },
    ]);
    expect(state).toMatchObject({ phase: "registered", dataPlaneId: "dp-1" });
  });

  test.each([
    [0, 1_000],
    [0.2, 1_000],
    [7, 7_000],
    [100_000, 300_000],
  ])("a heartbeat every %d s is one every %d ms", (seconds, ms) => {
    const { does, hears } = machine();
    does({ type: "start" });
    does({ type: "opened", connection: 1 });
    const effects = hears({ type: "registered", data_plane_id: "dp-1", heartbeat_interval_secs: seconds });
    expect(effects).toContainEqual({ type: "setTimer", timer: "heartbeat", delayMs: ms });
  });

  test.each<[string, FleetEvent]>([
    ["the connection breaks", { type: "closed", connection: 1, reason: "1006" }],
    ["nobody answers", { type: "timer", timer: "handshake" }],
    [
      "the control plane asks to come again",
      {
        type: "message",
        connection: 1,
        message: { type: "registration_failed", reason: "unavailable", message: "the database is away", retry: true },
      },
    ],
    ["it talks of artifacts first", { type: "message", connection: 1, message: ack(1, "a") }],
  ])("tries again later when %s", (_, event) => {
    const { does, state } = machine();
    does({ type: "start" });
    does({ type: "opened", connection: 1 });
    expect(does(event)).toEqual([
      { type: "disconnect", connection: 1 },
      { type: "clearTimer", timer: "handshake" },
      { type: "clearTimer", timer: "heartbeat" },
      { type: "setTimer", timer: "retry", delayMs: 1_000 },
    ]);
    expect(state.phase).toBe("waiting");
    expect(kinds(does({ type: "timer", timer: "retry" }))).toEqual(["connect", "setTimer"]);
  });

  test.each<[string, boolean, MessageToGateway]>([
    ["a revoked key", false, { type: "registration_failed", reason: "revoked_key", retry: false }],
    ["a key revoked later", true, { type: "disconnect", reason: "revoked_key", retry: false }],
    ["being sent away before an answer", false, { type: "disconnect", reason: "removed", retry: false }],
  ])("%s ends it at once and for good", (_, isRegistered, message) => {
    const { does, hears, registered, state, timer } = machine();
    if (isRegistered) registered();
    else {
      does({ type: "start" });
      does({ type: "opened", connection: 1 });
    }
    expect(kinds(hears(message))).toEqual(["clearTimer", "disconnect", "clearTimer", "clearTimer", "clearTimer"]);
    expect(state.phase).toBe("stopped");
    expect(state.lastFailure).toContain(message.type === "disconnect" ? message.reason : "revoked_key");
    expect(timer("retry")).toEqual([]);
    expect(does({ type: "start" })).toEqual([]);
  });

  test("being disconnected with leave to return is a connection lost", () => {
    const { registered, hears, state } = machine();
    registered();
    expect(hears({ type: "disconnect", reason: "shutting_down", retry: true })).toContainEqual({
      type: "setTimer",
      timer: "retry",
      delayMs: 1_000,
    });
    expect(state.phase).toBe("waiting");
  });

  test("what an ended connection still says is not heard", () => {
    const { registered, does, hears, state, timer } = machine();
    registered();
    does({ type: "closed", connection: 1, reason: "x" });
    timer("retry");
    const message: MessageToGateway = { type: "disconnect", reason: "revoked_key", retry: false };
    expect(does({ type: "message", connection: 1, message })).toEqual([]);
    expect(does({ type: "closed", connection: 1, reason: "x" })).toEqual([]);
    expect(does({ type: "opened", connection: 1 })).toEqual([]);
    expect(state.phase).toBe("connecting");
    does({ type: "opened", connection: 2 });
    hears({ type: "registered", data_plane_id: "dp-1", heartbeat_interval_secs: 30 });
    expect(does({ type: "message", connection: 1, message })).toEqual([]);
    expect(state.phase).toBe("registered");
  });

  test("failures in a row count until a heartbeat is answered", () => {
    const { registered, does, hears, state } = machine();
    registered();
    does({ type: "closed", connection: 1, reason: "x" });
    registered();
    does({ type: "closed", connection: 2, reason: "x" });
    expect(state.failures).toBe(2);
    registered();
    hears({ type: "heartbeat_ack" });
    expect(state.failures).toBe(0);
  });

  test("three heartbeats without an answer end the connection", () => {
    const { registered, timer, hears } = machine();
    registered();
    expect([timer("heartbeat"), timer("heartbeat")].map(kinds)).toEqual([
      ["heartbeat", "setTimer"],
      ["heartbeat", "setTimer"],
    ]);
    hears({ type: "heartbeat_ack" });
    for (let count = 0; count < 3; count++) expect(kinds(timer("heartbeat"))).toContain("heartbeat");
    expect(kinds(timer("heartbeat"))).toEqual(["disconnect", "clearTimer", "clearTimer", "setTimer"]);
  });
});

describe("what is desired", () => {
  test("is fetched, checked, applied and told", () => {
    const { registered, hears, fetched, applied } = machine("old");
    registered();
    expect(hears(ack(4, "new"))).toEqual([
      { type: "clearTimer", timer: "again" },
      { type: "download", download: 1, artifact: { ...wants(4, "new"), downloadPath: undefined } },
    ]);
    expect(fetched("new")).toEqual([{ type: "apply", download: 1 }]);
    expect(applied("new")).toEqual([
      { type: "reportApplied", generation: 4, error: undefined },
      { type: "heartbeat", lastRefusal: undefined },
    ]);
    expect(hears(ack(4, "new"))).toEqual([]);
  });

  test("is nothing to do where it is served, and is told once", () => {
    const { registered, hears } = machine("same");
    registered();
    expect(kinds(hears(ack(1, "same")))).toEqual(["clearTimer", "reportApplied", "heartbeat"]);
    expect(hears(ack(1, "same"))).toEqual([]);
    // Deployed once more: another decision, the same bytes.
    expect(kinds(hears(ack(2, "same")))).toEqual(["clearTimer", "reportApplied", "heartbeat"]);
  });

  test("may come by a notification, which says where from", () => {
    const { registered, hears } = machine();
    registered();
    const effects = hears({ type: "artifact_available", ...wants(1, "a"), download_path: "/artifacts/1/download" });
    expect(effects[1]).toMatchObject({ type: "download", artifact: { downloadPath: "/artifacts/1/download" } });
    expect(hears(ack(1, "a"))).toEqual([]);
  });

  test("is the greatest generation, whatever comes last", () => {
    const { registered, hears, fetched, applied, state } = machine("old");
    registered();
    hears(ack(5, "new"));
    expect(hears(ack(4, "older"))).toEqual([]);
    fetched("new");
    applied("new");
    expect(hears(ack(4, "older"))).toEqual([]);
    expect(state.desired?.generation).toBe(5);
  });

  test("a newer one cancels a download, and begins when that has ended", () => {
    const { registered, hears, does, state } = machine();
    registered();
    hears(ack(1, "a"));
    expect(hears(ack(2, "b"))).toEqual([
      { type: "clearTimer", timer: "again" },
      { type: "cancelDownload", download: 1 },
    ]);
    expect(hears(ack(3, "c"))).toEqual([{ type: "clearTimer", timer: "again" }]);
    const ended = does({ type: "downloadFailed", download: 1, stage: "download", reason: "cancelled" });
    expect(ended).toMatchObject([{ type: "drop" }, { type: "download", download: 2, artifact: { generation: 3 } }]);
    expect(state.lastRefusal).toBeUndefined();
  });

  test("a cancelled download that arrives all the same is dropped, though it is whole", () => {
    const { registered, hears, fetched } = machine();
    registered();
    hears(ack(1, "a"));
    hears(ack(2, "b"));
    expect(fetched("a")).toMatchObject([
      { type: "drop", download: 1 },
      { type: "download", download: 2 },
    ]);
  });

  test("a newer generation of the same artifact takes the download over", () => {
    const { registered, hears, fetched, applied } = machine();
    registered();
    hears(ack(1, "a"));
    expect(kinds(hears(ack(2, "a")))).toEqual(["clearTimer"]);
    fetched("a");
    expect(applied("a")).toContainEqual({ type: "reportApplied", generation: 2, error: undefined });
  });

  test("and is what is refused then", () => {
    const { registered, hears, fetched, timer } = machine();
    registered();
    hears(ack(1, "a"));
    hears(ack(2, "a"));
    expect(fetched("z")).toContainEqual({ type: "reportApplied", generation: 2, error: "its digest is z" });
    expect(hears(ack(2, "a"))).toEqual([]);
    expect(kinds(timer("again"))).toEqual(["download"]);
  });

  test("one that is being applied ends first; then the newer one begins", () => {
    const { registered, hears, fetched, applied } = machine();
    registered();
    hears(ack(1, "a"));
    fetched("a");
    expect(kinds(hears(ack(2, "b")))).toEqual(["clearTimer"]);
    expect(applied("a")).toMatchObject([{ type: "download", artifact: { digest: "b" } }]);
  });

  test("one that is refused after it was overtaken is told, and the newer one begins", () => {
    const { registered, hears, fetched, does } = machine();
    registered();
    hears(ack(1, "a"));
    fetched("a");
    hears(ack(2, "b"));
    expect(does({ type: "applyFailed", download: 1, reason: "no" })).toMatchObject([
      { type: "reportApplied", generation: 1, error: "no" },
      { type: "heartbeat" },
      { type: "download", artifact: { generation: 2 } },
    ]);
  });

  test("goes on without a connection, and is told over the next", () => {
    const { registered, hears, does, fetched, applied, gateway } = machine();
    registered();
    hears(ack(1, "a"));
    does({ type: "closed", connection: 1, reason: "x" });
    expect(fetched("a")).toEqual([{ type: "apply", download: 1 }]);
    expect(applied("a")).toEqual([]);
    expect(gateway.served).toBe("a");
    registered();
    expect(kinds(hears(ack(1, "a")))).toEqual(["reportApplied", "heartbeat"]);
    expect(hears(ack(1, "a"))).toEqual([]);
  });

  test("comes back when something else has put another artifact into the gateway", () => {
    const { registered, hears, gateway } = machine("a");
    registered();
    hears(ack(1, "a"));
    gateway.served = "from a file";
    expect(hears(ack(1, "a"))).toMatchObject([{ type: "download", artifact: { digest: "a" } }]);
  });
});

describe("what does not succeed", () => {
  const refusal = (stage: "download" | "verify" | "apply", reason: string) => ({
    generation: 1,
    digest: "a",
    stage,
    reason,
    at_ms: 1_000,
  });

  test.each<[string, "verify" | "apply", string, (m: ReturnType<typeof machine>) => readonly FleetEffect[]]>([
    ["another digest", "verify", "its digest is z", (m) => m.fetched("z")],
    [
      "what is no artifact",
      "verify",
      "no archive",
      (m) => m.does({ type: "downloadFailed", download: 1, stage: "verify", reason: "no archive" }),
    ],
    [
      "what the gateway refuses",
      "apply",
      "no secret",
      (m) => {
        m.fetched("a");
        return m.does({ type: "applyFailed", download: 1, reason: "no secret" });
      },
    ],
    [
      "what the gateway does not serve after all",
      "apply",
      "the gateway serves old after it",
      (m) => {
        m.fetched("a");
        return m.applied("old");
      },
    ],
  ])("%s is told, and left alone for long", (_, stage, reason, fail) => {
    const m = machine("old");
    m.registered();
    m.hears(ack(1, "a"));
    const told = fail(m).filter((effect) => effect.type !== "drop");
    expect(told).toEqual([
      { type: "setTimer", timer: "again", delayMs: REFUSED_AGAIN_MS },
      { type: "reportApplied", generation: 1, error: reason },
      { type: "heartbeat", lastRefusal: refusal(stage, reason) },
    ]);
    expect(m.hears(ack(1, "a"))).toEqual([]);
    expect(m.timer("heartbeat")[0]).toEqual({ type: "heartbeat", lastRefusal: refusal(stage, reason) });
    expect(kinds(m.timer("again"))).toEqual(["download"]);
    m.fetched("a");
    m.applied("a");
    expect(m.timer("heartbeat")[0]).toEqual({ type: "heartbeat", lastRefusal: undefined });
  });

  test("another generation is tried at once, also of the same artifact", () => {
    const { registered, hears, fetched } = machine();
    registered();
    hears(ack(1, "a"));
    fetched("z");
    expect(hears(ack(2, "a"))).toMatchObject([{ type: "clearTimer", timer: "again" }, { type: "download" }]);
  });

  test("going back to what is served settles what was refused", () => {
    const { registered, hears, fetched, state } = machine("old");
    registered();
    hears(ack(1, "a"));
    fetched("z");
    expect(hears(ack(2, "old"))).toContainEqual({ type: "reportApplied", generation: 2, error: undefined });
    expect(state.lastRefusal).toBeUndefined();
  });

  test("a download that fails is tried again, ever less often, and is no verdict", () => {
    const { registered, hears, does, download, timer, state } = machine();
    registered();
    hears(ack(1, "a"));
    const fails = () => does({ type: "downloadFailed", download: download(), stage: "download", reason: "503" });
    expect(fails()).toEqual([{ type: "setTimer", timer: "again", delayMs: 1_000 }]);
    expect(timer("heartbeat")[0]).toEqual({ type: "heartbeat", lastRefusal: refusal("download", "503") });
    timer("again");
    fails();
    expect(state.downloadFailures).toBe(2);
    expect(hears(ack(2, "b"))).toMatchObject([{ type: "clearTimer" }, { type: "download" }]);
    expect(state.downloadFailures).toBe(0);
  });
});

describe("stopping", () => {
  test("cancels what is fetched, and hears nothing more", () => {
    const { registered, hears, does, timer, fetched } = machine("old");
    registered();
    hears(ack(1, "a"));
    expect(kinds(does({ type: "stop" }))).toEqual([
      "clearTimer",
      "cancelDownload",
      "disconnect",
      "clearTimer",
      "clearTimer",
      "clearTimer",
    ]);
    expect(fetched("a")).toEqual([{ type: "drop", download: 1 }]);
    expect(timer("again")).toEqual([]);
    expect(hears(ack(2, "b"))).toEqual([]);
  });
});

test("R22: the backoff is between one second and a minute, and doubles", () => {
  for (let failures = 0; failures < 2_000; failures++) {
    const [low, high] = [fleetBackoffMs(failures, 0), fleetBackoffMs(failures, 1 - 2 ** -53)];
    expect(low).toBe(BACKOFF_MS_MIN);
    expect(high).toBeGreaterThanOrEqual(Math.min(BACKOFF_MS_MAX, 2_000 * 2 ** failures) - 1);
    expect(high).toBeLessThanOrEqual(BACKOFF_MS_MAX);
  }
});
