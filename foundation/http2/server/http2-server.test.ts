/** What a server of HTTP/2 does with frames that any client, or an attacker, may send. */
import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Server, type ServerExchange, serve } from "#foundation/http1";
import { until } from "../../../tests/support/until.ts";
import { CODE, FRAME, PREFACE } from "../frames/frames.ts";
import { http2 } from "../index.ts";
import { frameOf, prefaceOf, RawClient, smallWindow } from "../testing/raw-client.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const defects: unknown[] = [];

async function started(onExchange: (exchange: ServerExchange) => void, more: object = {}): Promise<Server> {
  const server = await serve({
    port: 0,
    protocols: [http2()],
    onExchange,
    onDefect: (error) => defects.push(error),
    ...more,
  });
  open.push({ close: () => server.close(0) });
  return server;
}

async function connected(server: Server, preface?: Buffer): Promise<RawClient> {
  const client = await RawClient.connect(server.port, preface);
  open.push(client);
  return client;
}

const hello = (exchange: ServerExchange): void =>
  exchange.answer({ status: 200, fields: ["Content-Type", "text/plain", "Connection", "close"] }, "hello");

describe("a request", () => {
  test("is seen like one of HTTP/1.1, and so is its answer", async () => {
    const seen: unknown[] = [];
    const server = await started((exchange) => {
      const { method, target, host, version, form, fields } = exchange.head;
      seen.push({ method, target, host, version, form, fields: fields.toRaw() });
      hello(exchange);
    });
    const client = await connected(server);
    client.frame(
      FRAME.HEADERS,
      5,
      1,
      client.section([
        [":method", "GET"],
        [":scheme", "http"],
        [":path", "/things?a=b"],
        [":authority", "Shop.test:8080"],
        ["cookie", "a=1"],
        ["accept", "*/*"],
        ["cookie", "b=2"],
      ]),
    );
    await until("the answer is there", () => client.isEnded(1));
    expect(seen).toEqual([
      {
        method: "GET",
        target: "/things?a=b",
        host: "Shop.test:8080",
        version: "2",
        form: "origin",
        fields: ["cookie", "a=1; b=2", "accept", "*/*"],
      },
    ]);
    const head = client.headOf(client.of(FRAME.HEADERS, 1)[0]!);
    expect(head).toEqual({
      ":status": "200",
      "content-type": "text/plain",
      date: expect.any(String),
      "content-length": "5",
    });
    expect(client.bodyOf(1)).toBe("hello");
  });

  test("goes on while others do, and each has its own answer", async () => {
    const waiting = new Map<string, ServerExchange>();
    const server = await started((exchange) => void waiting.set(exchange.head.target, exchange));
    const client = await connected(server);
    for (let i = 0; i < 10; i++) client.request(2 * i + 1, { ":path": `/${i}` });
    await until("all are there", () => waiting.size === 10);
    for (let i = 9; i >= 0; i--) waiting.get(`/${i}`)!.answer({ status: 200 }, `this is ${i}`);
    await until("all are answered", () => client.isEnded(1) && client.isEnded(19));
    for (let i = 0; i < 10; i++) expect(client.bodyOf(2 * i + 1)).toBe(`this is ${i}`);
  });

  test("brings a body and trailers; what is not read is not sent on", async () => {
    let body = "";
    let trailers: readonly string[] = [];
    const server = await started((exchange) => {
      exchange.body.read({
        onData: (bytes) => {
          body += bytes.toString();
        },
        onEnd(fields) {
          trailers = fields.toRaw();
          exchange.answer({ status: 204 });
        },
        onFailure() {},
      });
    });
    const client = await connected(server);
    client.request(1, { ":method": "POST" }, 4);
    // Padding counts in the window, and is no data.
    client.frame(FRAME.DATA, 8, 1, Buffer.concat([Buffer.of(3), Buffer.from("half "), Buffer.alloc(3)]));
    client.frame(FRAME.DATA, 0, 1, "a body");
    client.frame(FRAME.HEADERS, 5, 1, client.section([["x-sum", "11"]]));
    await until("the answer is there", () => client.isEnded(1));
    expect({ body, trailers }).toEqual({ body: "half a body", trailers: ["x-sum", "11"] });
    // For what nobody reads, the client is not allowed more than the first window.
    const ofStream = client.of(FRAME.WINDOW_UPDATE, 1).map(({ payload }) => payload.readUInt32BE(0));
    expect(ofStream.reduce((sum, more) => sum + more, 0)).toBe(192 * 1024 + 9 + 6);
  });

  test("whose answer does not wait for its body is told not to send the rest", async () => {
    const server = await started(hello);
    const client = await connected(server);
    client.request(1, { ":method": "POST" }, 4);
    await until("it is reset", () => client.resetOf(1) !== undefined);
    expect(client.bodyOf(1)).toBe("hello");
    expect(client.resetOf(1)).toBe(CODE.NO_ERROR);
    // What was on its way already is no fault.
    client.frame(FRAME.DATA, 1, 1, "late");
    client.request(3);
    await until("the next one is answered", () => client.isEnded(3));
    expect(client.goAway).toBeUndefined();
  });

  test("that expects to be told to go on is told when its body is read", async () => {
    const server = await started(
      (exchange) => void exchange.body.bytes(100).then((bytes) => exchange.answer({ status: 200 }, bytes)),
    );
    const client = await connected(server);
    client.request(1, { ":method": "PUT", expect: "100-continue" }, 4);
    await until("it is told", () => client.of(FRAME.HEADERS, 1).length === 1);
    expect(client.headOf(client.of(FRAME.HEADERS, 1)[0]!)).toEqual({ ":status": "100" });
    client.frame(FRAME.DATA, 1, 1, "body");
    await until("it is answered", () => client.isEnded(1));
    expect(client.bodyOf(1)).toBe("body");
  });
});

describe("an answer", () => {
  test("comes at the pace of the client, and the writer is told when to go on", async () => {
    const piece = Buffer.alloc(10_000, "x");
    let written = 0;
    let waits = 0;
    const server = await started((exchange) => {
      exchange.begin({ status: 200 }, undefined);
      const go = (): void => {
        while (written < 20) {
          written++;
          if (exchange.write(piece)) continue;
          waits++;
          return;
        }
        exchange.end(["x-sum", "1"]);
      };
      exchange.onDrain = go;
      go();
    });
    const client = await connected(server, smallWindow(15_000));
    client.request(1);
    await until("the window is used up", () => client.bodyOf(1).length === 15_000);
    expect(written).toBe(2);
    for (let more = 15_000; more < 200_000; more += 5_000) {
      const update = Buffer.alloc(4);
      update.writeUInt32BE(5_000);
      client.frame(FRAME.WINDOW_UPDATE, 0, 1, update);
      client.frame(FRAME.WINDOW_UPDATE, 0, 0, update);
    }
    await until("all of it is there", () => client.isEnded(1));
    expect(client.bodyOf(1).length).toBe(200_000);
    expect(waits).toBeGreaterThan(1);
    const [, trailers] = client.of(FRAME.HEADERS, 1);
    client.headOf(client.of(FRAME.HEADERS, 1)[0]!);
    expect(client.headOf(trailers!)).toEqual({ "x-sum": "1" });
  });

  test("of one stream does not wait for another that is not taken", async () => {
    const server = await started((exchange) =>
      exchange.answer({ status: 200 }, exchange.head.target === "/large" ? Buffer.alloc(60_000) : "small"),
    );
    const client = await connected(server, smallWindow(1_000));
    client.request(1, { ":path": "/large" });
    client.request(3);
    await until("the small one is there", () => client.isEnded(3));
    expect(client.isEnded(1)).toBe(false);
    expect(client.bodyOf(1).length).toBe(1_000);
  });

  test("that is broken off is reset, and so does not look whole", async () => {
    const server = await started((exchange) => {
      exchange.begin({ status: 200 }, 10, Buffer.from("half"));
      exchange.abort();
    });
    const client = await connected(server);
    client.request(1);
    await until("it is reset", () => client.resetOf(1) !== undefined);
    expect(client.isEnded(1)).toBe(false);
    client.request(3);
    await until("the connection goes on", () => client.resetOf(3) !== undefined);
  });

  test("to HEAD, of 204 and of 304 has no body", async () => {
    const server = await started((exchange) => {
      const { target } = exchange.head;
      if (target === "/head") exchange.answer({ status: 200 }, "12345");
      else {
        exchange.begin({ status: Number(target.slice(1)) }, undefined);
        exchange.end();
      }
    });
    const client = await connected(server);
    client.request(1, { ":method": "HEAD", ":path": "/head" });
    client.request(3, { ":path": "/204" });
    client.request(5, { ":path": "/304" });
    await until("all are there", () => [1, 3, 5].every((stream) => client.isEnded(stream)));
    expect(client.of(FRAME.DATA)).toEqual([]);
    expect(client.headOf(client.of(FRAME.HEADERS, 1)[0]!)).toMatchObject({ "content-length": "5" });
  });

  test("that cannot be written is not begun, and another may be given", async () => {
    const server = await started((exchange) => {
      expect(() => exchange.answer({ status: 200, fields: ["X-Split", "a\r\nb: c"] }, "no")).toThrow();
      exchange.answer({ status: 500 }, "instead");
    });
    const client = await connected(server);
    client.request(1);
    await until("it is there", () => client.isEnded(1));
    expect(client.headOf(client.of(FRAME.HEADERS, 1)[0]!)).toMatchObject({ ":status": "500" });
  });

  test("that nobody waits for any more is told to whoever makes it", async () => {
    const told: string[] = [];
    const server = await started((exchange) => {
      const { target } = exchange.head;
      exchange.onGone = () => told.push(target);
      exchange.signal.addEventListener("abort", () => told.push(`${target} signal`));
    });
    const client = await connected(server);
    client.request(1, { ":path": "/reset" });
    client.request(3, { ":path": "/closed" });
    client.frame(FRAME.RST_STREAM, 0, 1, Buffer.of(0, 0, 0, 8));
    await until("the first is told", () => told.length === 2);
    client.close();
    await until("the second is told", () => told.length === 4);
    expect(told).toEqual(["/reset signal", "/reset", "/closed signal", "/closed"]);
  });
});

describe("what no client may send", () => {
  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ["without a method", { ":method": "-" }],
    ["without a path", { ":path": "-" }],
    ["without a scheme", { ":scheme": "-" }],
    ["without a host", { ":authority": "-" }],
    ["a method that is no token", { ":method": "GE T" }],
    ["a path that is no path", { ":path": "things" }],
    ["a path with a blank", { ":path": "/a b" }],
    ["a path with an authority", { ":path": "http://other.test/" }],
    ["a host that is none", { ":authority": "a/b" }],
    ["two hosts", { host: "other.test" }],
    ["a name in upper case", { "X-A": "1" }],
    ["an empty name", { "": "1" }],
    ["a value with a line end", { "x-a": "a\r\nb: c" }],
    ["a value with a zero", { "x-a": "a\0b" }],
    ["a value that begins with a blank", { "x-a": " a" }],
    ["an unknown pseudo field", { ":protocol": "websocket" }],
    ["a field of a connection", { connection: "close" }],
    ["a coding of transfer", { "transfer-encoding": "chunked" }],
    ["te other than trailers", { te: "gzip" }],
    ["a length that is no number", { "content-length": "1, 1" }],
    ["a length without a body", { "content-length": "1" }],
  ])("%s is refused, and the connection goes on", async (_, fields) => {
    const server = await started(hello);
    const client = await connected(server);
    client.request(1, fields);
    client.request(3);
    await until("the next one is answered", () => client.isEnded(3));
    expect(client.resetOf(1)).toBe(CODE.PROTOCOL_ERROR);
    expect(client.of(FRAME.HEADERS, 1)).toEqual([]);
  });

  test.each<readonly [string, string]>([
    ["more than was said", "abcdef"],
    ["less than was said", "ab"],
  ])("a body of %s is refused", async (_, body) => {
    const failures: string[] = [];
    const server = await started((exchange) => {
      exchange.body.read({
        onData() {},
        onEnd: () => failures.push("none"),
        onFailure: ({ kind }) => failures.push(kind),
      });
    });
    const client = await connected(server);
    client.request(1, { ":method": "POST", "content-length": "4" }, 4);
    client.frame(FRAME.DATA, 1, 1, body);
    await until("it is reset", () => client.resetOf(1) !== undefined);
    expect(failures).toEqual(["malformed"]);
  });

  const update = Buffer.of(0x7f, 0xff, 0xff, 0xff);
  test.each<readonly [string, Buffer, number]>([
    ["a request before settings", frameOf(FRAME.PING, 0, 0, Buffer.alloc(8)), CODE.PROTOCOL_ERROR],
  ])("%s ends the connection", async (_, frame, code) => {
    const server = await started(hello);
    const client = await connected(server, Buffer.concat([PREFACE, frame]));
    await until("it is over", () => client.isClosed);
    expect(client.goAway).toBe(code);
  });

  test.each<readonly [string, Buffer, number]>([
    ["a frame that is too long", Buffer.concat([Buffer.of(0, 0x40, 1, 0, 0, 0, 0, 0, 1)]), CODE.FRAME_SIZE_ERROR],
    ["data of no stream", frameOf(FRAME.DATA, 0, 0), CODE.PROTOCOL_ERROR],
    ["data of a stream to come", frameOf(FRAME.DATA, 0, 1), CODE.PROTOCOL_ERROR],
    ["fields of an even stream", frameOf(FRAME.HEADERS, 5, 2), CODE.PROTOCOL_ERROR],
    ["fields that nothing can be made of", frameOf(FRAME.HEADERS, 5, 1, Buffer.of(0x80)), CODE.COMPRESSION_ERROR],
    ["more padding than frame", frameOf(FRAME.HEADERS, 13, 1, Buffer.of(9, 1)), CODE.PROTOCOL_ERROR],
    [
      "something between the parts of fields",
      Buffer.concat([frameOf(FRAME.HEADERS, 1, 1), frameOf(FRAME.PING, 0, 0, Buffer.alloc(8))]),
      CODE.PROTOCOL_ERROR,
    ],
    ["a continuation of nothing", frameOf(FRAME.CONTINUATION, 4, 1), CODE.PROTOCOL_ERROR],
    ["a push", frameOf(FRAME.PUSH_PROMISE, 4, 1, Buffer.alloc(4)), CODE.PROTOCOL_ERROR],
    ["a short ping", frameOf(FRAME.PING, 0, 0, Buffer.alloc(7)), CODE.FRAME_SIZE_ERROR],
    ["half a setting", frameOf(FRAME.SETTINGS, 0, 0, Buffer.alloc(5)), CODE.FRAME_SIZE_ERROR],
    ["settings of a stream", frameOf(FRAME.SETTINGS, 0, 1), CODE.PROTOCOL_ERROR],
    ["a window that is too large", frameOf(FRAME.WINDOW_UPDATE, 0, 0, update), CODE.FLOW_CONTROL_ERROR],
    ["a window that grows by nothing", frameOf(FRAME.WINDOW_UPDATE, 0, 0, Buffer.alloc(4)), CODE.PROTOCOL_ERROR],
    ["a reset of a stream to come", frameOf(FRAME.RST_STREAM, 0, 1, Buffer.alloc(4)), CODE.PROTOCOL_ERROR],
  ])("%s ends the connection", async (_, frame, code) => {
    const server = await started(hello);
    const client = await connected(server);
    client.send(frame);
    await until("it is over", () => client.isClosed);
    expect(client.goAway).toBe(code);
  });

  test("more of a body than was allowed is refused", async () => {
    const server = await started(() => {});
    const client = await connected(server);
    client.request(1, { ":method": "POST" }, 4);
    for (let i = 0; i < 5; i++) client.frame(FRAME.DATA, 0, 1, Buffer.alloc(16_000));
    await until("it is reset", () => client.resetOf(1) !== undefined);
    expect(client.resetOf(1)).toBe(CODE.FLOW_CONTROL_ERROR);
  });

  test("more requests at once than are allowed are refused, to be sent again", async () => {
    const server = await started(() => {}, { protocols: [http2({ maxStreams: 2 })] });
    const client = await connected(server);
    for (const stream of [1, 3, 5]) client.request(stream);
    await until("it is refused", () => client.resetOf(5) !== undefined);
    expect(client.resetOf(5)).toBe(CODE.REFUSED_STREAM);
    expect(client.resetOf(1)).toBeUndefined();
  });
});

describe("a client that wants to keep us busy", () => {
  test.each<readonly [string, (client: RawClient, turn: number) => void]>([
    [
      "takes back each request",
      (client, turn) => {
        client.request(2 * turn + 1);
        client.frame(FRAME.RST_STREAM, 0, 2 * turn + 1, Buffer.of(0, 0, 0, 8));
      },
    ],
    ["pings", (client) => client.frame(FRAME.PING, 0, 0, Buffer.alloc(8))],
    ["changes its settings", (client) => client.frame(FRAME.SETTINGS, 0, 0)],
    ["sends priorities", (client) => client.frame(FRAME.PRIORITY, 0, 1, Buffer.alloc(5))],
    ["sends malformed requests", (client, turn) => client.request(2 * turn + 1, { te: "x" })],
    [
      "sends data of nothing",
      (client, turn) => {
        if (turn === 0) client.request(1, { ":method": "POST" }, 4);
        client.frame(FRAME.DATA, 0, 1);
      },
    ],
  ])("and %s is told to calm down", async (_, attack) => {
    const server = await started(() => {});
    const client = await connected(server);
    let turn = 0;
    await until("it is over", () => {
      for (let i = 0; i < 500 && !client.isClosed; i++) attack(client, turn++);
      return client.isClosed;
    });
    expect(client.goAway).toBe(CODE.ENHANCE_YOUR_CALM);
    expect(turn).toBeLessThan(10_000);
  });

  test("by fields without end is told to calm down", async () => {
    const server = await started(hello);
    const client = await connected(server);
    client.frame(FRAME.HEADERS, 1, 1, client.section());
    for (let i = 0; i < 100; i++) client.frame(FRAME.CONTINUATION, 0, 1);
    await until("it is over", () => client.isClosed);
    expect(client.goAway).toBe(CODE.ENHANCE_YOUR_CALM);
  });

  test("by fields that become large when they are read is answered 431", async () => {
    const server = await started(hello);
    const client = await connected(server);
    client.request(1, { "x-large": "a".repeat(900) });
    await until("it is answered", () => client.isEnded(1));
    // One octet each for what the table has.
    const many = Array.from({ length: 300 }, (): readonly [string, string] => ["x-large", "a".repeat(900)]);
    client.frame(FRAME.HEADERS, 5, 3, Buffer.concat([client.section(), client.section(many)]));
    await until("it is answered", () => client.isEnded(3));
    client.headOf(client.of(FRAME.HEADERS, 1)[0]!);
    expect(client.headOf(client.of(FRAME.HEADERS, 3)[0]!)).toMatchObject({ ":status": "431" });
  });

  test("by taking nothing is left after a while", async () => {
    const server = await started((exchange) => exchange.answer({ status: 200 }, Buffer.alloc(100_000)), {
      limits: { writeTimeoutMs: 100 },
    });
    const client = await connected(server, smallWindow(10));
    client.request(1);
    await until("it is reset", () => client.resetOf(1) !== undefined);
    expect(client.resetOf(1)).toBe(CODE.CANCEL);
  });

  test.each<readonly [string, (client: RawClient) => void]>([
    ["sends half a frame", (client) => client.send(Buffer.of(0, 0, 8, FRAME.PING))],
    ["sends half of its fields", (client) => client.frame(FRAME.HEADERS, 1, 1, client.section())],
    ["says nothing", () => {}],
  ])("and %s is left after a while", async (_, attack) => {
    const server = await started(hello, { limits: { headTimeoutMs: 100, idleTimeoutMs: 100 } });
    const client = await connected(server);
    attack(client);
    await until("it is over", () => client.isClosed);
    expect(client.goAway).toBeDefined();
  });

  test("by a body that does not come is answered 408", async () => {
    const server = await started((exchange) => void exchange.body.bytes(100).catch(() => {}), {
      limits: { bodyTimeoutMs: 100 },
    });
    const client = await connected(server);
    client.request(1, { ":method": "POST" }, 4);
    await until("it is answered", () => client.isEnded(1));
    expect(client.headOf(client.of(FRAME.HEADERS, 1)[0]!)).toMatchObject({ ":status": "408" });
  });

  test("by any frames whatever ends nothing but its own connection", async () => {
    const server = await started((exchange) => {
      if (exchange.head.hasBody) exchange.body.read({ onData() {}, onEnd: () => hello(exchange), onFailure() {} });
      else hello(exchange);
    });
    const frame = fc.record({
      type: fc.integer({ min: 0, max: 11 }),
      flags: fc.integer({ min: 0, max: 255 }),
      stream: fc.integer({ min: 0, max: 9 }),
      payload: fc.uint8Array({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 20 }), fc.boolean(), async (frames, begins) => {
        const client = await RawClient.connect(server.port);
        if (begins) client.request(1, { ":method": "POST" }, 4);
        for (const { type, flags, stream, payload } of frames) client.frame(type, flags, stream, Buffer.from(payload));
        client.frame(FRAME.GOAWAY, 0, 0, Buffer.alloc(8));
        await until("all is read", () => client.isClosed || client.of(FRAME.SETTINGS).length > 0);
        client.close();
      }),
      { numRuns: 100 },
    );
    const client = await connected(server);
    client.request(1);
    await until("the server goes on", () => client.isEnded(1));
    await until("nothing is left", () => server.connections === 1);
    expect(defects).toEqual([]);
  });
});

describe("a server that ends", () => {
  test("says so, answers what it has taken, and takes no more", async () => {
    const waiting: ServerExchange[] = [];
    const server = await started((exchange) => void waiting.push(exchange));
    const client = await connected(server);
    client.request(1);
    await until("it is there", () => waiting.length === 1);
    const closed = server.close(5_000);
    await until("it is told", () => client.goAway !== undefined);
    client.request(3);
    waiting[0]!.answer({ status: 200 }, "last");
    await closed;
    await until("it is over", () => client.isClosed);
    expect(client.goAway).toBe(CODE.NO_ERROR);
    expect(client.of(FRAME.GOAWAY)[0]!.payload.readUInt32BE(0)).toBe(1);
    expect(client.bodyOf(1)).toBe("last");
    expect(waiting.length).toBe(1);
  });
});

test("HTTP/1.1 without TLS is spoken on the same port", async () => {
  const server = await started((exchange) => exchange.answer({ status: 200 }, "hello"));
  const answer = await fetch(`http://127.0.0.1:${server.port}/`);
  expect([answer.status, await answer.text()]).toEqual([200, "hello"]);
  const client = await connected(server, prefaceOf([]));
  client.request(1);
  await until("it is answered", () => client.isEnded(1));
});

describe("a stream that is to leave HTTP (RFC 8441)", () => {
  const CONNECT = { ":method": "CONNECT", ":protocol": "websocket", ":path": "/chat?a=b" };
  const allowing = { protocols: [http2({ allowsConnect: true })] };

  test("is refused, and not offered, unless the server says otherwise", async () => {
    const server = await started(hello);
    const client = await connected(server);
    client.request(1, CONNECT, 4);
    await until("it is reset", () => client.resetOf(1) !== undefined);
    expect(client.resetOf(1)).toBe(CODE.PROTOCOL_ERROR);
    expect(client.of(FRAME.SETTINGS)[0]!.payload.includes(Buffer.from([0, 8, 0, 0, 0, 1]))).toBe(false);
  });

  test("looks like a handshake of HTTP/1.1, and carries octets both ways, however long nothing comes", async () => {
    const seen: unknown[] = [];
    const server = await started(
      (exchange) => {
        const { method, target, upgrade, hasBody, fields } = exchange.head;
        seen.push({ method, target, upgrade, hasBody, asked: [fields.get("upgrade"), fields.get("connection")] });
        const duplex = exchange.switchProtocols("websocket", ["X-A", "b"]);
        duplex.start({
          onBytes: (bytes) => void duplex.write(Buffer.from(bytes)),
          onEnd: () => duplex.shutdown(),
          onDrain() {},
          onClose: () => void seen.push("closed"),
        });
      },
      { ...allowing, limits: { bodyTimeoutMs: 1 } },
    );
    const client = await connected(server);
    client.request(1, CONNECT, 4);
    await until("it is answered", () => client.of(FRAME.HEADERS, 1).length === 1);
    expect(client.of(FRAME.SETTINGS)[0]!.payload.includes(Buffer.from([0, 8, 0, 0, 0, 1]))).toBe(true);
    expect(client.headOf(client.of(FRAME.HEADERS, 1)[0]!)).toMatchObject({ ":status": "200", "x-a": "b" });
    client.frame(FRAME.DATA, 0, 1, "one");
    await until("it comes back", () => client.bodyOf(1) === "one");
    // Several sweeps of deadlines.
    await Bun.sleep(500);
    client.frame(FRAME.DATA, 0, 1, "two");
    await until("it comes back", () => client.bodyOf(1) === "onetwo");
    client.frame(FRAME.DATA, 1, 1);
    await until("the stream ends", () => client.isEnded(1));
    await until("the server is told", () => seen.includes("closed"));
    expect(seen[0]).toEqual({
      method: "GET",
      target: "/chat?a=b",
      upgrade: true,
      hasBody: false,
      asked: ["websocket", "Upgrade"],
    });
  });

  test("is not one by any other answer", async () => {
    const server = await started(
      (exchange) => exchange.answer({ status: exchange.head.target === "/no" ? 403 : 200 }, "x"),
      allowing,
    );
    const client = await connected(server);
    client.request(1, CONNECT, 4);
    client.request(3, { ...CONNECT, ":path": "/no" }, 4);
    await until("both are answered", () => client.isEnded(1) && client.isEnded(3));
    const heads = [1, 3].map((id) => client.headOf(client.of(FRAME.HEADERS, id)[0]!)[":status"]);
    expect(heads).toEqual(["501", "403"]);
    expect([client.bodyOf(1), client.bodyOf(3)]).toEqual(["", "x"]);
  });

  test("is malformed without what it needs", async () => {
    const server = await started(hello, allowing);
    const wrong: Record<string, string>[] = [
      { ":method": "GET" },
      { ":path": "-" },
      { ":scheme": "-" },
      { ":protocol": "web socket" },
      { ":authority": "-" },
      { ":path": "*" },
    ];
    for (const more of wrong) {
      const client = await connected(server);
      client.request(1, { ...CONNECT, ...more }, 4);
      await until("it is reset", () => client.resetOf(1) !== undefined);
      expect(client.resetOf(1)).toBe(CODE.PROTOCOL_ERROR);
    }
  });
});
