import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type {
  AccountId,
  CommandOutcome,
  ControlPlaneMessage,
  DataPlaneId,
  DataPlaneMessage,
  EventId,
} from "#contracts";
import { connectWebSocket, type WebSocketConnection, WebSocketRefused } from "#foundation/http";
import { startTestApi, type TestApi } from "./testing/test-api.ts";

let world: TestApi;
beforeAll(async () => {
  world = await startTestApi();
});
afterAll(() => world.close());

const register = (
  dataPlaneId: string,
  resume: Extract<DataPlaneMessage, { type: "register" }>["resume"] = null,
): DataPlaneMessage => ({
  type: "register",
  protocol: 1,
  dataPlaneId: dataPlaneId as DataPlaneId,
  kind: "services",
  name: `name of ${dataPlaneId}`,
  version: "0.1.0",
  resume,
  wants: ["account", "user", "accessKey", "bucket"],
});

/** A data plane that says what the test tells it to. */
async function join(token = world.tokens.joinToken, headers: readonly (readonly [string, string])[] = []) {
  const connection: WebSocketConnection = await connectWebSocket({
    url: `${world.api.url}/ws/data-plane`,
    headers: [["authorization", `Bearer ${token}`], ...headers],
  });
  const queue: ControlPlaneMessage[] = [];
  let wake = (): void => undefined;
  const closed = new Promise<string>((resolve) => connection.onClose((code, reason) => resolve(`${code} ${reason}`)));
  connection.onMessage((data) => {
    queue.push(JSON.parse(String(data)) as ControlPlaneMessage);
    wake();
  });
  const next = async (): Promise<ControlPlaneMessage> => {
    while (queue.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return queue.shift()!;
  };
  return {
    connection,
    closed,
    next,
    send: (message: DataPlaneMessage) => connection.send(JSON.stringify(message)),
    /** The next message of a type; others are dropped. */
    async nextOf<Type extends ControlPlaneMessage["type"]>(type: Type) {
      for (;;) {
        const message = await next();
        if (message.type === type) return message as Extract<ControlPlaneMessage, { readonly type: Type }>;
      }
    },
  };
}

const createAccount = (name: string) =>
  world.core.execute({ type: "account.create", name }, { actor: "system:test", requestId: "r" }) as Promise<
    Extract<CommandOutcome<"account.create">, { ok: true }>
  >;

describe("/ws/data-plane", () => {
  test("lets nobody in without the join token, and no page", async () => {
    const refusal = async (attempt: Promise<unknown>) => {
      const error = await attempt.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return error instanceof WebSocketRefused ? error.status : error;
    };
    expect(await refusal(join("wrong"))).toBe(401);
    expect(await refusal(join(world.tokens.apiToken))).toBe(401);
    expect(await refusal(join(world.tokens.joinToken, [["origin", "http://evil.example"]]))).toBe(403);
    expect(await refusal(connectWebSocket({ url: `${world.api.url}/ws/other` }))).toBe(404);
  });

  test("welcomes, sends a snapshot, then changes; resumes where a data plane stood", async () => {
    const plane = await join();
    plane.send(register("dp-1"));
    const welcome = await plane.nextOf("welcome");
    expect(welcome).toMatchObject({ protocol: 1, controlPlaneId: world.core.controlPlaneId, head: world.core.head });
    expect(Buffer.from(welcome.sealingKey, "base64").length).toBe(32);
    const snapshot = await plane.nextOf("snapshot");
    expect(snapshot).toMatchObject({ last: true, cursor: world.core.head });
    expect(snapshot.records.map((record) => record.kind).sort()).toEqual(["accessKey", "account"]);
    const { eventId } = await createAccount("one");
    expect(await plane.nextOf("changes")).toMatchObject({ after: eventId - 1, through: eventId });
    plane.connection.close();
    await plane.closed;

    const later = await createAccount("two");
    const again = await join();
    again.send(register("dp-1", { controlPlaneId: world.core.controlPlaneId, cursor: eventId, run: welcome.run! }));
    expect((await again.next()).type).toBe("welcome");
    const changes = await again.next();
    expect(changes).toMatchObject({ type: "changes", after: eventId, through: later.eventId });
    again.connection.close();
    await again.closed;
  });

  test("executes commands, each answered with its correlation", async () => {
    const plane = await join();
    plane.send(register("dp-1"));
    await plane.nextOf("snapshot");
    const origin = { actor: "arn:aws:iam::000000000001:root", requestId: "r" };
    const [account] = world.core.views.records("account");
    const user = { type: "user.create", accountId: account!.accountId, name: "by-command", sections: {} } as const;
    plane.send({ type: "command", correlation: 7, command: user, origin });
    const done = await plane.nextOf("commandResult");
    expect(done).toMatchObject({ correlation: 7, outcome: { ok: true } });
    const nobody = { type: "user.create", accountId: "999999999999" as AccountId, name: "x", sections: {} } as const;
    plane.send({ type: "command", correlation: 8, command: nobody, origin });
    expect(await plane.nextOf("commandResult")).toMatchObject({
      correlation: 8,
      outcome: { ok: false, code: "NoSuchAccount" },
    });
    plane.connection.close();
    await plane.closed;
  });

  test("shows heartbeats in the status, and takes the newest connection of a data plane", async () => {
    const first = await join();
    first.send(register("dp-1"));
    await first.nextOf("snapshot");
    const status = { state: "ready", endpoint: "http://127.0.0.1:4566", startedAt: 1, residentBytes: 2 } as const;
    first.send({ type: "heartbeat", appliedThrough: 1 as EventId, status });
    // A command's answer comes after the heartbeat before it was taken.
    first.send({
      type: "command",
      correlation: 1,
      command: { type: "user.delete", accountId: "999999999999" as AccountId, entityId: "x" },
      origin: { actor: "a", requestId: "r" },
    });
    await first.nextOf("commandResult");
    const shown = async () =>
      ((await (await world.call("/v1/status")).json()) as { readonly dataPlanes: readonly Record<string, unknown>[] })
        .dataPlanes;
    expect(await shown()).toEqual([
      expect.objectContaining({
        dataPlaneId: "dp-1",
        name: "name of dp-1",
        appliedThrough: 1,
        lag: world.core.head - 1,
        state: "ready",
        via: "127.0.0.1",
      }),
    ]);

    const second = await join();
    second.send(register("dp-1"));
    await second.nextOf("snapshot");
    expect(await first.closed).toContain("connected anew");
    expect((await shown()).length).toBe(1);
    second.connection.close();
    await second.closed;
    while ((await shown()).length > 0);
  });

  test("lets in one data plane; another takes its place only when it is gone and forgotten", async () => {
    const forget = async () => {
      const body = JSON.stringify({ type: "dataPlane.forget", dataPlaneId: "dp-1" });
      const headers = { "content-type": "application/json" };
      const answer = await world.call("/v1/commands", { method: "POST", headers, body });
      return [answer.status, ((await answer.json()) as { readonly code?: string }).code];
    };
    const enrolled = async () =>
      (
        (await (await world.call("/v1/data-planes")).json()) as { readonly items: readonly { dataPlaneId: string }[] }
      ).items.map(({ dataPlaneId }) => dataPlaneId);
    const first = await join();
    first.send(register("dp-1"));
    await first.nextOf("snapshot");
    const other = await join();
    other.send(register("dp-2"));
    const refused = await other.nextOf("refused");
    expect(refused).toMatchObject({ code: "AnotherDataPlane", message: expect.stringContaining("nodes forget dp-1") });
    await other.closed;
    expect(await forget()).toEqual([409, "DATA_PLANE_CONNECTED"]);
    first.connection.close();
    await first.closed;
    let answer = await forget();
    while (answer[1] === "DATA_PLANE_CONNECTED") answer = await forget();
    expect(answer[0]).toBe(200);
    expect(await forget()).toEqual([404, "NoSuchDataPlane"]);
    expect(await enrolled()).toEqual([]);
    const second = await join();
    second.send(register("dp-2"));
    await second.nextOf("snapshot");
    expect(await enrolled()).toEqual(["dp-2"]);
    second.connection.close();
    await second.closed;
    // Back to the one of the other tests.
    await world.core.execute(
      { type: "dataPlane.forget", dataPlaneId: "dp-2" as DataPlaneId },
      { actor: "system:test", requestId: "r" },
    );
  });

  test.each([
    [
      "something else first",
      {
        type: "heartbeat",
        appliedThrough: 1,
        status: { state: "ready", endpoint: "", startedAt: 0, residentBytes: 0 },
      },
      "BadMessage",
    ],
    ["another protocol", { ...register("dp-1"), protocol: 2 }, "ProtocolMismatch"],
    ["half a registration", { ...register("dp-1"), wants: undefined }, "BadMessage"],
    ["kinds that do not exist", { ...register("dp-1"), wants: ["secrets"] }, "BadMessage"],
    [
      "a cursor that is no number",
      { ...register("dp-1"), resume: { controlPlaneId: "c", cursor: "1; DROP" } },
      "BadMessage",
    ],
  ] as const)("refuses %s", async (_, message, code) => {
    const plane = await join();
    plane.connection.send(JSON.stringify(message));
    expect(await plane.next()).toMatchObject({ type: "refused", code });
    await plane.closed;
  });

  test("refuses what is not JSON, is binary or too large, and survives it", async () => {
    for (const data of ["{", new Uint8Array([1, 2]), "x".repeat(5 * 1024 * 1024)]) {
      const plane = await join();
      plane.connection.send(data);
      expect(await plane.closed).toMatch(/^10(08|09|06)/);
    }
    expect((await world.call("/v1/status")).status).toBe(200);
  });

  test("refuses a second registration on one stream and ignores messages of the future", async () => {
    const plane = await join();
    plane.connection.send('{"type":"future"}');
    plane.send(register("dp-1"));
    await plane.nextOf("snapshot");
    plane.send(register("dp-1"));
    expect(await plane.nextOf("refused")).toMatchObject({ code: "BadMessage" });
    await plane.closed;
  });
});
