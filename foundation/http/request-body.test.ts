import { afterEach, describe, expect, test } from "bun:test";
import { BodyError, type HttpHandler } from "./index.ts";
import { rawClient, rawExchange } from "./testing/raw-client.ts";
import { get, ok, parse, post, status, testServers } from "./testing/server-fixture.ts";

const { start, close } = testServers();
afterEach(close);

describe("request bodies", () => {
  const echo: HttpHandler = async (request) => ({ status: 200, body: await request.body.text(100) });

  test("by length and chunked, whole and streamed", async () => {
    const server = await start(async (request) => {
      if (request.path === "/bytes") return echo(request);
      const parts: string[] = [];
      for await (const chunk of request.body) parts.push(Buffer.from(chunk).toString());
      return { status: 200, body: `${parts.join("")}|${request.body.rawTrailers.join("=")}` };
    });
    expect(parse(await rawExchange(server.port, post("/bytes", "hello"))).body).toBe("hello");
    expect(parse(await rawExchange(server.port, post("/stream", "hello"))).body).toBe("hello|");
    const chunked =
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: v\r\n\r\n";
    expect(parse(await rawExchange(server.port, chunked)).body).toBe("hello|X-T=v");
    expect(parse(await rawExchange(server.port, get("/stream"))).body).toBe("|");
  });

  test("a body can be echoed while it is being read", async () => {
    const server = await start((request) => ({
      status: 200,
      body: request.body,
      contentLength: request.contentLength,
    }));
    const client = await rawClient(server.port);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc");
    await client.until((received) => received.endsWith("\r\n\r\nabc"));
    client.send(`def${get("/second")}`);
    const answers = await client.until((received) => (received.match(/HTTP\/1.1 200/g)?.length ?? 0) === 2);
    expect(answers).toContain("\r\n\r\nabcdefHTTP/1.1 200");
    client.destroy();
  });

  test("too large: refused by the announced length before reading, or while reading", async () => {
    const server = await start(echo);
    const announced = await rawExchange(server.port, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n");
    expect(status(announced)).toBe(413);
    expect(JSON.parse(parse(announced).body).code).toBe("PAYLOAD_TOO_LARGE");
    const chunked = `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n${"a".repeat(101)}\r\n`;
    expect(status(await rawExchange(server.port, chunked))).toBe(413);
  });

  test("read twice: a mistake that is told", async () => {
    const server = await start(async (request) => {
      await request.body.bytes(10);
      await request.body.bytes(10);
      return { status: 200 };
    });
    expect(status(await rawExchange(server.port, post("/", "a")))).toBe(500);
  });

  test("a client that ends the body early is told apart from a complete one", async () => {
    const errors: string[] = [];
    const server = await start(async (request) => {
      try {
        return await echo(request);
      } catch (error) {
        errors.push(error instanceof BodyError ? error.code : "?");
        throw error;
      }
    });
    for (const text of [
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhello",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ]) {
      const client = await rawClient(server.port);
      client.send(text);
      client.socket.end();
      expect(status(await client.closed())).toBe(400);
    }
    const broken = await rawClient(server.port);
    broken.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhel");
    expect(status(await broken.closed())).toBe(400);
    expect(errors).toEqual(["IncompleteBody", "IncompleteBody", "IncompleteBody"]);
  });

  test("a body that stops coming ends in 408 and a closed connection", async () => {
    const server = await start(echo, { limits: { bodyIdleTimeoutMs: 60 } });
    const client = await rawClient(server.port);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
    expect(status(await client.closed())).toBe(408);
  });
});

describe("Expect: 100-continue", () => {
  const expecting = (length: number): string =>
    `PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;

  test("100 Continue is sent when the handler first reads, not before", async () => {
    const gate = Promise.withResolvers<void>();
    const server = await start(async (request) => {
      await gate.promise;
      return { status: 200, body: await request.body.text(10) };
    });
    const client = await rawClient(server.port);
    client.send(expecting(5));
    // A second connection is answered in between: the first had its chance to be told to go on.
    expect(status(await rawExchange(server.port, "GET / HTTP/1.1\r\n\r\n"))).toBe(400);
    expect(client.received()).toBe("");
    gate.resolve();
    await client.until((received) => received === "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    await client.until((received) => received.endsWith("hello"));
    client.destroy();
  });

  test("an early refusal closes, so that a body sent anyway is never taken for a request", async () => {
    let handled = 0;
    const server = await start(() => {
      handled++;
      return { status: 403, body: "no" };
    });
    const client = await rawClient(server.port);
    client.send(expecting(35));
    const answer = await client.until((received) => received.endsWith("no"));
    expect(answer).not.toContain("100 Continue");
    expect(answer).toMatch(/connection: close/i);
    client.send(get("/smuggled"));
    client.socket.end();
    await client.closed();
    expect(handled).toBe(1);
  });

  test("another expectation is 417, and one of HTTP/1.0 is none", async () => {
    const server = await start(ok);
    expect(status(await rawExchange(server.port, get("/", "Expect: miracles\r\n")))).toBe(417);
    const old = "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\na";
    expect(await rawExchange(server.port, old)).toStartWith("HTTP/1.1 200 ");
  });

  test("an expectation without a body keeps the connection", async () => {
    const server = await start(ok);
    const client = await rawClient(server.port);
    client.send(expecting(0) + get("/"));
    await client.until((received) => received.match(/HTTP\/1.1 200/g)?.length === 2);
    client.destroy();
  });
});

describe("bodies that nobody reads", () => {
  test("a small rest is dropped and the connection goes on with the next request", async () => {
    const targets: string[] = [];
    const server = await start((request) => {
      targets.push(request.target);
      return { status: 200, body: "ok" };
    });
    const client = await rawClient(server.port);
    client.send("POST /first HTTP/1.1\r\nHost: h\r\nContent-Length: 28\r\n\r\nGET /smuggled");
    await client.until((received) => received.endsWith("ok"));
    client.send(` HTTP/1.1\r\n\r\n..${get("/second")}`);
    await client.until((received) => received.match(/HTTP\/1.1 200/g)?.length === 2);
    expect(targets).toEqual(["/first", "/second"]);
    client.destroy();
  });

  test("a large rest closes the connection, and the client still gets the answer", async () => {
    const server = await start(() => ({ status: 403, body: "refused" }));
    const client = await rawClient(server.port);
    const total = 20_000_000;
    client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${total}\r\n\r\n`);
    client.send(new Uint8Array(total));
    const answer = await client.closed();
    expect(status(answer)).toBe(403);
    expect(answer).toMatch(/connection: close/i);
    expect(answer).toEndWith("refused");
  });

  test("a client that sends everything before it reads is not interrupted", async () => {
    const server = await start(() => ({ status: 403, body: "refused" }));
    const client = await rawClient(server.port);
    let broke = false;
    client.socket.on("error", () => {
      broke = true;
    });
    client.socket.pause();
    const total = 20_000_000;
    client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${total}\r\n\r\n`);
    const sent = new Promise((resolve) => client.socket.write(new Uint8Array(total), resolve));
    await sent;
    client.socket.resume();
    expect(status(await client.closed())).toBe(403);
    expect(broke).toBe(false);
  });

  test("a small rest that never comes ends in a closed connection", async () => {
    const server = await start(ok, { limits: { bodyIdleTimeoutMs: 60 } });
    const client = await rawClient(server.port);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhel");
    expect(await client.closed()).toEndWith("ok");
  });

  test("discard() reads the rest", async () => {
    const server = await start(async (request) => {
      await request.body.discard();
      return { status: 200, body: String(request.body.received) };
    });
    expect(parse(await rawExchange(server.port, post("/", "x".repeat(1000)))).body).toBe("1000");
  });
});
