/** What a node can do with what it has: its own plan, its own reports, what its own instances need; nothing else, and nothing of another node. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type {
  AccountId,
  AgentMessage,
  AgentStatus,
  DataPlaneId,
  EventId,
  InstanceRecord,
  MessageToAgent,
  NodePlan,
  NodeRequest,
} from "#contracts";
import { origin } from "#control-plane/core/testing";
import { createScheduler, type Scheduler } from "#control-plane/scheduler";
import { manifestOf } from "#control-plane/scheduler/testing";
import { connectWebSocket, type WebSocketConnection } from "#foundation/http";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { isPublic } from "./route.ts";
import { API_ROUTES } from "./routes.ts";
import { newOrg } from "./testing/identities.ts";
import { startTestApi, type TestApi } from "./testing/test-api.ts";

const NODE_A = `nod_${"a".repeat(24)}`;
const NODE_B = `nod_${"b".repeat(24)}`;
const KEY_A = Buffer.alloc(32, 1).toString("base64url");
const KEY_B = Buffer.alloc(32, 2).toString("base64url");
const STATUS: AgentStatus = {
  state: "ready",
  startedAt: 1,
  residentBytes: 1,
  instances: { desired: 0, running: 0, ready: 0 },
  usedMemoryBytes: 0,
};

/** An agent played by hand, over a real WebSocket. */
class HandAgent {
  readonly messages: MessageToAgent[] = [];
  closed = false;
  readonly #socket: WebSocketConnection;
  #watchers: (() => void)[] = [];
  #correlation = 0;

  private constructor(socket: WebSocketConnection) {
    this.#socket = socket;
    socket.onMessage((data) => {
      this.messages.push(JSON.parse(String(data)) as MessageToAgent);
      this.#changed();
    });
    socket.onClose(() => {
      this.closed = true;
      this.#changed();
    });
  }

  static async open({ api, tokens }: TestApi): Promise<HandAgent> {
    const url = `${api.url.replace("http", "ws")}/ws/data-plane`;
    return new HandAgent(await connectWebSocket({ url, headers: [["authorization", `Bearer ${tokens.joinToken}`]] }));
  }

  static async joined(world: TestApi, nodeId: string, nodeKey: string): Promise<HandAgent> {
    const agent = await HandAgent.open(world);
    agent.register(nodeId, nodeKey);
    await agent.until((message) => message.type === "welcome");
    agent.say({ type: "heartbeat", appliedThrough: 0 as EventId, status: STATUS });
    return agent;
  }

  register(nodeId: string, nodeKey: string): void {
    this.say({
      type: "register",
      protocol: 1,
      kind: "agent",
      dataPlaneId: nodeId as DataPlaneId,
      name: nodeId.slice(-1),
      version: "0",
      cursor: 0 as EventId,
      nodeKey,
      node: {
        labels: {},
        allocatable: { memoryBytes: 2 ** 30, cpuCores: 2, diskBytes: 2 ** 34 },
        isolation: ["process"],
        architecture: "x64",
      },
    });
  }

  say(message: AgentMessage | object): void {
    this.#socket.send(JSON.stringify(message));
  }

  async until(is: (message: MessageToAgent) => boolean): Promise<MessageToAgent> {
    for (;;) {
      const found = this.messages.find(is);
      if (found !== undefined) return found;
      if (this.closed) throw new Error(`closed after ${JSON.stringify(this.messages)}`);
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  async ask(request: NodeRequest) {
    const correlation = ++this.#correlation;
    this.say({ type: "ask", correlation, request });
    const message = await this.until((one) => one.type === "answer" && one.correlation === correlation);
    return (message as Extract<MessageToAgent, { type: "answer" }>).answer;
  }

  /** What is said of the first report. */
  async report(report: object): Promise<string | undefined> {
    const correlation = ++this.#correlation;
    this.say({ type: "reports", correlation, reports: [report] });
    const message = await this.until((one) => one.type === "reported" && one.correlation === correlation);
    return (message as Extract<MessageToAgent, { type: "reported" }>).refused[0]?.message;
  }

  get plan(): NodePlan | undefined {
    return this.messages.flatMap((message) => (message.type === "plan" ? message.plan : [])).at(-1);
  }

  close(): void {
    this.#socket.close();
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}

let world: TestApi;
let scheduler: Scheduler;
let org: AccountId;
let agentA: HandAgent;
let agentB: HandAgent;
/** Runs on A. */
let instance: InstanceRecord;

beforeAll(async () => {
  world = await startTestApi({
    secrets: {
      open: (instanceId, nodeId) => world.core.secrets.openFor(instanceId, nodeId),
      snapshotKey: async () => ({ ok: false, code: "not_yours", message: "not in these tests" }),
    },
  });
  scheduler = createScheduler({
    core: world.core,
    liveness: world.api.plans.liveness,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    logger: silentLogger,
    metrics: createMetrics(),
  });
  agentA = await HandAgent.joined(world, NODE_A, KEY_A);
  org = await newOrg(world);
  const run = async (command: object) => {
    const outcome = await world.core.execute(command as never, origin());
    if (!outcome.ok) throw new Error(outcome.message);
    return outcome.result as Readonly<Record<string, string>>;
  };
  const { appId } = await run({ type: "app.create", accountId: org, name: "shop" });
  const { envId } = await run({ type: "env.create", accountId: org, appId, name: "production" });
  await run({ type: "secrets.patch", accountId: org, envId, values: { KEY: "of the shop" } });
  const artifact = { source: "directory", digest: `sha256:${"a".repeat(64)}`, sizeBytes: 1 };
  const { releaseId } = await run({
    type: "release.create",
    accountId: org,
    appId,
    artifact,
    manifest: manifestOf({ scaling: { min: 1 } }),
  });
  await run({ type: "deploy.create", accountId: org, envId, deployKind: "deploy", releaseId });
  await run({ type: "volume.create", accountId: org, name: "data", sizeBytes: 2 ** 30, nodeId: NODE_A });
  await scheduler.quiet();
  [instance] = [...world.core.views.records("instance")] as [InstanceRecord];
  await agentA.until((message) => message.type === "plan" && message.plan.instances.length === 1);
  agentB = await HandAgent.joined(world, NODE_B, KEY_B);
  await agentB.until((message) => message.type === "plan");
});
afterAll(async () => {
  agentA.close();
  agentB.close();
  await scheduler.close();
  await world.close();
});

describe("what a node has opens none of the API's routes", () => {
  test.each([
    ["the token with which it joins", () => world.tokens.joinToken],
    ["its key", () => KEY_A],
    ["its id", () => NODE_A],
  ])("%s", async (_, credential) => {
    for (const route of API_ROUTES) {
      if (isPublic(route)) continue;
      const path = route.path.replace(/\{(\w+)\}/g, (__, name: string) => (name === "org" ? org : "none"));
      const body = route.method === "GET" ? {} : { body: "{}" };
      const answer = await fetch(world.api.url + path, {
        method: route.method,
        headers: { authorization: `Bearer ${credential()}` },
        ...body,
      });
      await answer.arrayBuffer();
      expect(`${route.method} ${path} ${answer.status}`).toBe(`${route.method} ${path} 401`);
    }
  });
});

describe("a node and what is another's", () => {
  test("its plan has nothing of it", () => {
    expect(agentA.plan?.instances.map(({ instanceId }) => instanceId)).toEqual([instance.instanceId]);
    expect(agentA.plan?.volumes).toHaveLength(1);
    expect(agentB.plan).toMatchObject({ nodeId: NODE_B, instances: [], volumes: [] });
    const told = JSON.stringify(agentB.messages);
    for (const name of [NODE_A, instance.instanceId, org, instance.appId]) expect(told).not.toContain(name);
  });

  test("what it says of it is not believed", async () => {
    const { instanceId } = instance;
    const before = world.core.views.record("instance", instanceId);
    expect(
      await agentB.report({ about: "instance", instanceId, status: "failed", reason: "exited", restarts: 0 }),
    ).toMatch(/^NoSuchResource/);
    expect(world.core.views.record("instance", instanceId)).toEqual(before!);
    const [volume] = [...world.core.views.records("volume")];
    expect(await agentB.report({ about: "volume", volumeId: volume!.volumeId, state: "deleted" })).toMatch(
      /^NoSuchResource/,
    );
    expect(world.core.views.record("volume", volume!.volumeId)).toEqual(volume!);
    expect(await agentA.report({ about: "instance", instanceId, status: "starting", restarts: 0 })).toBeUndefined();
    expect(world.core.views.record("instance", instanceId)?.status).toBe("starting");
  });

  test("what it asks for of it, it does not get", async () => {
    const { instanceId } = instance;
    const [volume] = [...world.core.views.records("volume")];
    const own = await agentA.ask({ ask: "secrets", instanceId });
    expect(own).toMatchObject({ ok: true });
    expect(Buffer.from(JSON.stringify(own)).toString()).toContain("of the shop");
    for (const request of [
      { ask: "secrets", instanceId },
      { ask: "artifacts", accountId: org },
      { ask: "backups", volumeId: volume!.volumeId },
      { ask: "snapshotKey", snapshotId: "snp_none" },
    ] as const) {
      const answer = await agentB.ask(request as NodeRequest);
      expect(answer).toMatchObject({ ok: false });
      expect(JSON.stringify(answer)).not.toContain("of the shop");
    }
  });

  test("its name is nobody else's: without its key there is no such node", async () => {
    const liar = await HandAgent.open(world);
    liar.register(NODE_A, KEY_B);
    expect(await liar.until((message) => message.type === "refused")).toMatchObject({ code: "WrongNodeKey" });
    expect(JSON.stringify(liar.messages)).not.toContain(instance.instanceId);
  });
});

describe("what a node says is one of its messages, or nothing comes of it", () => {
  test.each([
    ["a command", { type: "command", command: { type: "account.create", name: "mine" } }],
    ["another command", { type: "execute", command: { type: "node.setIntent", nodeId: NODE_A, intent: "disabled" } }],
    ["events", { type: "events", events: [{ type: "account.created" }] }],
    [
      "a report in another's name",
      { type: "reports", correlation: 99, reports: [{ about: "instance", nodeId: NODE_A, instanceId: "x" }] },
    ],
    [
      "a report of what nodes do not report",
      { type: "reports", correlation: 99, reports: [{ about: "account", name: "mine" }] },
    ],
    ["a question that there is none of", { type: "ask", correlation: 99, request: { ask: "masterKey" } }],
    [
      "something of the services' data plane",
      { type: "command", correlation: 99, command: { type: "bucket.create" }, origin: { actor: "system:root" } },
    ],
  ])("%s", async (_, message) => {
    const head = world.core.head;
    const agent = await HandAgent.joined(world, `nod_${"c".repeat(24)}`, Buffer.alloc(32, 3).toString("base64url"));
    const joinedAt = world.core.head;
    agent.say(message);
    // What a later version may say is passed over; everything else ends the stream. What comes behind it shows that it was read.
    const answer = await agent.ask({ ask: "secrets", instanceId: "none" }).catch(() => undefined);
    if (answer === undefined) expect(agent.messages.at(-1)).toMatchObject({ type: "refused", code: "BadMessage" });
    else expect(answer).toMatchObject({ ok: false });
    const reported = agent.messages.find((one) => one.type === "reported");
    if (reported?.type === "reported") expect(reported.refused).toHaveLength(1);
    expect(world.core.head).toBe(joinedAt);
    expect(joinedAt - head).toBeLessThanOrEqual(2);
    agent.close();
  });
});
