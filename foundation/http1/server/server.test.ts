import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../../tests/support/skips.ts";
import { until, untilStill } from "../../../tests/support/until.ts";
import { BodyBroken, BodyTooLarge } from "../message-body.ts";
import { RawPeer } from "../testing/raw-peer.ts";
import type { ServerExchange } from "./exchange.ts";
import { serve } from "./serve.ts";
import type { Refusal, Server, ServerOptions } from "./server-types.ts";

const servers: Server[] = [];
const peers: RawPeer[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.end();
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

const start = async (
  onExchange: ServerOptions["onExchange"],
  options: Partial<ServerOptions> = {},
): Promise<Server> => {
  const server = await serve({ port: 0, onExchange, ...options });
  servers.push(server);
  return server;
};
const connect = async ({ port }: Server, tls = false): Promise<RawPeer> => {
  const peer = await RawPeer.connect(port, tls);
  peers.push(peer);
  return peer;
};
/** A server with one connection to it. */
const one = async (onExchange: ServerOptions["onExchange"], options: Partial<ServerOptions> = {}): Promise<RawPeer> =>
  connect(await start(onExchange, options));

const get = (target: string, extra = ""): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${extra}\r\n`;
const post = (target: string, body: string, extra = ""): string =>
  `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n${extra}\r\n${body}`;
const withoutDate = (text: string): string => text.replace(/Date: [^\r]*\r\n/g, "");
const ok = (exchange: ServerExchange): void => exchange.answer({ status: 200 }, "ok");
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("a server", () => {
  test("answers with head and body, and the date", async () => {
    const peer = await one((exchange) =>
      exchange.answer({ status: 201, fields: ["X-A", "1", "x-a", "2"] }, exchange.head.target),
    );
    peer.send(get("/a/../b"));
    const text = await peer.has("/a/../b");
    expect(text).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
    expect(withoutDate(text)).toBe("HTTP/1.1 201 Created\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 7\r\n\r\n/a/../b");
  });

  test("answers requests that are sent ahead in their order, each when the one before is answered", async () => {
    const waiting: ServerExchange[] = [];
    const peer = await one((exchange) => void waiting.push(exchange));
    peer.send(get("/1") + post("/2", "hello") + get("/3"));
    for (const target of ["/1", "/2", "/3"]) {
      await until("the next one is told", () => waiting.length === 1);
      const exchange = waiting.pop()!;
      expect(exchange.head.target).toBe(target);
      if (target === "/2") expect(exchange.body.whole!.toString()).toBe("hello");
      exchange.answer({ status: 200 }, target);
    }
    await peer.has("\r\n\r\n/3");
    expect(peer.received.match(/\r\n\r\n\/\d/g)).toEqual(["\r\n\r\n/1", "\r\n\r\n/2", "\r\n\r\n/3"]);
  });

  test("answers a thousand requests sent ahead at once", async () => {
    let told = 0;
    const peer = await one((exchange) => {
      told++;
      if (told % 3 === 0) setImmediate(() => exchange.answer({ status: 200 }, "ok"));
      else ok(exchange);
    });
    peer.send(get("/").repeat(1000));
    await peer.has(OK.slice(-10), 1000);
    expect(told).toBe(1000);
  });

  test("makes a client wait that sends too much ahead", async () => {
    let exchange: ServerExchange | undefined;
    let told = 0;
    const peer = await one((begun) => {
      told++;
      exchange = begun;
      if (told > 1) ok(begun);
    });
    const ahead = 300_000;
    peer.send(get("/").repeat(ahead));
    await until("it is told", () => told === 1);
    expect(await untilStill("what the client could not send", () => peer.unsent)).toBeGreaterThan(0);
    expect(told).toBe(1);
    ok(exchange!);
    await until("all are told", () => told === ahead);
  });

  test("tells a body that comes with its head at once, whole", async () => {
    const peer = await one((exchange) => exchange.answer({ status: 200 }, `${exchange.body.whole}`));
    peer.send(post("/", "hello"));
    await peer.has("\r\n\r\nhello");
  });

  test("sends no body to HEAD, as 204 and as 304", async () => {
    const peer = await one((exchange) => {
      exchange.answer({ status: Number(exchange.head.target.slice(1)) }, "body");
    });
    peer.send(`HEAD /200 HTTP/1.1\r\nHost: h\r\n\r\n${get("/204")}${get("/304")}${get("/200")}`);
    await peer.has("body");
    expect(withoutDate(peer.received)).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
    );
  });

  test("streams by length, in chunks, and to the end of the connection for HTTP/1.0", async () => {
    const peer = await one((exchange) => {
      const length = exchange.head.target === "/length" ? 6 : undefined;
      exchange.begin({ status: 200 }, length, Buffer.from("abc"));
      setImmediate(() => {
        exchange.write(Buffer.from("def"));
        exchange.end(["X-Sum", "1"]);
      });
    });
    peer.send(get("/length") + get("/chunks"));
    await peer.has("X-Sum: 1\r\n\r\n");
    expect(withoutDate(peer.take())).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdefHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\nX-Sum: 1\r\n\r\n",
    );
    peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect(withoutDate(await peer.over())).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdef");
  });

  test("keeps connections of HTTP/1.0 when the client asks for it, and closes others", async () => {
    const server = await start(ok);
    const peer = await connect(server);
    peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    await peer.has("\r\n\r\nok");
    expect(withoutDate(peer.take())).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok");
    peer.send("GET / HTTP/1.0\r\n\r\n");
    expect(withoutDate(await peer.over())).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    const other = await connect(server);
    other.send(get("/", "Connection: close\r\n") + get("/"));
    expect((await other.over()).match(/HTTP\/1\.1/g)!.length).toBe(1);
  });

  test("informs before it answers", async () => {
    const peer = await one((exchange) => {
      exchange.inform(103, ["Link", "</a>"]);
      ok(exchange);
    });
    peer.send(get("/"));
    expect(withoutDate(await peer.has("ok"))).toBe(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`);
  });

  test("copies fields that another message had", async () => {
    const peer = await one((exchange) =>
      exchange.answer({ status: 200, received: { fields: exchange.head.fields } }, "ok"),
    );
    peer.send(get("/", "X-b: \xe9\r\nConnection: x-c\r\nX-C: 1\r\nDate: then\r\n"));
    expect(await peer.has("ok")).toBe("HTTP/1.1 200 OK\r\nX-b: \xe9\r\nDate: then\r\nContent-Length: 2\r\n\r\nok");
  });
});

describe("request bodies", () => {
  test("are pulled at the reader's pace: a client that sends more waits", async () => {
    let exchange: ServerExchange | undefined;
    const peer = await one((begun) => {
      exchange = begun;
    });
    const length = 16 * 1024 * 1024;
    peer.send(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`);
    peer.send(Buffer.alloc(length, "x"));
    await until("the request has come", () => exchange !== undefined);
    const pull = exchange!.body[Symbol.asyncIterator]();
    let read = (await pull.next()).value!.length;
    await until("the client has to wait", () => exchange!.body.received > 256 * 1024);
    const { received } = exchange!.body;
    // What the socket delivers at once, and no more.
    const still = await untilStill("what has come", () => exchange!.body.received);
    expect(still - received).toBeLessThan(1024 * 1024);
    expect(peer.unsent).toBeGreaterThan(0);
    for (let step = await pull.next(); step.done !== true; step = await pull.next()) read += step.value.length;
    expect(read).toBe(length);
    ok(exchange!);
    await peer.has("ok");
  });

  test("that nobody reads make the client wait", async () => {
    let exchange: ServerExchange | undefined;
    const peer = await one((begun) => {
      exchange = begun;
    });
    peer.send(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${8 << 20}\r\n\r\n`);
    peer.send(Buffer.alloc(8 << 20));
    await until("some of it has come", () => exchange !== undefined && exchange.body.received > 0);
    expect(await untilStill("what has come", () => exchange!.body.received)).toBeLessThan(2 << 20);
    expect((await exchange!.body.bytes(8 << 20)).length).toBe(8 << 20);
  });

  test("in chunks, with trailers", async () => {
    let received = (): number => 0;
    const peer = await one(async (exchange) => {
      received = () => exchange.body.received;
      const body = await exchange.body.bytes(100);
      exchange.answer({ status: 200 }, `${body} ${exchange.body.trailers.toRaw()}`);
    });
    peer.send("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    await until("the first chunk has come", () => received() > 0);
    peer.send("3\r\ndef\r\n0\r\nX-T: 1\r\n\r\n");
    await peer.has("abcdef X-T,1");
  });

  test("longer than the reader wants are refused by it", async () => {
    const peer = await one((exchange) => {
      exchange.body
        .bytes(3)
        .catch((error: unknown) => exchange.answer({ status: error instanceof BodyTooLarge ? 413 : 500, close: true }));
    });
    peer.send(post("/", "hello"));
    expect(await peer.over()).toStartWith("HTTP/1.1 413");
  });

  test("that are not read are dropped when they are short, and end the connection when they are long", async () => {
    const server = await start((exchange) => exchange.answer({ status: 200 }, "ok"), {
      limits: { maxDrainBytes: 1000 },
    });
    const peer = await connect(server);
    peer.send(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n`);
    await peer.has("ok");
    peer.send("x".repeat(900) + get("/"));
    await peer.has("\r\n\r\nok", 2);
    expect(peer.take()).not.toContain("close");
    peer.send(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n`);
    expect(await peer.over()).toContain("Connection: close\r\n");
  });

  test("that go on behind their answer are dropped, to a limit", async () => {
    const server = await start(
      (exchange) => {
        exchange.body.read({ onData() {}, onEnd() {}, onFailure() {} });
        ok(exchange);
      },
      { limits: { maxDrainBytes: 1000 } },
    );
    const head = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    const chunk = `1f4\r\n${"x".repeat(500)}\r\n`;
    const peer = await connect(server);
    peer.send(head);
    await peer.has("ok");
    peer.send(`${chunk}0\r\n\r\n${head}`);
    await peer.has("\r\n\r\nok", 2);
    peer.send(chunk.repeat(3));
    await peer.over();
  });

  test("that are none at the first look are refused before anybody is told", async () => {
    let told = false;
    const peer = await one(() => {
      told = true;
    });
    peer.send("PUT /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX");
    expect(await peer.over()).toStartWith("HTTP/1.1 400 Bad Request\r\n");
    expect(told).toBe(false);
  });

  test("break when the client leaves, or sends what is none", async () => {
    const failures: unknown[] = [];
    const gone: string[] = [];
    let told = 0;
    const server = await start((exchange) => {
      const { target } = exchange.head;
      told++;
      exchange.onGone = () => gone.push(target);
      exchange.body
        .bytes(100)
        .catch((error: unknown) => failures.push(error instanceof BodyBroken ? error.failure : error));
    });
    const first = await connect(server);
    first.send("PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    await until("it is told", () => told === 1);
    first.reset();
    await until("it is gone", () => gone.length === 1);
    const second = await connect(server);
    second.send("PUT /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc");
    await until("it is told", () => told === 2);
    second.send("X");
    expect(await second.over()).toStartWith("HTTP/1.1 400 Bad Request\r\n");
    const third = await connect(server);
    third.send("PUT /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    await until("it is told", () => told === 3);
    third.shutdown();
    expect(await third.over()).toStartWith("HTTP/1.1 400 Bad Request\r\n");
    expect(failures).toEqual([{ kind: "gone" }, { kind: "malformed", fault: "bad-chunk-end" }, { kind: "gone" }]);
    expect(gone).toEqual(["/1", "/2", "/3"]);
  });

  test("are asked for when somebody reads them, and not otherwise", async () => {
    const server = await start((exchange) => {
      if (exchange.head.target === "/no") exchange.answer({ status: 403 });
      else void exchange.body.bytes(100).then((body) => exchange.answer({ status: 200 }, body));
    });
    const head = (target: string): string =>
      `PUT ${target} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
    const peer = await connect(server);
    peer.send(head("/yes"));
    expect(await peer.has("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("hello");
    await peer.has("hello");
    peer.take();
    peer.send(head("/no"));
    expect(withoutDate(await peer.over())).toBe(
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
  });
});

describe("answers", () => {
  test("wait for a client that is slow, and arrive whole", async () => {
    const chunk = Buffer.alloc(256 * 1024, "y");
    let written = 0;
    let waits = 0;
    let finished = false;
    const peer = await one((exchange) => {
      exchange.begin({ status: 200 }, chunk.length * 64);
      const more = (): void => {
        while (written < 64) {
          written++;
          if (!exchange.write(chunk)) {
            waits++;
            return;
          }
        }
        exchange.end();
        finished = true;
      };
      exchange.onDrain = more;
      more();
    });
    peer.pause();
    peer.send(get("/"));
    await until("the server has to wait", () => waits > 0);
    await untilStill("what is written", () => written);
    expect(finished).toBe(false);
    peer.resume();
    await until("all of it has come", () => peer.received.length > chunk.length * 64);
    expect(peer.received.endsWith("y".repeat(1000))).toBe(true);
    expect(waits).toBeGreaterThan(1);
  });

  test("in chunks are as large as what is written, long ones too", async () => {
    const peer = await one((exchange) => {
      exchange.begin({ status: 200 }, undefined);
      exchange.write(Buffer.alloc(100_000, "z"));
      exchange.end();
    });
    peer.send(get("/"));
    const text = await peer.has("\r\n0\r\n\r\n");
    expect(text).toContain(`\r\n\r\n186a0\r\n${"z".repeat(100_000)}\r\n0\r\n\r\n`);
  });

  test("shorter than was said are cut, so that nobody takes them for whole", async () => {
    const peer = await one((exchange) => {
      exchange.begin({ status: 200 }, 5, Buffer.from("abc"));
      exchange.end();
    });
    peer.send(get("/"));
    await until("it is cut", () => peer.closed);
  });

  test("longer than was said are cut, and a defect", async () => {
    const defects: unknown[] = [];
    const peer = await one(
      (exchange) => {
        exchange.begin({ status: 200 }, 2, Buffer.from("abc"));
      },
      { onDefect: (error) => defects.push(error) },
    );
    peer.send(get("/"));
    await until("it is cut", () => peer.closed);
    expect(String(defects[0])).toContain("longer than was said");
    expect(peer.received).not.toContain("abc");
  });

  test("that cannot be written leave room for another one", async () => {
    const peer = await one((exchange) => {
      expect(() => exchange.answer({ status: 200, fields: ["X", "a\r\nb"] })).toThrow("cannot carry");
      expect(() => exchange.answer({ status: 200, fields: ["Content-Length", "1"] })).toThrow("writer alone");
      exchange.answer({ status: 500 }, "sorry");
    });
    peer.send(get("/"));
    expect(withoutDate(await peer.has("sorry"))).toBe(
      "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nsorry",
    );
  });

  test("after the client has left are for nobody", async () => {
    let exchange: ServerExchange | undefined;
    const server = await start((begun) => {
      exchange = begun;
    });
    const peer = await connect(server);
    peer.send(get("/"));
    await until("it is told", () => exchange !== undefined);
    const { signal } = exchange!;
    peer.end();
    await until("the connection is gone", () => server.connections === 0);
    expect([signal.aborted, exchange!.isOver, exchange!.signal.aborted]).toEqual([true, true, true]);
    exchange!.answer({ status: 200 }, "late");
    exchange!.end();
  });

  test("of a handler that throws are 500", async () => {
    const defects: unknown[] = [];
    const peer = await one(
      () => {
        throw new Error("oops");
      },
      { onDefect: (error) => defects.push(error) },
    );
    peer.send(get("/"));
    expect(await peer.over()).toStartWith("HTTP/1.1 500 Internal Server Error\r\n");
    expect(String(defects)).toContain("oops");
  });
});

describe("leaving HTTP", () => {
  test("hands the connection over, with what came behind the request", async () => {
    const peer = await one((exchange) => {
      expect(exchange.head.upgrade).toBe(true);
      const duplex = exchange.switchProtocols("echo", ["X-A", "1"]);
      duplex.start({
        onBytes: (bytes) => void duplex.write(bytes),
        onEnd: () => duplex.end(),
        onDrain() {},
        onClose() {},
      });
      duplex.write(duplex.rest);
    });
    peer.send(`${get("/", "Connection: Upgrade\r\nUpgrade: echo\r\n")}GET early`);
    await peer.has("GET early");
    expect(peer.take()).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nX-A: 1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nGET early",
    );
    peer.send("GET / HTTP/1.1\r\n\r\n");
    expect(await peer.has("\r\n\r\n")).toBe("GET / HTTP/1.1\r\n\r\n");
    peer.shutdown();
    await peer.over();
  });

  test("later keeps what comes in between", async () => {
    let exchange: ServerExchange | undefined;
    const server = await start((begun) => {
      if (exchange === undefined) exchange = begun;
      else ok(begun);
    });
    const peer = await connect(server);
    const later = await connect(server);
    // What was sent before a request of another connection that has its answer has come.
    const hasCome = async (): Promise<void> => {
      later.send(get("/"));
      await later.has("ok");
      later.take();
    };
    peer.send(get("/", "Connection: Upgrade\r\nUpgrade: echo\r\n"));
    await until("it is told", () => exchange !== undefined);
    peer.send("one");
    await hasCome();
    const duplex = exchange!.switchProtocols("echo", []);
    peer.send("two");
    await hasCome();
    let came = duplex.rest.toString();
    const onBytes = (bytes: Buffer): void => {
      came += bytes.toString();
    };
    duplex.start({ onBytes, onEnd() {}, onDrain() {}, onClose() {} });
    await until("all has come", () => came === "onetwo");
  });

  test("is asked for by CONNECT too; another answer ends the connection", async () => {
    const server = await start((exchange) => {
      if (exchange.head.target === "a:1")
        exchange.switchProtocols(undefined, []).start({ onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} });
      else exchange.answer({ status: 403 });
    });
    const peer = await connect(server);
    peer.send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    expect(await peer.has("\r\n\r\n")).toBe("HTTP/1.1 200 OK\r\n\r\n");
    const other = await connect(server);
    other.send(`CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n${get("/")}`);
    expect(withoutDate(await other.over())).toBe(
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
  });

  test("may be declined: the next request is read as one", async () => {
    const peer = await one(ok);
    peer.send(get("/", "Connection: Upgrade\r\nUpgrade: echo\r\n") + get("/"));
    await peer.has("\r\n\r\nok", 2);
  });
});

describe("limits", () => {
  test("each refusal has its status, and is told", async () => {
    const refusals: Refusal[] = [];
    const server = await start(ok, {
      onRefused: (refusal) => refusals.push(refusal),
      limits: { maxTargetBytes: 50, maxHeadBytes: 200 },
    });
    const refused = async (text: string): Promise<string> => {
      const peer = await connect(server);
      peer.send(text);
      return (await peer.over()).slice(0, 12);
    };
    expect(await refused("GET / HTTP/1.1\r\n\r\n")).toBe("HTTP/1.1 400");
    expect(await refused(get(`/${"a".repeat(60)}`))).toBe("HTTP/1.1 414");
    expect(await refused(get("/", `X: ${"a".repeat(200)}\r\n`))).toBe("HTTP/1.1 431");
    expect(await refused(get("/", "Transfer-Encoding: gzip, chunked\r\n"))).toBe("HTTP/1.1 501");
    expect(await refused("GET / HTTP/2.0\r\n")).toBe("HTTP/1.1 505");
    expect(refusals.map(({ fault }) => fault)).toEqual([
      "no-host",
      "target-too-long",
      "head-too-large",
      "unsupported-transfer-coding",
      "unsupported-version",
    ]);
    expect(refusals[0]!.remoteAddress).toBe("127.0.0.1");
  });

  test("garbage behind a request is refused behind its answer", async () => {
    let exchange: ServerExchange | undefined;
    const peer = await one((begun) => {
      exchange = begun;
    });
    peer.send(`${get("/")}garbage\r\n`);
    await until("it is told", () => exchange !== undefined);
    ok(exchange!);
    expect(withoutDate(await peer.over())).toStartWith(`${OK}HTTP/1.1 400 Bad Request\r\n`);
  });

  test("connections beyond the limit are closed", async () => {
    const server = await start(ok, { limits: { maxConnections: 1 } });
    const first = await connect(server);
    first.send(get("/"));
    await first.has("ok");
    const second = await connect(server);
    await until("the second is closed", () => second.isOver);
    first.send(get("/"));
    await first.has("\r\n\r\nok", 2);
  });

  const short = { headTimeoutMs: 40, idleTimeoutMs: 40, bodyTimeoutMs: 40, writeTimeoutMs: 40 };

  test("a head that does not end, an idle connection, and one that sends nothing", async () => {
    const server = await start(ok, { limits: short });
    const slow = await connect(server);
    slow.send("GET / HT");
    expect(await slow.over()).toStartWith("HTTP/1.1 408 Request Timeout\r\n");
    const idle = await connect(server);
    idle.send(get("/"));
    expect(withoutDate(await idle.over())).toBe(OK);
    const silent = await connect(server);
    expect(await silent.over()).toBe("");
  });

  test("a body that stops while somebody reads it", async () => {
    const failures: unknown[] = [];
    const peer = await one(
      (exchange) =>
        void exchange.body.bytes(100).catch((error: unknown) => failures.push((error as BodyBroken).failure)),
      { limits: short },
    );
    peer.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    expect(await peer.over()).toStartWith("HTTP/1.1 408 Request Timeout\r\n");
    expect(failures).toEqual([{ kind: "stalled" }]);
  });

  test("a client that takes nothing of its answer", async () => {
    let gone = false;
    const server = await start(
      (exchange) => {
        exchange.onGone = () => {
          gone = true;
        };
        exchange.begin({ status: 200 }, 64 << 20, Buffer.alloc(32 << 20));
      },
      { limits: short },
    );
    const peer = await connect(server);
    peer.pause();
    peer.send(get("/"));
    await until("it is cut", () => gone && server.connections === 0);
  });

  test("an answer that takes its time is nobody's timeout", async () => {
    let exchange: ServerExchange | undefined;
    const server = await start(
      (begun) => {
        exchange = begun;
      },
      { limits: short },
    );
    let peer: RawPeer;
    // A busy machine may be late with the head itself: then it is refused.
    do {
      peer = await connect(server);
      peer.send(get("/"));
      await until("it is told, or refused", () => exchange !== undefined || peer.isOver);
    } while (exchange === undefined);
    await Bun.sleep(200);
    ok(exchange);
    await peer.has("ok");
  });
});

describe("the end", () => {
  test("idle connections close at once, running exchanges end first", async () => {
    let exchange: ServerExchange | undefined;
    const server = await start((begun) => {
      exchange = begun;
    });
    const idle = await connect(server);
    const busy = await connect(server);
    busy.send(get("/"));
    await until("it is told", () => exchange !== undefined && server.connections === 2);
    const closed = server.close(10_000);
    await idle.over();
    await expect(RawPeer.connect(server.port)).rejects.toThrow();
    ok(exchange!);
    expect(withoutDate(await busy.over())).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    busy.end();
    await closed;
    expect(server.connections).toBe(0);
  });

  test("what does not end is cut after the grace", async () => {
    const server = await start(() => undefined);
    const peer = await connect(server);
    peer.send(get("/"));
    await until("it is connected", () => server.connections === 1);
    await server.close(20);
    await until("it is cut", () => peer.closed);
  });
});

const withOpenssl = skipUnless(
  Bun.which("openssl") !== null,
  "openssl is not installed; it makes the test's certificate",
);

withOpenssl("TLS serves the same", async () => {
  const directory = mkdtempSync(join(tmpdir(), "http1-tls-"));
  try {
    const command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost";
    expect(Bun.spawnSync(command.split(" "), { cwd: directory, stderr: "pipe" }).exitCode).toBe(0);
    const server = await start(
      async (exchange) =>
        exchange.answer({ status: 200 }, `${exchange.secure} ${(await exchange.body.bytes(1 << 20)).length}`),
      {
        tls: {
          key: readFileSync(join(directory, "key.pem"), "utf8"),
          cert: readFileSync(join(directory, "cert.pem"), "utf8"),
        },
      },
    );
    const peer = await connect(server, true);
    peer.send(post("/", "x".repeat(300_000)));
    await peer.has("true 300000");
    const plain = await connect(server);
    plain.send(get("/"));
    await plain.over();
    peer.send(post("/", "y"));
    await peer.has("true 1");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
