import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  AgentMessage,
  AgentStatus,
  AgentTransport,
  ControlPlaneId,
  EventId,
  MessageToAgent,
  NodePlan,
  NodeReport,
} from "#contracts";
import { createVirtualTime, systemRandom, type VirtualTime } from "#foundation/runtime";
import { silentLogger } from "#foundation/telemetry";
import { type AgentLink, LinkDown, openAgentLink } from "./links.ts";

const NODE = "nod_0123456789abcdef01234567";
const CONTROL = "cp-1" as ControlPlaneId;
const STATUS: AgentStatus = {
  state: "ready",
  startedAt: 1,
  residentBytes: 2,
  instances: { desired: 0, running: 0, ready: 0 },
  usedMemoryBytes: 0,
};

/** The control plane's end, played by hand. */
class Peer implements AgentTransport {
  readonly heard: AgentMessage[] = [];
  connections = 0;
  open = false;
  #handlers: Parameters<AgentTransport["connect"]>[0] | undefined;

  connect(handlers: Parameters<AgentTransport["connect"]>[0]) {
    this.connections++;
    this.#handlers = handlers;
    return { cancel: () => undefined };
  }

  async openChannel(): Promise<never> {
    throw new Error("not in these tests");
  }

  accept(controlPlaneId = CONTROL, head = 100): void {
    this.open = true;
    this.#handlers!.onOpen({ send: (message) => this.heard.push(message), close: () => this.#ended() });
    this.say({ type: "welcome", protocol: 1, controlPlaneId, head: head as EventId, heartbeatMs: 5_000 });
  }

  say(message: MessageToAgent): void {
    this.#handlers!.onMessage(message);
  }

  #ended(): void {
    this.open = false;
  }

  drop(reason = "gone"): void {
    this.open = false;
    this.#handlers!.onClose(reason);
  }

  of<Type extends AgentMessage["type"]>(type: Type): Extract<AgentMessage, { type: Type }>[] {
    return this.heard.filter((message): message is Extract<AgentMessage, { type: Type }> => message.type === type);
  }
}

const planAt = (cursor: number, more: Partial<NodePlan> = {}): NodePlan => ({
  planVersion: 1,
  nodeId: NODE,
  cursor: cursor as EventId,
  instances: [],
  volumes: [],
  snapshots: [],
  ...more,
});

let directory: string;
let time: VirtualTime;
let peer: Peer;
let link: AgentLink;
let plans: NodePlan[];

function open(): AgentLink {
  peer = new Peer();
  plans = [];
  link = openAgentLink({
    path: join(directory, "plan"),
    id: NODE,
    name: "one",
    version: "0",
    nodeKey: "k",
    node: { labels: {}, allocatable: { memoryBytes: 1, cpuCores: 1, diskBytes: 1 }, isolation: [], architecture: "x" },
    transport: peer,
    timers: time.timers,
    random: systemRandom,
    logger: silentLogger,
    status: () => STATUS,
  });
  link.onPlan((plan) => plans.push(plan));
  return link;
}

const plan = (cursor: number, more?: Partial<NodePlan>) =>
  peer.say({ type: "plan", last: true, plan: planAt(cursor, more) });
const settle = () => time.advanceSettled(0);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "biplane-plan-link-"));
  time = createVirtualTime(0);
  open();
});
afterEach(() => {
  link.close();
  rmSync(directory, { recursive: true, force: true });
});

describe("plans", () => {
  test("the last one is there at once after a restart, without the control plane", () => {
    peer.accept();
    plan(7);
    link.close();
    open();
    expect(link.plan).toEqual(planAt(7));
    expect(link.connected).toBe(false);
    peer.accept();
    expect(peer.of("register")[0]).toMatchObject({ kind: "agent", cursor: 7 });
  });

  test("a damaged file counts as none", () => {
    peer.accept();
    plan(7);
    link.close();
    const path = join(directory, "plan");
    writeFileSync(path, readFileSync(path, "utf8").replace('"cursor":7', '"cursor":8'));
    open();
    expect(link.plan).toBeUndefined();
  });

  test("parts count only when all of them are here", () => {
    peer.accept();
    const volume = (volumeId: string) => ({ volumeId }) as NodePlan["volumes"][number];
    peer.say({ type: "plan", last: false, plan: planAt(9, { volumes: [volume("a")] }) });
    expect(plans).toEqual([]);
    peer.say({ type: "plan", last: true, plan: planAt(9, { volumes: [volume("b")] }) });
    expect(plans).toEqual([planAt(9, { volumes: [volume("a"), volume("b")] })]);
    // What was begun by a connection that broke is not mixed with what follows.
    peer.say({ type: "plan", last: false, plan: planAt(10, { volumes: [volume("c")] }) });
    peer.say({ type: "plan", last: true, plan: planAt(11) });
    expect(plans.at(-1)).toEqual(planAt(11));
  });

  test("one for another node ends the connection and changes nothing", () => {
    peer.accept();
    plan(3, { nodeId: "nod_other" });
    expect(plans).toEqual([]);
    expect(link.connected).toBe(false);
  });

  test("an older one is held back, unless the control plane that says so stays", () => {
    peer.accept();
    plan(20);
    plan(12);
    time.advance(4_000);
    expect(link.plan?.cursor).toBe(20 as EventId);
    // A deposed control plane stops by then.
    peer.drop();
    time.advance(30_000);
    expect(link.plan?.cursor).toBe(20 as EventId);
    peer.accept();
    plan(12);
    time.advance(5_001);
    expect(link.plan?.cursor).toBe(12 as EventId);
  });

  test("those of another control plane start anew", () => {
    peer.accept();
    plan(20);
    peer.drop();
    time.advance(20_000);
    peer.accept("cp-2" as ControlPlaneId);
    plan(3);
    expect(link.plan?.cursor).toBe(3 as EventId);
  });

  test("where it stands is told at once, and with every heartbeat", async () => {
    peer.accept();
    plan(5);
    link.applied(5 as EventId);
    await settle();
    expect(peer.of("heartbeat").at(-1)).toMatchObject({ appliedThrough: 5 });
    const before = peer.of("heartbeat").length;
    time.advance(15_000);
    expect(peer.of("heartbeat").length).toBe(before + 3);
  });
});

describe("reports", () => {
  const ready: NodeReport = { about: "instance", instanceId: "ins_1", status: "ready", restarts: 0 };
  const failed: NodeReport = { ...ready, status: "failed", reason: "exited" };

  test("are said until they are taken, the latest of each thing only", async () => {
    link.report({ ...ready, status: "starting" });
    link.report(ready);
    peer.accept();
    await settle();
    expect(peer.of("reports").map(({ reports }) => reports)).toEqual([[ready]]);
    peer.drop();
    time.advance(30_000);
    peer.accept();
    await settle();
    const last = peer.of("reports").at(-1)!;
    expect(last.reports).toEqual([ready]);
    peer.say({ type: "reported", correlation: last.correlation, refused: [] });
    peer.drop();
    time.advance(30_000);
    peer.accept();
    await settle();
    expect(peer.of("reports")).toHaveLength(2);
  });

  test("what is said anew while the old is under way is said again", async () => {
    peer.accept();
    link.report(ready);
    await settle();
    link.report(failed);
    await settle();
    expect(peer.of("reports")).toHaveLength(1);
    peer.say({ type: "reported", correlation: peer.of("reports")[0]!.correlation, refused: [] });
    await settle();
    expect(peer.of("reports").map(({ reports }) => reports)).toEqual([[ready], [failed]]);
  });
});

describe("questions", () => {
  const request = { ask: "secrets", instanceId: "ins_1" } as const;
  const answer = { ok: true, ask: "secrets", versionId: "v", data: "d" } as const;

  test("are answered, each by its own answer", async () => {
    peer.accept();
    const first = link.ask(request);
    const second = link.ask({ ask: "secrets", instanceId: "ins_2" });
    const [one, two] = peer.of("ask");
    peer.say({ type: "answer", correlation: two!.correlation, answer: { ...answer, data: "second" } });
    peer.say({ type: "answer", correlation: one!.correlation, answer });
    expect(await first).toEqual(answer);
    expect(await second).toMatchObject({ data: "second" });
  });

  test("fail when there is no stream, when it ends, when nobody answers, and when they are given up", async () => {
    await expect(link.ask(request)).rejects.toBeInstanceOf(LinkDown);
    peer.accept();
    const cut = link.ask(request);
    peer.drop();
    await expect(cut).rejects.toBeInstanceOf(LinkDown);
    time.advance(30_000);
    peer.accept();
    const unanswered = link.ask(request);
    time.advance(20_000);
    await expect(unanswered).rejects.toBeInstanceOf(LinkDown);
    const given = new AbortController();
    const abandoned = link.ask(request, given.signal);
    given.abort(new Error("enough"));
    await expect(abandoned).rejects.toThrow("enough");
  });
});

test("a refusal is not asked for again soon; a lost connection is", () => {
  peer.accept();
  peer.drop();
  time.advance(1_000);
  expect(peer.connections).toBe(2);
  peer.accept();
  peer.say({ type: "refused", code: "WrongNodeKey", message: "another key" });
  expect(link.lastFailure).toContain("another key");
  const before = peer.connections;
  time.advance(10_100);
  expect(peer.connections).toBeLessThanOrEqual(before + 2);
});

test("nothing is left running after close()", () => {
  peer.accept();
  plan(4);
  link.close();
  expect(time.pendingTimers()).toBe(0);
  expect(peer.open).toBe(false);
});
