import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../../tests/support/skips.ts";
import { until, untilStill } from "../../../tests/support/until.ts";
import { Channel } from "../io/channel.ts";
import type { RawDuplex } from "../io/duplex.ts";
import { serve } from "../server/serve.ts";
import type { Server, ServerOptions } from "../server/server-types.ts";
import { listenRaw, type RawListener } from "../testing/raw-listener.ts";
import type { RawPeer } from "../testing/raw-peer.ts";
import { ClientConnection } from "./client-connection.ts";
import { ClientExchange } from "./client-exchange.ts";
import { ClientPool } from "./client-pool.ts";
import type { ClientFailed, ClientFailure, ClientLimits, Origin, OutgoingRequest } from "./client-types.ts";
import { type ClientResponse, type SendOptions, send } from "./send.ts";

const listeners: RawListener[] = [];
const servers: Server[] = [];
const pools: ClientPool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) pool.close();
  for (const listener of listeners.splice(0)) listener.close();
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

const NOBODY = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };
const originOf = (port: number): Origin => ({ address: { kind: "tcp", host: "127.0.0.1", port } });
const get = (target = "/", extra: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  method: "GET",
  target,
  host: "h",
  ...extra,
});
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A server by hand, and a pool to ask it. */
function byHand(limits: Partial<ClientLimits> = {}, onOpen?: (peer: RawPeer) => void) {
  const listener = listenRaw(onOpen);
  listeners.push(listener);
  const pool = new ClientPool({ limits });
  pools.push(pool);
  const origin = originOf(listener.port);
  return {
    pool,
    origin,
    listener,
    ask: (request = get(), options?: SendOptions): Promise<ClientResponse> => send(pool, origin, request, options),
    /** The n-th connection once it has asked for something. */
    async asked(n = 0, text = "\r\n\r\n"): Promise<RawPeer> {
      await until("it is connected", () => listener.accepted.length > n);
      await listener.accepted[n]!.has(text);
      return listener.accepted[n]!;
    },
  };
}

/** A server of ours, and a pool. */
async function ours(onExchange: ServerOptions["onExchange"], limits: Partial<ClientLimits> = {}) {
  const server = await serve({ port: 0, onExchange });
  servers.push(server);
  const pool = new ClientPool({ limits });
  pools.push(pool);
  const origin = originOf(server.port);
  return {
    server,
    pool,
    origin,
    ask: (request = get(), options?: SendOptions) => send(pool, origin, request, options),
  };
}

const text = async ({ body }: ClientResponse): Promise<string> => (await body.bytes(64 << 20)).toString("latin1");
/** Why it failed, and whether the server may have seen it. */
const failure = async (response: Promise<ClientResponse>): Promise<readonly [ClientFailure["kind"], boolean]> => {
  const error = (await response.then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  )) as ClientFailed;
  return [error.failure.kind, error.sent];
};

describe("a client", () => {
  test("sends head and body, and reads the answer", async () => {
    const { ask, asked } = byHand();
    const response = ask({
      method: "POST",
      target: "/a?b",
      host: "shop.test",
      fields: ["X-A", "1", "x-a", "2"],
      body: Buffer.from("hello"),
    });
    const peer = await asked(0, "hello");
    expect(peer.received).toBe(
      "POST /a?b HTTP/1.1\r\nHost: shop.test\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello",
    );
    peer.send(
      "HTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 404 N\r\nX-b: \xe9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\nT: u\r\n\r\n",
    );
    const answer = await response;
    expect([answer.status, answer.fields]).toEqual([404, ["X-b", "\xe9", "Transfer-Encoding", "chunked"]]);
    expect(await text(answer)).toBe("no");
  });

  test("sends several requests over one connection, one after the other", async () => {
    const { ask, server, pool, origin } = await ours((exchange) =>
      exchange.answer({ status: 200 }, exchange.head.target),
    );
    for (let i = 0; i < 20; i++) expect(await text(await ask(get(`/${i}`)))).toBe(`/${i}`);
    expect(server.connections).toBe(1);
    expect(pool.counts({ ...origin })).toEqual({ idle: 1, open: 1, waiting: 0 });
  });

  test("waits when all connections are in use, then fails", async () => {
    const { ask, asked, pool, origin } = byHand({ maxConnections: 1, maxWaiting: 1, connectTimeoutMs: 300 });
    const first = ask(get("/1"));
    const second = ask(get("/2"));
    expect(await failure(ask(get("/3")))).toEqual(["pool-full", false]);
    expect(pool.counts(origin)).toEqual({ idle: 0, open: 1, waiting: 1 });
    const peer = await asked();
    peer.take();
    peer.send(OK);
    expect(await text(await first)).toBe("ok");
    expect(await peer.has("\r\n\r\n")).toStartWith("GET /2 ");
    const third = ask(get("/4"));
    // Nobody answers the second one.
    expect(await failure(third)).toEqual(["pool-full", false]);
    peer.send(OK);
    await second;
  });

  test("streams both ways with trailers, at the pace of both", async () => {
    const size = 4 << 20;
    const { ask } = await ours((exchange) => {
      exchange.begin({ status: 200 }, undefined);
      exchange.body.read({
        onData: (bytes) => {
          if (!exchange.write(bytes)) exchange.body.pause();
        },
        onEnd: (trailers) => exchange.end(trailers.toRaw()),
        onFailure: () => exchange.abort(),
      });
      exchange.onDrain = () => exchange.body.resume();
    });
    const source = (async function* () {
      for (let i = 0; i < 16; i++) yield Buffer.alloc(size / 16, String.fromCharCode(97 + i));
    })();
    const response = await ask(
      { method: "PUT", target: "/", host: "h", stream: { length: undefined } },
      { source, trailers: () => ["X-Sum", "1"] },
    );
    let length = 0;
    for await (const chunk of response.body) length += chunk.length;
    expect(length).toBe(size);
    expect(response.body.trailers.toRaw()).toEqual(["X-Sum", "1"]);
  });

  test("makes a server wait that sends more than is read", async () => {
    const { ask, asked } = byHand();
    const pending = ask();
    const peer = await asked();
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${16 << 20}\r\n\r\n`);
    peer.send(Buffer.alloc(16 << 20, "x"));
    const response = await pending;
    await until("some of it has come", () => response.body.received > 0);
    expect(await untilStill("what has come", () => response.body.received)).toBeLessThan(2 << 20);
    expect(peer.unsent).toBeGreaterThan(0);
    expect((await text(response)).length).toBe(16 << 20);
  });

  test("sends a body when the server asks for it, or after a second without a word", async () => {
    const { ask, asked } = byHand();
    const source = (async function* () {
      yield Buffer.from("hello");
    })();
    const first = ask(
      { method: "PUT", target: "/", host: "h", stream: { length: 5 }, expectContinue: true },
      { source },
    );
    const peer = await asked();
    await peer.has("\r\n\r\n");
    await untilStill("what was sent", () => peer.received);
    expect(peer.take()).toBe("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    peer.send("HTTP/1.1 100 C\r\n\r\n");
    await peer.has("hello");
    peer.send(OK);
    await text(await first);
    const silent = (async function* () {
      yield Buffer.from("later");
    })();
    const second = ask(
      { method: "PUT", target: "/", host: "h", stream: { length: 5 }, expectContinue: true },
      { source: silent },
    );
    await peer.has("later");
    peer.send(OK);
    await text(await second);
  });

  test("an answer instead of 100-continue spares the body, and ends the connection", async () => {
    const { ask, asked } = byHand();
    const source = (async function* () {
      yield Buffer.from("hello");
    })();
    const response = ask(
      { method: "PUT", target: "/", host: "h", stream: { length: 5 }, expectContinue: true },
      { source },
    );
    const peer = await asked();
    peer.send("HTTP/1.1 417 E\r\nContent-Length: 0\r\n\r\n");
    expect((await response).status).toBe(417);
    await until("it is closed", () => peer.isOver);
    expect(peer.received).not.toContain("hello");
  });

  test("leaves HTTP when the server agrees", async () => {
    const { pool, origin, asked } = byHand();
    let duplex: RawDuplex | undefined;
    let status = 0;
    pool.request(origin, get("/", { upgrade: "echo" }), {
      onResponse: () => expect.unreachable(),
      onFailure: () => expect.unreachable(),
      onUpgraded(exchange, raw) {
        status = exchange.head.status;
        duplex = raw;
      },
    });
    const peer = await asked();
    expect(peer.take()).toBe("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    peer.send("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
    await until("it is handed over", () => duplex !== undefined);
    expect([status, duplex!.rest.toString(), pool.counts(origin).open]).toEqual([101, "early", 0]);
    let came = "";
    duplex!.start({
      onBytes: (bytes) => {
        came += bytes.toString();
      },
      onEnd() {},
      onDrain() {},
      onClose() {},
    });
    duplex!.write(Buffer.from("hi"));
    await peer.has("hi");
    peer.send("ho");
    await until("it has come", () => came === "ho");
    duplex!.end();
    await peer.over();
  });

  test("an upgrade that nobody asked for is a failure", async () => {
    const { ask, asked } = byHand();
    const response = ask();
    (await asked()).send("HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n");
    expect(await failure(response)).toEqual(["malformed", true]);
  });
});

describe("a connection is used again", () => {
  const reused = async (answer: string, request = get()): Promise<boolean> => {
    const { ask, asked, pool, origin } = byHand();
    const response = ask(request);
    (await asked()).send(answer);
    await text(await response);
    return pool.counts(origin).idle === 1;
  };

  test("after a whole response, not after one that says close, has no length, or is followed by octets", async () => {
    expect(await reused(OK)).toBe(true);
    expect(await reused("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", get("/", { method: "HEAD" }))).toBe(true);
    expect(await reused("HTTP/1.1 204 N\r\n\r\n")).toBe(true);
    expect(await reused("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")).toBe(false);
    expect(await reused("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")).toBe(false);
    expect(await reused(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled`)).toBe(false);
    expect(await reused("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=1\r\n\r\nok")).toBe(false);
    expect(await reused("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: max=9, timeout=20\r\n\r\nok")).toBe(true);
  });

  test("not when octets come that nobody asked for", async () => {
    const { ask, asked, pool, origin } = byHand();
    const response = ask();
    const peer = await asked();
    peer.send(OK);
    await text(await response);
    peer.send(OK);
    await until("it is closed", () => pool.counts(origin).open === 0);
  });

  test("not when the server has closed it", async () => {
    const { ask, asked, pool, origin, listener } = byHand();
    const response = ask();
    const peer = await asked();
    peer.send(OK);
    await text(await response);
    peer.end();
    await until("it is noticed", () => pool.counts(origin).open === 0);
    const second = ask();
    (await asked(1)).send(OK);
    await second;
    expect(listener.accepted.length).toBe(2);
  });

  test("not after the idle timeout", async () => {
    const { ask, asked, pool, origin } = byHand({ idleTimeoutMs: 50 });
    const response = ask();
    (await asked()).send(OK);
    await text(await response);
    await until("it is closed", () => pool.counts(origin).open === 0);
  });
});

describe("one request is never two", () => {
  test("when a used connection is closed instead of an answer, whatever the method", async () => {
    for (const method of ["GET", "PUT", "POST"]) {
      const { ask, asked, listener } = byHand();
      const first = ask(get("/1"));
      const peer = await asked();
      peer.send(OK);
      await text(await first);
      peer.take();
      const second = ask(get("/2", { method }));
      await peer.has("/2");
      peer.end();
      expect(await failure(second)).toEqual(["closed", true]);
      expect(listener.accepted.length).toBe(1);
    }
  });

  test("but may be sent on another connection when the one it was for took nothing of it", () => {
    let gone = 0;
    const taken: number[] = [];
    const nativeOf = (written: number): Bun.Socket<Channel> =>
      ({
        write: (_bytes: Uint8Array, _from: number, length: number) => {
          taken.push(written);
          return written < 0 ? written : length;
        },
        setNoDelay() {},
        end() {},
        terminate() {},
      }) as unknown as Bun.Socket<Channel>;
    const pool = new ClientPool();
    const home = { onFree: () => expect.unreachable(), onGone: () => gone++ };
    const connectionOf = (written: number): ClientConnection =>
      new ClientConnection(new Channel(nativeOf(written), NOBODY), home, pool.deadlines, pool.limits);
    const failures: unknown[] = [];
    const exchange = new ClientExchange(
      get("/", { method: "POST", body: Buffer.from("x") }),
      { onResponse() {}, onFailure: (why) => failures.push(why) },
      { forget() {} },
    );
    expect(connectionOf(-1).begin(exchange)).toBe(false);
    expect([exchange.phase, failures, gone, taken]).toEqual(["waiting", [], 1, [-1]]);
    const second = connectionOf(1);
    expect(second.begin(exchange)).toBe(true);
    expect([exchange.phase, failures, gone]).toEqual(["sent", [], 1]);
    second.onClose();
    expect([failures, gone]).toEqual([[{ kind: "closed" }], 2]);
  });
});

describe("failures", () => {
  test("to connect", async () => {
    const { listener, ask } = byHand();
    listener.close();
    expect(await failure(ask())).toEqual(["connect-refused", false]);
  });

  test("of what is to be sent: nothing leaves", async () => {
    const { ask, listener } = byHand();
    expect(await failure(ask(get("/a b")))).toEqual(["unsafe", false]);
    expect(await failure(ask(get("/", { fields: ["X", "a\r\nb"] })))).toEqual(["unsafe", false]);
    expect(await failure(ask(get("/", { fields: ["Transfer-Encoding", "chunked"] })))).toEqual(["unsafe", false]);
    expect(listener.accepted.map(({ received }) => received).join("")).toBe("");
  });

  test("of a response that is none", async () => {
    for (const [answer, kind] of [
      ["HTTP/1.1 200 OK\nX: y\r\n\r\n", "malformed"],
      ["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "malformed"],
      ["SSH-2.0\r\n", "malformed"],
    ] as const) {
      const { ask, asked } = byHand();
      const response = ask();
      (await asked()).send(answer);
      expect(await failure(response)).toEqual([kind, true]);
    }
  });

  test("of a body that breaks off", async () => {
    const { ask, asked } = byHand();
    const response = ask();
    const peer = await asked();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    const { body } = await response;
    peer.end();
    await expect(body.bytes(100)).rejects.toThrow("gone");
  });

  test("of a server that takes too long: for the head, for the body, for all of it", async () => {
    const { ask, asked } = byHand();
    expect(await failure(ask(get("/", { responseTimeoutMs: 30 })))).toEqual(["response-timeout", true]);
    const slow = ask(get("/", { idleTimeoutMs: 30 }));
    (await asked(1)).send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    await expect((await slow).body.bytes(100)).rejects.toThrow("stalled");
    const dripping = ask(get("/", { totalTimeoutMs: 200 }));
    const peer = await asked(2);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
    const drip = setInterval(() => peer.send("."), 20);
    await expect((await dripping).body.bytes(100)).rejects.toThrow("stalled");
    clearInterval(drip);
  });

  test("not of a server that has begun to answer, and waits for the rest of the request", async () => {
    const { asked, pool, origin } = byHand();
    const over = Promise.withResolvers<boolean>();
    let exchange: ClientExchange | undefined;
    let received = "";
    let answered = 0;
    pool.request(origin, get("/", { method: "POST", stream: { length: 4 }, idleTimeoutMs: 150 }), {
      onWritable(writable) {
        exchange = writable;
        writable.write(Buffer.from("ab"));
      },
      onResponse({ body }) {
        answered = performance.now();
        body.read({
          onData: (bytes) => {
            received += bytes.toString();
          },
          onEnd() {},
          onFailure() {},
        });
      },
      onFailure: (failure) => over.reject(failure),
      onOver: (_exchange, complete) => over.resolve(complete),
    });
    const peer = await asked(0, "ab");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nAB");
    // Longer than the limit with two sweeps of the deadlines.
    await until("it would have been given up", () => answered > 0 && performance.now() - answered > 500);
    exchange!.write(Buffer.from("cd"));
    exchange!.end();
    await peer.has("abcd");
    peer.send("CD");
    expect(await over.promise).toBe(true);
    expect(received).toBe("ABCD");
  });

  test("of the caller's source cut the request", async () => {
    const { ask, asked } = byHand();
    const source = (async function* () {
      yield Buffer.from("abc");
      throw new Error("the source broke");
    })();
    const response = ask({ method: "PUT", target: "/", host: "h", stream: { length: 9 } }, { source });
    response.catch(() => undefined);
    const peer = await asked(0, "abc");
    await expect(response).rejects.toThrow("the source broke");
    await until("it is cut", () => peer.closed);
  });

  test("a caller that gives up, before, in, and after the connection", async () => {
    const { ask, asked, pool, origin } = byHand({ maxConnections: 1 });
    const gaveUp = (at: AbortController, response: Promise<ClientResponse>): Promise<unknown> => {
      at.abort(new Error("enough"));
      return response.catch((error: unknown) => String(error));
    };
    const first = new AbortController();
    expect(await gaveUp(first, ask(get(), { signal: first.signal }))).toBe("Error: enough");
    await until("it is forgotten", () => pool.counts(origin).open === 0);
    const second = new AbortController();
    const running = ask(get("/running"), { signal: second.signal });
    await asked(1, "/running").catch(() => asked(0, "/running"));
    const third = new AbortController();
    const waiting = ask(get("/waiting"), { signal: third.signal });
    expect(await gaveUp(third, waiting)).toBe("Error: enough");
    expect(pool.counts(origin).waiting).toBe(0);
    expect(await gaveUp(second, running)).toBe("Error: enough");
    await until("it is cut", () => pool.counts(origin).open === 0);
  });

  test("a pool that is closed", async () => {
    const { ask, pool } = byHand();
    pool.close();
    expect(await failure(ask())).toEqual(["pool-closed", false]);
  });

  test("a body that is longer or shorter than was said is a mistake of the program, and cut", async () => {
    const { pool, origin, listener } = byHand();
    const asked = (): Promise<ClientExchange> =>
      new Promise((resolve) =>
        pool.request(
          origin,
          { method: "PUT", target: "/", host: "h", stream: { length: 2 } },
          { onResponse() {}, onFailure() {}, onWritable: resolve },
        ),
      );
    const long = await asked();
    expect(() => long.write(Buffer.from("abc"))).toThrow("longer");
    const short = await asked();
    short.write(Buffer.from("a"));
    expect(() => short.end()).toThrow("shorter");
    await until(
      "both are cut",
      () => listener.accepted.length === 2 && listener.accepted.every(({ closed }) => closed),
    );
  });
});

describe("a listener is told that its response is over", () => {
  /** Asks, and keeps what the listener is told. */
  async function told(answer: string, then: (peer: RawPeer, exchange: ClientExchange) => void): Promise<string[]> {
    const { pool, origin, asked } = byHand();
    const seen: string[] = [];
    const exchange = pool.request(origin, get(), {
      onResponse({ body }) {
        seen.push("response");
        if (answer.includes("later")) return;
        body.drop();
      },
      onFailure: ({ kind }) => seen.push(kind),
      onOver: (_exchange, complete) => seen.push(complete ? "complete" : "broken"),
    });
    const peer = await asked();
    peer.send(answer);
    if (answer !== "") await until("it is told of the response", () => seen.length > 0);
    then(peer, exchange);
    await until("it is told the end", () => seen.length > 1 || seen[0] === "closed");
    exchange.abort();
    return seen;
  }

  test("once: whole, broken off, or not wanted", async () => {
    expect(await told(OK, () => {})).toEqual(["response", "complete"]);
    expect(await told("HTTP/1.1 200 O\r\nContent-Length: 9\r\n\r\nok", (peer) => peer.end())).toEqual([
      "response",
      "broken",
    ]);
    const later = "HTTP/1.1 200 O\r\nContent-Length: 9\r\n\r\nlater";
    expect(await told(later, (_peer, exchange) => exchange.abort())).toEqual(["response", "broken"]);
    expect(await told("HTTP/1.1 200 O\r\n\r\nto the end", (peer) => peer.end())).toEqual(["response", "complete"]);
  });

  test("not when there is none", async () => {
    expect(await told("", (peer) => peer.end())).toEqual(["closed"]);
  });
});

test("a request may wait less for a connection than its pool would", async () => {
  const { ask, asked } = byHand({ maxConnections: 1, connectTimeoutMs: 600_000 });
  const first = ask();
  const peer = await asked();
  expect(await failure(ask(get("/second", { connectTimeoutMs: 100 })))).toEqual(["pool-full", false]);
  peer.send(OK);
  expect((await first).status).toBe(200);
});

const withOpenssl = skipUnless(
  Bun.which("openssl") !== null,
  "openssl is not installed; it makes the test's certificate",
);

withOpenssl("TLS to an origin, whose certificate must be for its name", async () => {
  const directory = mkdtempSync(join(tmpdir(), "http1-tls-"));
  try {
    const command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=shop.test -addext subjectAltName=DNS:shop.test";
    expect(Bun.spawnSync(command.split(" "), { cwd: directory, stderr: "pipe" }).exitCode).toBe(0);
    const cert = readFileSync(join(directory, "cert.pem"), "utf8");
    const server = await serve({
      port: 0,
      tls: { key: readFileSync(join(directory, "key.pem"), "utf8"), cert },
      onExchange: (exchange) => exchange.answer({ status: 200 }, `${exchange.secure}`),
    });
    servers.push(server);
    const pool = new ClientPool();
    pools.push(pool);
    const { address } = originOf(server.port);
    expect(await text(await send(pool, { address, tls: { serverName: "shop.test", ca: cert } }, get()))).toBe("true");
    expect(await failure(send(pool, { address, tls: { serverName: "other.test", ca: cert } }, get()))).toEqual([
      "tls-failed",
      false,
    ]);
    expect(await failure(send(pool, { address, tls: { serverName: "shop.test" } }, get()))).toEqual([
      "tls-failed",
      false,
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
