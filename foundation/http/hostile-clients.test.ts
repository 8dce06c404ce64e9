import { afterEach, describe, expect, test } from "bun:test";
import { BodyError, type HttpRequest } from "./index.ts";
import { rawClient, rawExchange } from "./testing/raw-client.ts";
import { get, ok, parse, status, testServers } from "./testing/server-fixture.ts";

const { start, close } = testServers();
afterEach(close);

describe("shapes that others read differently are refused", () => {
  const chunkedBody = "0\r\n\r\n";
  const cases: readonly (readonly [string, string])[] = [
    [
      "length and coding",
      `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunkedBody}`,
    ],
    [
      "coding and length",
      `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${chunkedBody}`,
    ],
    ["two lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"],
    ["the same length twice", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"],
    ["a list of lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello"],
    ["a signed length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello"],
    ["a negative length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\nhello"],
    ["a hex length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nhello"],
    ["a huge length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\nhello"],
    ["an unknown coding", `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n${chunkedBody}`],
    ["chunked not last", `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n${chunkedBody}`],
    [
      "chunked twice",
      `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunkedBody}`,
    ],
    ["gzip before chunked", `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${chunkedBody}`],
    ["coding in 1.0", `POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunkedBody}`],
    ["space before the colon", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\nhello"],
    ["a folded line", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["bare line feeds", "GET / HTTP/1.1\nHost: a\n\n"],
    ["NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"],
    ["garbage", "\x16\x03\x01\x02\x00\r\n\r\n"],
  ];
  test.each(cases)("%s", async (_name, text) => {
    let handled = 0;
    const server = await start(() => {
      handled++;
      return { status: 200 };
    });
    const client = await rawClient(server.port);
    client.send(text + get("/smuggled"));
    expect(status(await client.closed())).toBe(400);
    expect(handled).toBe(0);
    client.destroy();
  });
});

test("garbage behind a whole request does not cost that request its answer", async () => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const server = await start(async () => {
    arrived.resolve();
    await gate.promise;
    return { status: 200, body: "first" };
  });
  const client = await rawClient(server.port);
  client.send(`${get("/1")}GAR\0BAGE\r\n\r\n`);
  await arrived.promise;
  await rawExchange(server.port, "GET / HTTP/1.1\r\n\r\n");
  gate.resolve();
  const answer = await client.closed();
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).toEndWith("first");
});

describe("limits", () => {
  test("a long target is 414, many headers and large headers are 431", async () => {
    const server = await start(ok, { limits: { maxTargetLength: 100, maxHeaderCount: 10, maxHeaderBytes: 4096 } });
    expect(status(await rawExchange(server.port, get(`/${"a".repeat(100)}`)))).toBe(414);
    expect(status(await rawExchange(server.port, get("/", "X: a\r\n".repeat(10))))).toBe(431);
    expect(status(await rawExchange(server.port, get("/", `X: ${"a".repeat(5000)}\r\n`)))).toBe(431);
    expect(status(await rawExchange(server.port, get("/", "X: a\r\n".repeat(1000))))).toBe(431);
    expect(status(await rawExchange(server.port, get(`/${"a".repeat(99)}`, "X: a\r\n".repeat(9))))).toBe(200);
  });

  test("headers that do not come end the connection", async () => {
    const server = await start(ok, { limits: { headersTimeoutMs: 100 } });
    const client = await rawClient(server.port);
    client.send("GET / HTTP/1.1\r\nHo");
    expect(status(await client.closed())).toBe(408);
  });

  test("connections beyond the limit are closed at once", async () => {
    const server = await start(ok, { limits: { maxConnections: 2 } });
    const first = await rawClient(server.port);
    const second = await rawClient(server.port);
    first.send(get("/"));
    second.send(get("/"));
    await Promise.all([first, second].map((client) => client.until((received) => received.endsWith("ok"))));
    const third = await rawClient(server.port);
    expect(await third.closed()).toBe("");
    first.destroy();
    second.destroy();
  });

  test("pipelined requests are handled one after the other, and a flood of them is cut", async () => {
    let running = 0;
    let most = 0;
    const server = await start(async (request) => {
      most = Math.max(most, ++running);
      await Bun.sleep(1);
      running--;
      return { status: 200, body: request.path };
    });
    const client = await rawClient(server.port);
    client.send(get("/1") + get("/2") + get("/3"));
    const answers = await client.until((received) => received.endsWith("/3"));
    expect(answers.match(/\/[123]$|\/[123](?=HTTP)/g)).toEqual(["/1", "/2", "/3"]);
    expect(most).toBe(1);
    client.destroy();
    const flood = await rawClient(server.port);
    flood.send(get("/").repeat(500));
    await flood.closed();
  });
});

describe("clients that leave", () => {
  test("signal aborts, the source of a stream is stopped, onSent hears of it", async () => {
    const aborted = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const sent = Promise.withResolvers<boolean>();
    const server = await start((request) => {
      request.signal.addEventListener("abort", () => aborted.resolve());
      return {
        status: 200,
        onSent: (_bytes, complete) => sent.resolve(complete),
        body: (async function* () {
          try {
            for (;;) yield new Uint8Array(65536);
          } finally {
            stopped.resolve();
          }
        })(),
      };
    });
    const client = await rawClient(server.port);
    client.send(get("/"));
    await client.until((received) => received.length > 100_000);
    client.destroy();
    await Promise.all([aborted.promise, stopped.promise]);
    expect(await sent.promise).toBe(false);
  });

  test("a handler that waits for the body learns that it will not come", async () => {
    const failure = Promise.withResolvers<unknown>();
    const server = await start(async (request) => {
      try {
        return { status: 200, body: await request.body.bytes(100) };
      } catch (error) {
        failure.resolve(error);
        throw error;
      }
    });
    const client = await rawClient(server.port);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhello");
    client.socket.resetAndDestroy();
    expect(await failure.promise).toBeInstanceOf(BodyError);
  });

  test("leaving while the handler thinks does no harm", async () => {
    const arrived = Promise.withResolvers<HttpRequest>();
    const server = await start((request) => {
      if (request.path === "/ok") return { status: 200, body: "ok" };
      arrived.resolve(request);
      return new Promise((resolve) => {
        request.signal.addEventListener("abort", () => resolve({ status: 200, body: "late" }));
      });
    });
    const client = await rawClient(server.port);
    client.send(get("/"));
    await arrived.promise;
    client.destroy();
    expect(parse(await rawExchange(server.port, get("/ok"))).body).toBe("ok");
  });
});
