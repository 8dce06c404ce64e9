/** `ws-upstream` with servers that speak HTTP/2 (RFC 8441): the one of Node, which nobody here wrote, and one by hand. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerExchange, serve } from "#foundation/http1";
import { http2 } from "#foundation/http2";
import { skipUnless } from "../../../../tests/support/skips.ts";
import { until } from "../../../../tests/support/until.ts";
import { configProblems } from "../../testing/index.ts";
import { closeGateways, testGateway } from "./testing/gateway.ts";

const node = Bun.which("node");
const openssl = Bun.which("openssl");
const nodeTest = skipUnless(node !== null, "Node is not installed");
const tlsTest = skipUnless(node !== null && openssl !== null, "Node or openssl is not installed");

/**
 * Says every message back, over HTTP/2 where its first argument says so, and over HTTP/1.1 with TLS. `die` resets the stream, `close` says 4001. Writes what happens, a line each.
 * For Node itself, whose HTTP/2 is not the one that these tests run in.
 */
const PEER = `
const [offers, keyFile, certFile] = process.argv.slice(1);
const http2 = require("node:http2"), fs = require("node:fs"), crypto = require("node:crypto");
const say = (...words) => console.log(JSON.stringify(words));
const settings = { enableConnectProtocol: offers === "offers", initialWindowSize: 100000 };
const server = keyFile === undefined
  ? http2.createServer({ settings })
  : http2.createSecureServer({ settings, allowHTTP1: true, key: fs.readFileSync(keyFile), cert: fs.readFileSync(certFile) });
const frame = (opcode, payload) => {
  const head = payload.length < 126 ? Buffer.of(0x80 | opcode, payload.length) : Buffer.alloc(10);
  if (payload.length >= 126) { head[0] = 0x80 | opcode; head[1] = 127; head.writeBigUInt64BE(BigInt(payload.length), 2); }
  return Buffer.concat([head, payload]);
};
function echo(socket, cut) {
  let held = Buffer.alloc(0);
  socket.on("data", (piece) => {
    held = Buffer.concat([held, piece]);
    for (;;) {
      if (held.length < 6) return;
      let length = held[1] & 127, at = 2;
      if (length === 126) { length = held.readUInt16BE(2); at = 4; }
      else if (length === 127) { if (held.length < 14) return; length = Number(held.readBigUInt64BE(2)); at = 10; }
      if (held.length < at + 4 + length) return;
      const mask = held.subarray(at, at + 4), payload = Buffer.from(held.subarray(at + 4, at + 4 + length));
      for (let i = 0; i < payload.length; i++) payload[i] ^= mask[i & 3];
      const opcode = held[0] & 15;
      held = held.subarray(at + 4 + length);
      const text = payload.length < 10 ? payload.toString() : "";
      if (opcode === 8) { say("closed", payload.readUInt16BE(0), payload.toString("utf8", 2)); socket.end(frame(8, payload)); return; }
      if (text === "die") { cut(); return; }
      if (text === "close") { socket.write(frame(8, Buffer.from("\\x0f\\xa1why", "latin1"))); continue; }
      socket.write(frame(opcode, payload));
    }
  });
  socket.on("error", () => undefined);
}
server.on("stream", (stream, headers) => {
  say("asked", { ...headers });
  if (headers[":protocol"] !== "websocket") { stream.respond({ ":status": 400 }); stream.end("no"); return; }
  if (headers[":path"].endsWith("/secret")) { stream.respond({ ":status": 401 }); stream.end("who are you?"); return; }
  if (headers[":path"].endsWith("/silent")) { stream.on("error", () => undefined); stream.on("close", () => say("gone")); return; }
  const agreed = headers["sec-websocket-protocol"];
  stream.respond({ ":status": 200, ...(agreed === undefined ? {} : { "sec-websocket-protocol": agreed }) });
  stream.on("close", () => say("gone"));
  echo(stream, () => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR));
});
server.on("upgrade", (request, socket) => {
  say("asked", { ":protocol": "HTTP/" + request.httpVersion });
  const accept = crypto.createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
  echo(socket, () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => say("listens", server.address().port));
`;

const folder = mkdtempSync(join(tmpdir(), "biplane-ws-http2-"));
const keyFile = join(folder, "key.pem");
const certFile = join(folder, "cert.pem");
beforeAll(() => {
  if (openssl === null) return;
  const made = Bun.spawnSync([
    ...[openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-keyout", keyFile, "-out", certFile, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
});
afterAll(() => rmSync(folder, { recursive: true }));

const ends: (() => unknown)[] = [];
afterEach(async () => {
  await closeGateways();
  for (const end of ends.splice(0)) await end();
});

type Said = readonly [what: string, ...details: unknown[]];

async function peer(offers: "offers" | "refuses", secure = false): Promise<{ port: number; said: Said[] }> {
  const files = secure ? [keyFile, certFile] : [];
  const child = Bun.spawn([node!, "-e", PEER, offers, ...files], { stdout: "pipe", stderr: "inherit" });
  ends.push(async () => {
    child.kill();
    await child.exited;
  });
  const said: Said[] = [];
  void (async () => {
    let held = "";
    for await (const piece of child.stdout) {
      held += Buffer.from(piece).toString();
      const lines = held.split("\n");
      held = lines.pop()!;
      for (const line of lines) said.push(JSON.parse(line) as Said);
    }
  })();
  await until("it listens", () => said.length > 0);
  return { port: said[0]![1] as number, said };
}

const all = (said: readonly Said[], what: string): Said[] => said.filter(([one]) => one === what);

const gatewayTo = (port: number, more: object = {}) =>
  testGateway(
    "ws-upstream",
    { url: `ws://127.0.0.1:${port}/base`, http_version: "2", connect_timeout: 5, timeout: 5, ...more },
    ["GET /chat/{room}"],
  );

async function opened(url: string, protocols?: string[]): Promise<WebSocket> {
  const socket = new WebSocket(url.replace("http:", "ws:"), protocols);
  socket.binaryType = "arraybuffer";
  ends.push(() => socket.terminate());
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
const closed = (socket: WebSocket): Promise<CloseEvent> =>
  new Promise((resolve) => {
    socket.onclose = resolve;
  });

const HANDSHAKE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

describe("ws-upstream with http_version 2", () => {
  nodeTest(
    "passes WebSockets on over one connection, with what both ends agree on, and proves it to clients",
    async () => {
      const { port, said } = await peer("offers");
      const gateway = await gatewayTo(port);
      const sockets = await Promise.all(
        ["a", "b", "c"].map((room) => opened(gateway.url(`/chat/${room}?x=1`), ["soap"])),
      );
      for (const [i, socket] of sockets.entries()) {
        socket.send(`hello ${i}`);
        expect(await next(socket)).toBe(`hello ${i}`);
      }
      expect(sockets[0]!.protocol).toBe("soap");
      const [, fields] = all(said, "asked")[0]!;
      expect(fields).toMatchObject({
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":authority": `127.0.0.1:${port}`,
        "sec-websocket-version": "13",
        "sec-websocket-protocol": "soap",
        "x-forwarded-for": "127.0.0.1",
      });
      expect(Object.keys(fields as object)).not.toContain("sec-websocket-key");
      const ends = sockets.map(closed);
      for (const socket of sockets) socket.close(4000, "bye");
      for (const end of ends) expect(await end).toMatchObject({ code: 4000, reason: "bye", wasClean: true });
      await until("the server was told", () => all(said, "gone").length === 3);
      expect(all(said, "closed")).toEqual(Array.from({ length: 3 }, () => ["closed", 4000, "bye"]));
      await until("the requests have ended", () => gateway.ended.length === 3);
      expect(gateway.ended.map(({ status }) => status)).toEqual([101, 101, 101]);
    },
  );

  nodeTest("passes on with what code the server closes, and that it is cut", async () => {
    const { port } = await peer("offers");
    const gateway = await gatewayTo(port);
    const socket = await opened(gateway.url("/chat/a"));
    const end = closed(socket);
    socket.send("close");
    expect(await end).toMatchObject({ code: 4001, reason: "why" });
    const other = await opened(gateway.url("/chat/b"));
    const cut = closed(other);
    other.send("die");
    expect(await cut).toMatchObject({ code: 1006 });
    // Its connection, and others on it, go on.
    const third = await opened(gateway.url("/chat/c"));
    third.send("still here");
    expect(await next(third)).toBe("still here");
  });

  nodeTest("carries more than any window", async () => {
    const { port } = await peer("offers");
    const gateway = await gatewayTo(port);
    const socket = await opened(gateway.url("/chat/a"));
    const sent = Buffer.alloc(6 * 1024 * 1024, "0123456789abcdef!");
    socket.send(sent);
    expect(Bun.hash((await next(socket)) as ArrayBuffer)).toBe(Bun.hash(sent));
  });

  nodeTest(
    "tells both ends to close with 1001 when nothing has passed for too long, and when the gateway ends",
    async () => {
      const { port, said } = await peer("offers");
      const silent = await gatewayTo(port, { idle_timeout: 0.2 });
      const end = await closed(await opened(silent.url("/chat/a")));
      expect(end).toMatchObject({ code: 1001, reason: "nothing has passed for too long" });
      await until("the server was told", () => all(said, "closed").length === 1);
      const gateway = await gatewayTo(port);
      const last = closed(await opened(gateway.url("/chat/a")));
      await gateway.gateway.close(60_000);
      expect(await last).toMatchObject({ code: 1001, reason: "the gateway ends", wasClean: true });
      await until("the server was told", () => all(said, "closed").length === 2);
      expect(all(said, "closed")).toEqual([
        ["closed", 1001, "nothing has passed for too long"],
        ["closed", 1001, "the gateway ends"],
      ]);
    },
  );

  nodeTest("joins clients of HTTP/2 to it, without a proof", async () => {
    const { port } = await peer("offers");
    const gateway = await gatewayTo(port);
    const client = connect(gateway.url(""));
    ends.push(() => client.destroy());
    await new Promise<void>((resolve) => client.once("remoteSettings", () => resolve()));
    const stream = client.request(
      { ":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":authority": "a.test", ":path": "/chat/a" },
      { endStream: false },
    );
    let received = "";
    stream.on("data", (bytes: Buffer) => {
      received += bytes.toString("latin1");
    });
    stream.on("error", () => undefined);
    const head = await new Promise<Record<string, unknown>>((resolve) =>
      stream.once("response", (h) => resolve({ ...h })),
    );
    expect(head[":status"]).toBe(200);
    expect(head).not.toHaveProperty("sec-websocket-accept");
    stream.write(Buffer.from("\x81\x85\0\0\0\0hello", "latin1"));
    await until("it says it back", () => received === "\x81\x05hello");
  });

  nodeTest("gives a refusal back as it is", async () => {
    const { port } = await peer("offers");
    const gateway = await gatewayTo(port);
    const answer = await fetch(gateway.url("/chat/secret"), { headers: HANDSHAKE });
    expect([answer.status, await answer.text()]).toEqual([401, "who are you?"]);
  });

  nodeTest("does not wait for ever, and lets the stream go with its client", async () => {
    const { port, said } = await peer("offers");
    const impatient = await gatewayTo(port, { timeout: 0.2 });
    expect((await fetch(impatient.url("/chat/silent"), { headers: HANDSHAKE })).status).toBe(504);
    await until("the server was told", () => all(said, "gone").length === 1);
    const gateway = await gatewayTo(port, { timeout: 30 });
    const leaving = new AbortController();
    const call = fetch(gateway.url("/chat/silent"), { headers: HANDSHAKE, signal: leaving.signal }).catch(
      () => undefined,
    );
    await until("it is asked", () => all(said, "asked").length === 2);
    leaving.abort();
    await call;
    await until("the server was told", () => all(said, "gone").length === 2);
  });

  nodeTest("says which upstream takes none", async () => {
    const { port, said } = await peer("refuses");
    const gateway = await gatewayTo(port);
    const answer = await fetch(gateway.url("/chat/a"), { headers: HANDSHAKE });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({
      code: "upstream-without-websocket",
      detail: expect.stringMatching(/RFC 8441/),
    });
    expect(all(said, "asked")).toEqual([]);
  });

  tlsTest("with auto asks over HTTP/2 what offers it, and over HTTP/1.1 what does not", async () => {
    const ca = readFileSync(certFile, "utf8");
    for (const [offers, protocol] of [
      ["offers", "websocket"],
      ["refuses", "HTTP/1.1"],
    ] as const) {
      const { port, said } = await peer(offers, true);
      const more = { url: `wss://127.0.0.1:${port}`, http_version: "auto", tls: { ca, server_name: "localhost" } };
      const gateway = await gatewayTo(port, more);
      for (const text of ["one", "two"]) {
        const socket = await opened(gateway.url("/chat/a"));
        socket.send(text);
        expect(await next(socket)).toBe(text);
      }
      expect(all(said, "asked").map(([, fields]) => (fields as Record<string, string>)[":protocol"])).toEqual([
        protocol,
        protocol,
      ]);
    }
    const { port } = await peer("refuses", true);
    const strict = await gatewayTo(port, { url: `wss://127.0.0.1:${port}`, tls: { ca, server_name: "localhost" } });
    expect((await fetch(strict.url("/chat/a"), { headers: HANDSHAKE })).status).toBe(502);
  });

  test("goes through a server of ours, as fast as its slower end", async () => {
    const server = await serve({
      port: 0,
      protocols: [http2({ allowsConnect: true })],
      onExchange(exchange: ServerExchange) {
        const duplex = exchange.switchProtocols("websocket", []);
        let left = 20_000_000;
        // A frame without end, as fast as it is taken.
        const more = (): void => {
          while (left > 0) {
            const piece = Buffer.alloc(Math.min(left, 100_000));
            left -= piece.length;
            if (!duplex.write(piece)) return;
          }
          if (left === 0) duplex.shutdown();
        };
        const head = Buffer.alloc(10);
        head[0] = 0x82;
        head[1] = 127;
        head.writeBigUInt64BE(BigInt(left), 2);
        duplex.start({ onBytes() {}, onDrain: more, onEnd() {}, onClose() {} });
        duplex.write(head);
        more();
      },
    });
    ends.push(() => server.close(0));
    const gateway = await gatewayTo(server.port);
    const socket = await opened(gateway.url("/chat/a"));
    expect(((await next(socket)) as ArrayBuffer).byteLength).toBe(20_000_000);
  });

  test("is refused where nobody could say what a server speaks", () => {
    const problems = (url: string, http_version: string): string =>
      configProblems("ws-upstream", { url, http_version }).join();
    expect(problems("ws://a.test", "auto")).toMatch(/^\/http_version Without TLS/);
    expect(problems("wss://a.test", "auto")).toBe("");
    expect(problems("ws://a.test", "2")).toBe("");
    expect(problems("wss://a.test", "3")).toMatch(/^\/http_version/);
  });
});
