/** R32: gateways at `/ws/data-plane`, beside the data planes of the cloud. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AccountId, Command } from "#contracts";
import { connectWebSocket, type WebSocketConnection, WebSocketRefused } from "#foundation/http";
import { until } from "../../tests/support/until.ts";
import { startTestApi, type TestApi } from "./testing/test-api.ts";

let world: TestApi;
let accountId: AccountId;
let projectId: string;
let apiKey: string;
let keyId: string;
beforeAll(async () => {
  world = await startTestApi();
  ({ accountId } = await world.core.ensureRoot());
  projectId = (await does({ type: "project.create", accountId, name: "shop" })).projectId;
  ({ keyId, key: apiKey } = await does({ type: "gatewayKey.create", accountId, projectId, name: "edge" }));
});
afterAll(() => world.close());

async function does<Given extends Command>(command: Given) {
  const outcome = await world.core.execute(command, { actor: "system:test", requestId: "test" });
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.result;
}

async function dial(bearer: string, headers: readonly (readonly [string, string])[] = []) {
  const connection: WebSocketConnection = await connectWebSocket({
    url: `${world.api.url}/ws/data-plane`,
    headers: [["authorization", `Bearer ${bearer}`], ...headers],
  });
  const closed = new Promise<number>((resolve) => connection.onClose(resolve));
  const said: ((message: Record<string, unknown>) => void)[] = [];
  const early: Record<string, unknown>[] = [];
  connection.onMessage((data) => {
    const message = JSON.parse(String(data)) as Record<string, unknown>;
    const waiting = said.shift();
    if (waiting === undefined) early.push(message);
    else waiting(message);
  });
  const next = (): Promise<Record<string, unknown>> =>
    early.length > 0 ? Promise.resolve(early.shift()!) : new Promise((resolve) => said.push(resolve));
  return { connection, closed, next, say: (message: object) => connection.send(JSON.stringify(message)) };
}

const register = (instance: string) => ({
  type: "register",
  protocol: 1,
  project_id: projectId,
  api_key: apiKey,
  instance_id: instance,
  artifact_digest: null,
  metadata: { version: "1", hostname: "h" },
});

const refusal = (bearer: string, headers: readonly (readonly [string, string])[] = []) =>
  dial(bearer, headers).then(
    () => undefined,
    (error: unknown) => (error instanceof WebSocketRefused ? error.status : error),
  );

describe("R32: /ws/data-plane", () => {
  test("gives no connection to a key that there is none of, nor to a page", async () => {
    expect(await refusal("bbk_not-a-key")).toBe(401);
    expect(await refusal(apiKey, [["origin", "https://evil.example"]])).toBe(403);
    // A gateway's key is no join token, and the other way round.
    expect(await refusal("not-a-join-token")).toBe(401);
  });

  test("slows down who guesses keys, and nobody else", async () => {
    let guesses = 0;
    let answer = await refusal("bbk_a-guess");
    for (; answer === 401 && guesses < 10_000; guesses++) answer = await refusal("bbk_a-guess");
    expect(answer).toBe(429);
    expect(guesses).toBeGreaterThan(100);
    const gateway = await dial(apiKey);
    gateway.say(register("unhurried"));
    expect(await gateway.next()).toMatchObject({ type: "registered" });
    gateway.connection.close();
    await gateway.closed;
  });

  test("registers a gateway, and ends its connection at once when the key is revoked", async () => {
    const gateway = await dial(apiKey);
    gateway.say(register("one"));
    expect(await gateway.next()).toMatchObject({ type: "registered", heartbeat_interval_secs: 30 });
    expect(world.api.gateways.size).toBe(1);
    await does({ type: "gatewayKey.revoke", accountId, keyId });
    expect(await gateway.next()).toMatchObject({ type: "disconnect", reason: "revoked_key", retry: false });
    expect(await gateway.closed).toBe(1000);
    expect(world.api.gateways.size).toBe(0);
    ({ keyId, key: apiKey } = await does({ type: "gatewayKey.create", accountId, projectId, name: "edge 2" }));
  });

  test("puts who was not let in on record, with the key and never its secret", async () => {
    const other = await does({ type: "project.create", accountId, name: "bank" });
    const gateway = await dial(apiKey);
    gateway.say({ ...register("astray"), project_id: other.projectId, name: "edge-1" });
    expect(await gateway.next()).toMatchObject({ type: "registration_failed", reason: "wrong_project" });
    await gateway.closed;
    await refusal("bbk_nobody-has-it");
    const lines: string[] = [];
    let known: Record<string, unknown> | undefined;
    let unknown: Record<string, unknown> | undefined;
    await until("both are on record", async () => {
      lines.splice(0);
      const { items: entries } = await world.audit.query({ action: "gateways.register" });
      lines.push(...entries.map((entry) => JSON.stringify(entry)));
      known = entries.find(({ errorCode }) => errorCode === "wrong_project") as never;
      unknown = entries.find(({ errorCode }) => errorCode === "unknown_key") as never;
      return known !== undefined && unknown !== undefined;
    });
    expect(known).toMatchObject({
      category: "authentication",
      decision: "denied",
      actor: { type: "gateway", id: `gateway-key:${keyId}` },
      details: { instance: "astray", name: "edge-1" },
    });
    expect(unknown).toMatchObject({ actor: { type: "unproven" } });
    expect(lines.join("")).not.toContain(apiKey);
  });

  test("cuts a connection that sends more than a message may have", async () => {
    const gateway = await dial(apiKey);
    gateway.connection.send("x".repeat(64 * 1024 + 1));
    expect(await gateway.closed).toBe(1009);
  });

  test("refuses what is no message, and binary ones", async () => {
    const gateway = await dial(apiKey);
    gateway.connection.send(new Uint8Array([1, 2, 3]));
    expect(await gateway.next()).toMatchObject({ type: "registration_failed", reason: "bad_message" });
    expect(await gateway.closed).toBe(1000);
  });

  test("still takes data planes of the cloud by the join token", async () => {
    const plane = await dial(world.tokens.joinToken);
    plane.say({
      type: "register",
      protocol: 1,
      dataPlaneId: "dpl_000000000000000000000001",
      kind: "services",
      name: "n",
      version: "1",
      resume: null,
      wants: ["account"],
    });
    expect(await plane.next()).toMatchObject({ type: "welcome" });
    plane.connection.close();
  });
});
