import { afterEach, describe, expect, test } from "bun:test";
import { until } from "../../../../tests/support/until.ts";
import { configProblems } from "../../testing/index.ts";
import { closeGateways, testGateway } from "./testing/gateway.ts";
import { closeServers, deadUrl, saying, testServer } from "./testing/servers.ts";

const servers: Bun.Server<undefined>[] = [];
afterEach(async () => {
  await closeGateways();
  await closeServers();
  for (const server of servers.splice(0)) await server.stop(true);
});

interface Seen {
  readonly headers: Headers[];
  readonly paths: string[];
  closed: number;
}

/** A server of WebSockets that says everything back. */
function echoServer(): { readonly url: string; readonly seen: Seen } {
  const seen: Seen = { headers: [], paths: [], closed: 0 };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request, own) {
      const { pathname, search } = new URL(request.url);
      seen.headers.push(request.headers);
      seen.paths.push(pathname + search);
      if (own.upgrade(request)) return undefined;
      return new Response("no", { status: 400 });
    },
    websocket: {
      maxPayloadLength: 64 * 1024 * 1024,
      message(socket, message) {
        if (message === "die") socket.terminate();
        else socket.send(message);
      },
      close() {
        seen.closed++;
      },
    },
  });
  servers.push(server);
  return { url: `ws://127.0.0.1:${server.port}`, seen };
}

const gatewayTo = (url: string, more: object = {}) =>
  testGateway("ws-upstream", { url, connect_timeout: 1, timeout: 0.3, ...more }, [
    "GET /chat/{room}",
    "POST /chat/{room}",
  ]);

async function opened(url: string, protocols?: string[]): Promise<WebSocket> {
  const socket = new WebSocket(url.replace("http:", "ws:"), protocols);
  socket.binaryType = "arraybuffer";
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("the handshake failed"));
  });
  return socket;
}

const next = (socket: WebSocket): Promise<unknown> =>
  new Promise((resolve) => {
    socket.onmessage = ({ data }) => resolve(data);
  });

const HANDSHAKE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

describe("ws-upstream", () => {
  test("passes WebSockets on, with what both ends agree on", async () => {
    const { url, seen } = echoServer();
    const gateway = await gatewayTo(`${url}/base`, { path: "/rooms/{room}" });
    const socket = await opened(gateway.url("/chat/a%20b?x=1"), ["soap", "wamp"]);
    for (const text of ["one", "two"]) {
      socket.send(text);
      expect(await next(socket)).toBe(text);
    }
    expect(seen.paths).toEqual(["/base/rooms/a%20b?x=1"]);
    expect(seen.headers[0]?.get("sec-websocket-protocol")).toMatch(/soap, ?wamp/);
    expect(seen.headers[0]?.get("x-forwarded-for")).toBe("127.0.0.1");
    socket.close();
    await until("the server is told", () => seen.closed === 1);
    await until("the request has ended", () => gateway.ended.length === 1);
    expect(gateway.ended[0]?.status).toBe(101);
  });

  test("carries more than any buffer holds", async () => {
    const { url } = echoServer();
    const gateway = await gatewayTo(url);
    const socket = await opened(gateway.url("/chat/a"));
    const sent = Buffer.alloc(24 * 1024 * 1024, "0123456789abcdef!");
    socket.send(sent);
    expect(Bun.hash((await next(socket)) as ArrayBuffer)).toBe(Bun.hash(sent));
    socket.close();
  });

  test("ends the client's connection with the server's", async () => {
    const { url } = echoServer();
    const gateway = await gatewayTo(url);
    const socket = await opened(gateway.url("/chat/a"));
    const closed = new Promise<void>((resolve) => {
      socket.onclose = () => resolve();
    });
    socket.send("die");
    await closed;
  });

  test("gives what is no upgrade back as it is", async () => {
    const server = await testServer(saying("who are you?", 401));
    const gateway = await gatewayTo(server.url.replace("http:", "ws:"));
    const answer = await fetch(gateway.url("/chat/a"), { headers: HANDSHAKE });
    expect([answer.status, await answer.text()]).toEqual([401, "who are you?"]);
    expect(server.asked[0]?.fields).toMatchObject({ upgrade: "websocket", connection: "Upgrade" });
  });

  test("takes no other protocol for a WebSocket", async () => {
    const server = await testServer((exchange) => exchange.switchProtocols("h2c", []).destroy());
    const gateway = await gatewayTo(server.url.replace("http:", "ws:"));
    expect((await fetch(gateway.url("/chat/a"), { headers: HANDSHAKE })).status).toBe(502);
  });

  test("asks for an upgrade where there is none", async () => {
    const server = await testServer(saying("here"));
    const gateway = await gatewayTo(server.url.replace("http:", "ws:"));
    for (const init of [{}, { method: "POST", headers: HANDSHAKE }]) {
      const answer = await fetch(gateway.url("/chat/a"), init);
      expect([answer.status, answer.headers.get("upgrade")]).toEqual([426, "websocket"]);
      expect(((await answer.json()) as { code: string }).code).toBe("upgrade-required");
    }
    expect(server.asked).toEqual([]);
  });

  test("tells of servers that are not there, or silent", async () => {
    const dead = await gatewayTo((await deadUrl()).replace("http:", "ws:"));
    expect((await fetch(dead.url("/chat/a"), { headers: HANDSHAKE })).status).toBe(502);
    const silent = await testServer(() => {});
    const gateway = await gatewayTo(silent.url.replace("http:", "ws:"));
    expect((await fetch(gateway.url("/chat/a"), { headers: HANDSHAKE })).status).toBe(504);
  });

  test("lets the server go when the client leaves during the handshake", async () => {
    const gone = Promise.withResolvers<void>();
    const silent = await testServer((exchange) => {
      exchange.onGone = gone.resolve;
    });
    const gateway = await gatewayTo(silent.url.replace("http:", "ws:"), { timeout: 30 });
    const leaving = new AbortController();
    const call = fetch(gateway.url("/chat/a"), { headers: HANDSHAKE, signal: leaving.signal }).catch(() => undefined);
    await until("it is asked", () => silent.asked.length === 1);
    leaving.abort();
    await gone.promise;
    await call;
    await until("the request has ended", () => gateway.ended.length === 1);
  });

  test("addresses of other kinds are refused by the compiler", () => {
    expect(configProblems("ws-upstream", { url: "https://a.example" })).not.toEqual([]);
    expect(configProblems("ws-upstream", { url: "wss://a.example", connect_timeout: 0 })).not.toEqual([]);
    expect(configProblems("ws-upstream", { url: "wss://a.example/base", path: "/{room}" })).toEqual([]);
  });
});
