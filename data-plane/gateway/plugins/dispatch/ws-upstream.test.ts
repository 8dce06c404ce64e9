import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:http2";
import { until } from "../../../../tests/support/until.ts";
import { configProblems } from "../../testing/index.ts";
import { closeGateways, testGateway } from "./testing/gateway.ts";
import { closeServers, deadUrl, saying, testServer } from "./testing/servers.ts";

const ends: (() => void)[] = [];
const servers: Bun.Server<undefined>[] = [];
afterEach(async () => {
  await closeGateways();
  for (const end of ends.splice(0)) end();
  await closeServers();
  for (const server of servers.splice(0)) await server.stop(true);
});

interface Seen {
  readonly headers: Headers[];
  readonly paths: string[];
  /** Codes with which sockets were closed. */
  readonly codes: number[];
  closed: number;
}

/** A server of WebSockets that says everything back. */
function echoServer(): { readonly url: string; readonly seen: Seen } {
  const seen: Seen = { headers: [], paths: [], codes: [], closed: 0 };
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
      close(_socket, code) {
        seen.codes.push(code);
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

/** A frame as clients send them, with the mask that changes nothing. */
function masked(opcode: number, payload: string): Buffer {
  const length = payload.length;
  const head = length < 126 ? Buffer.of(0x80 | opcode, 0x80 | length) : Buffer.alloc(10);
  if (length >= 126) {
    head[0] = 0x80 | opcode;
    head[1] = 0xff;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, Buffer.alloc(4), Buffer.from(payload, "latin1")]);
}

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

  test("tells both ends to close with 1001 when the gateway ends, at once", async () => {
    const { url, seen } = echoServer();
    const gateway = await gatewayTo(url);
    const socket = await opened(gateway.url("/chat/a"));
    const closed = new Promise<CloseEvent>((resolve) => {
      socket.onclose = resolve;
    });
    socket.send("hello");
    expect(await next(socket)).toBe("hello");
    await gateway.gateway.close(60_000);
    expect(await closed).toMatchObject({ code: 1001, reason: "the gateway ends", wasClean: true });
    await until("the server was told", () => seen.codes.length === 1);
    expect(seen.codes).toEqual([1001]);
  });

  test("tells both ends to close when nothing has passed for too long, and not before", async () => {
    const { url, seen } = echoServer();
    const gateway = await gatewayTo(url, { idle_timeout: 0.3 });
    const socket = await opened(gateway.url("/chat/a"));
    const closed = new Promise<CloseEvent>((resolve) => {
      socket.onclose = resolve;
    });
    // Longer than the limit, and never silent for so long.
    const begun = performance.now();
    while (performance.now() - begun < 600) {
      socket.send("still here");
      expect(await next(socket)).toBe("still here");
      await Bun.sleep(20);
    }
    expect(await closed).toMatchObject({ code: 1001, reason: "nothing has passed for too long" });
    await until("the server was told", () => seen.codes.length === 1);
    expect(seen.codes).toEqual([1001]);
  });

  describe("over HTTP/2 (RFC 8441)", () => {
    /** A client of ours on one that nobody here wrote. */
    async function openedStream(url: string, path: string, more: Record<string, string> = {}) {
      const client = connect(url);
      ends.push(() => client.destroy());
      await new Promise<void>((resolve) => client.once("remoteSettings", () => resolve()));
      const stream = client.request(
        {
          ":method": "CONNECT",
          ":protocol": "websocket",
          ":scheme": "http",
          ":authority": new URL(url).host,
          ":path": path,
          "sec-websocket-version": "13",
          ...more,
        },
        { endStream: false },
      );
      const received: Buffer[] = [];
      let hasEnded = false;
      stream.on("data", (bytes: Buffer) => received.push(bytes));
      stream.on("end", () => {
        hasEnded = true;
      });
      stream.on("error", () => undefined);
      const head = await new Promise<Record<string, unknown>>((resolve, reject) => {
        stream.once("response", (fields) => resolve({ ...fields }));
        stream.once("error", reject);
      });
      const all = (): Buffer => Buffer.concat(received);
      return { client, stream, head, all, ended: () => hasEnded };
    }

    test("is offered, and carries frames both ways", async () => {
      const { url, seen } = echoServer();
      const gateway = await gatewayTo(url);
      const { client, stream, head, all, ended } = await openedStream(gateway.url(""), "/chat/a?b=1", {
        "sec-websocket-protocol": "soap",
        origin: "https://app.example",
      });
      expect(client.remoteSettings).toMatchObject({ enableConnectProtocol: true });
      expect(head[":status"]).toBe(200);
      expect(head["sec-websocket-accept"]).toBeUndefined();
      expect(seen.paths).toEqual(["/chat/a?b=1"]);
      expect(seen.headers[0]!.get("origin")).toBe("https://app.example");
      stream.write(masked(1, "hello"));
      await until("it says it back", () => all().toString("latin1") === "\x81\x05hello");
      // Longer than all windows.
      const large = "x".repeat(1_000_000);
      stream.write(masked(1, large));
      await until("it says all of it back", () => all().length === 7 + 10 + large.length);
      stream.write(masked(8, "\x03\xe8"));
      await until("the server has closed", () => seen.codes.length === 1);
      await until("the stream ends", () => ended());
      expect(seen.codes).toEqual([1000]);
      await until("the request has ended", () => gateway.ended.length === 1);
    });

    test("lives longer than bodies may be silent, and is told when the gateway ends", async () => {
      const { url, seen } = echoServer();
      const gateway = await gatewayTo(url);
      const { stream, all } = await openedStream(gateway.url(""), "/chat/a");
      stream.write(masked(1, "hello"));
      await until("it says it back", () => all().toString("latin1") === "\x81\x05hello");
      const end = gateway.gateway.close(60_000);
      const frame = "\x88\x12\x03\xe9the gateway ends";
      await until("it is told", () => all().toString("latin1") === `\x81\x05hello${frame}`);
      stream.end(masked(8, "\x03\xe9"));
      await end;
      expect(seen.codes).toEqual([1001]);
    });

    test("is refused as over HTTP/1.1, and success of anything else is not taken for a WebSocket", async () => {
      const { url } = echoServer();
      const gateway = await gatewayTo(url);
      expect((await openedStream(gateway.url(""), "/nothing")).head[":status"]).toBe(404);
      const plain = await testGateway("mock", { status: 200, headers: {}, body: "hello" }, ["GET /chat/{room}"]);
      expect((await openedStream(plain.url(""), "/chat/a")).head[":status"]).toBe(501);
    });

    test("is refused when the server has not understood", async () => {
      const liar = await testServer((exchange) =>
        exchange.switchProtocols("websocket", ["Sec-WebSocket-Accept", "aGVsbG8="]),
      );
      const gateway = await gatewayTo(liar.url.replace("http:", "ws:"));
      expect((await openedStream(gateway.url(""), "/chat/a")).head[":status"]).toBe(502);
    });
  });

  test("addresses of other kinds are refused by the compiler", () => {
    expect(configProblems("ws-upstream", { url: "https://a.example" })).not.toEqual([]);
    expect(configProblems("ws-upstream", { url: "wss://a.example", connect_timeout: 0 })).not.toEqual([]);
    expect(configProblems("ws-upstream", { url: "wss://a.example/base", path: "/{room}" })).toEqual([]);
  });
});
