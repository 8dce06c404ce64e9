import { afterEach, describe, expect, test } from "bun:test";
import type { ChangeStreamConnection, ControlPlaneMessage } from "#contracts";
import { type HttpServer, serveHttp, type WebSocketConnection } from "#foundation/http";
import { webSocketTransport } from "./web-socket-transport.ts";

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(0);
});

/** A server that takes one token and keeps what it is told. */
async function startServer() {
  const received: unknown[] = [];
  const opened = Promise.withResolvers<WebSocketConnection>();
  const server = await serveHttp({
    port: 0,
    handler: () => ({ status: 404 }),
    upgrade: (request) => {
      if (request.path !== "/ws/data-plane" || request.headers.get("authorization") !== "Bearer token")
        return { status: 401 };
      return {
        kind: "accept",
        onOpen(connection) {
          connection.onMessage((data) => received.push(JSON.parse(String(data))));
          opened.resolve(connection);
        },
      };
    },
  });
  servers.push(server);
  return { server, received, connection: opened.promise };
}

function connect(controlPlaneUrl: string, joinToken = "token") {
  const messages: ControlPlaneMessage[] = [];
  const open = Promise.withResolvers<ChangeStreamConnection>();
  const closed = Promise.withResolvers<string>();
  const firstMessage = Promise.withResolvers<void>();
  let closings = 0;
  const attempt = webSocketTransport({ controlPlaneUrl, joinToken }).connect({
    onOpen: open.resolve,
    onMessage(message) {
      messages.push(message);
      firstMessage.resolve();
    },
    onClose(reason) {
      closings++;
      closed.resolve(reason);
    },
  });
  return {
    attempt,
    messages,
    open: open.promise,
    closed: closed.promise,
    firstMessage: firstMessage.promise,
    closings: () => closings,
  };
}

const refused: ControlPlaneMessage = { type: "refused", code: "BadMessage", message: "x" };

describe("webSocketTransport", () => {
  test("carries messages both ways and ignores types of the future", async () => {
    const { server, received, connection } = await startServer();
    const client = connect(server.url);
    const stream = await client.open;
    stream.send({
      type: "heartbeat",
      appliedThrough: 1 as never,
      status: { state: "ready", endpoint: "", startedAt: 0, residentBytes: 0 },
    });
    const peer = await connection;
    peer.send('{"type":"future"}');
    peer.send(JSON.stringify(refused));
    await client.firstMessage;
    expect(client.messages).toEqual([refused]);
    stream.close();
    expect(await client.closed).toBe("closed with 1000");
    expect(received).toEqual([expect.objectContaining({ type: "heartbeat" })]);
    expect(client.closings()).toBe(1);
  });

  test("says why there is no connection", async () => {
    const { server } = await startServer();
    expect(await connect(server.url, "wrong").closed).toContain("join token");
    await servers.pop()?.close(0);
    expect(await connect(server.url).closed).toContain("cannot be reached");
    expect(() => webSocketTransport({ controlPlaneUrl: "ftp://x", joinToken: "" })).toThrow(TypeError);
  });

  test.each([
    ["not json"],
    ['{"type":"welcome"}'],
    [JSON.stringify({ ...refused, message: "x".repeat(5 * 1024 * 1024) })],
  ])("ends a connection that says %.20s", async (text) => {
    const { server, connection } = await startServer();
    const client = connect(server.url);
    (await connection).send(text);
    expect(await client.closed).toMatch(/^10(08|09)/);
    expect(client.messages).toEqual([]);
  });

  test("a cancelled attempt closes once", async () => {
    const { server } = await startServer();
    const client = connect(server.url);
    client.attempt.cancel();
    await client.closed;
    expect(client.closings()).toBe(1);
  });
});
