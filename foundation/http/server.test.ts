import { afterEach, describe, expect, test } from "bun:test";
import {
  BodyError,
  type HttpHandler,
  type HttpRequest,
  type HttpServer,
  type HttpServerOptions,
  serveHttp,
} from "./index.ts";
import { rawClient, rawExchange } from "./testing/raw-client.ts";

const servers: HttpServer[] = [];

async function start(handler: HttpHandler, options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = await serveHttp({ port: 0, handler, ...options });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

const ok: HttpHandler = () => ({ status: 200, body: "ok" });
const get = (target: string, extra = ""): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${extra}\r\n`;
const post = (target: string, body: string, extra = ""): string =>
  `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n${extra}\r\n${body}`;
const status = (answer: string): number => Number(answer.slice(9, 12));

/** Header names in lower case; the body after the empty line. */
function parse(answer: string): { status: number; headers: Map<string, string>; body: string } {
  const end = answer.indexOf("\r\n\r\n");
  const lines = answer.slice(0, end).split("\r\n").slice(1);
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  return { status: status(answer), headers, body: answer.slice(end + 4) };
}

describe("what a handler sees", () => {
  async function seen(text: string): Promise<HttpRequest> {
    let request: HttpRequest | undefined;
    const server = await start((received) => {
      request = received;
      return { status: 200 };
    });
    await rawExchange(server.port, text);
    return request!;
  }

  test("the target is raw: neither dots nor escapes nor double slashes are touched", async () => {
    const request = await seen(get("/a/../b//c%2F%zz/./?x=%41&&y?z"));
    expect(request.target).toBe("/a/../b//c%2F%zz/./?x=%41&&y?z");
    expect(request.path).toBe("/a/../b//c%2F%zz/./");
    expect(request.query).toBe("x=%41&&y?z");
  });

  test("headers keep order, case and repetitions", async () => {
    const request = await seen(get("/", "X-A: 1\r\nx-a: 2\r\nX-Sp:  a  b \r\nX-Empty:\r\n"));
    expect(request.headers.raw).toEqual(["Host", "h", "X-A", "1", "x-a", "2", "X-Sp", "a  b", "X-Empty", ""]);
    expect(request.headers.get("x-a")).toBe("1, 2");
    expect(request.headers.all("x-a")).toEqual(["1", "2"]);
    expect(request.headers.get("x-empty")).toBe("");
    expect(request.headers.has("x-empty")).toBe(true);
    expect(request.headers.get("x-b")).toBeUndefined();
    expect(request.headers.all("x-b")).toEqual([]);
    expect(request.host).toBe("h");
    expect(request.remoteAddress).toBe("127.0.0.1");
  });

  test("an absolute-form target gives path and authority", async () => {
    const request = await seen(get("http://x.y:8/a/../b?c"));
    expect([request.path, request.query, request.host]).toEqual(["/a/../b", "c", "x.y:8"]);
  });

  test("request ids are 16 upper-case hex digits, sent back in x-request-id", async () => {
    const ids = new Set<string>();
    const server = await start((request) => {
      ids.add(request.id);
      return { status: 200 };
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => rawExchange(server.port, get("/"))));
    expect(ids.size).toBe(20);
    for (const answer of answers) expect(ids.has(parse(answer).headers.get("x-request-id")!)).toBe(true);
    for (const id of ids) expect(id).toMatch(/^[0-9A-F]{16}$/);
  });
});

describe("answers", () => {
  test("text, bytes, null and streams carry the right framing", async () => {
    const server = await start((request) => {
      switch (request.path) {
        case "/text":
          return { status: 200, body: "héllo" };
        case "/bytes":
          return {
            status: 201,
            headers: [
              ["X-Dup", "1"],
              ["X-Dup", "2"],
            ],
            body: new Uint8Array([97, 98]),
          };
        case "/sized":
          return { status: 200, body: chunks("ab", "", "cd"), contentLength: 4 };
        case "/stream":
          return { status: 200, body: chunks("ab", "cd"), trailers: () => [["x-sum", "7"]] };
        default:
          return { status: 202 };
      }
    });
    const text = parse(await rawExchange(server.port, get("/text")));
    expect([text.headers.get("content-length"), text.body]).toEqual(["6", "h\u00c3\u00a9llo"]);
    const bytes = await rawExchange(server.port, get("/bytes"));
    expect(bytes).toContain("X-Dup: 1\r\nX-Dup: 2\r\n");
    expect(bytes.startsWith("HTTP/1.1 201 Created\r\n")).toBe(true);
    expect(parse(await rawExchange(server.port, get("/sized"))).body).toBe("abcd");
    const empty = parse(await rawExchange(server.port, get("/none")));
    expect([empty.status, empty.headers.get("content-length")]).toEqual([202, "0"]);
    const client = await rawClient(server.port);
    client.send(get("/stream"));
    const streamed = await client.until((received) => received.includes("\r\n0\r\n") && received.endsWith("\r\n\r\n"));
    expect(streamed).toContain("Transfer-Encoding: chunked");
    expect(streamed).toEndWith("2\r\nab\r\n2\r\ncd\r\n0\r\nx-sum: 7\r\n\r\n");
    client.destroy();
  });

  test("HEAD, 204 and 304 never have a body; HEAD keeps the length", async () => {
    let returned = false;
    const source = (): AsyncIterable<Uint8Array> => ({
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new Error("must not be read")),
        return: () => {
          returned = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    });
    const server = await start((request) => {
      if (request.path === "/204") return { status: 204, body: "no" };
      if (request.path === "/304") return { status: 304, headers: [["etag", '"x"']] };
      if (request.path === "/stream") return { status: 200, body: source(), contentLength: 1e12 };
      return { status: 200, body: "hello" };
    });
    const client = await rawClient(server.port);
    client.send(
      `HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n${get("/204")}${get("/304")}${get("/last")}`,
    );
    const answers = await client.until((received) => received.endsWith("hello"));
    const heads = answers.split("\r\n\r\n");
    expect(heads.length).toBe(6);
    expect(heads[0]).toContain("Content-Length: 5");
    expect(heads[1]).toContain("Content-Length: 1000000000000");
    expect(heads[2]).not.toMatch(/content-length/i);
    expect(heads[3]).not.toMatch(/content-length/i);
    expect(heads[5]).toBe("hello");
    expect(returned).toBe(true);
    client.destroy();
  });

  test("a header value with CR, LF or NUL never reaches the wire", async () => {
    const server = await start((request) => ({
      status: 200,
      headers: [["x-echo", decodeURIComponent(request.query)]],
      body: "ok",
    }));
    for (const evil of ["a%0d%0aset-cookie:%20x", "a%0ab", "a%00b", "%e2%82%ac"]) {
      const answer = await rawExchange(server.port, get(`/?${evil}`));
      expect(status(answer)).toBe(500);
      expect(answer).not.toContain("set-cookie");
    }
    expect(status(await rawExchange(server.port, get("/?fine")))).toBe(200);
  });

  test("a handler's content-length stands for the length, its other framing headers are dropped", async () => {
    const server = await start(() => ({
      status: 200,
      headers: [
        ["Content-Length", "2"],
        ["Transfer-Encoding", "chunked"],
        ["Keep-Alive", "x"],
        ["Connection", "close"],
      ],
      body: chunks("ab"),
    }));
    const client = await rawClient(server.port);
    client.send(get("/"));
    const answer = await client.closed();
    expect(answer.match(/content-length: 2/gi)?.length).toBe(1);
    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(answer).toEndWith("\r\n\r\nab");
  });
});

describe("failures", () => {
  test("what a handler throws becomes a problem document without its text", async () => {
    const server = await start((request) => {
      if (request.path === "/sync") throw new Error("secret of sync");
      return Promise.reject(new Error("secret of async"));
    });
    for (const path of ["/sync", "/async"]) {
      const answer = parse(await rawExchange(server.port, get(path)));
      expect(answer.status).toBe(500);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(JSON.parse(answer.body)).toMatchObject({ code: "INTERNAL", status: 500, instance: path });
      expect(answer.body).not.toContain("secret");
    }
  });

  test("a stream that fails or has the wrong length breaks the connection instead of ending well", async () => {
    const server = await start((request) => {
      if (request.path === "/fail") return { status: 200, body: failing() };
      if (request.path === "/short") return { status: 200, body: chunks("ab"), contentLength: 5 };
      return { status: 200, body: chunks("ab", "cdefgh"), contentLength: 5 };
    });
    for (const path of ["/fail", "/short", "/long"]) {
      const client = await rawClient(server.port);
      client.send(get(path) + get("/next"));
      const answer = await client.closed();
      expect(answer).toContain("ab");
      expect(answer).not.toContain("0\r\n\r\n");
      expect(answer.match(/HTTP\/1.1/g)?.length).toBe(1);
    }
  });

  test("a sized stream that fails before its first chunk is still an error answer", async () => {
    const server = await start(() => ({ status: 200, body: failing(0), contentLength: 5 }));
    expect(status(await rawExchange(server.port, get("/")))).toBe(500);
  });

  test("onError decides on the answer and sees the request", async () => {
    const server = await start(
      () => {
        throw new TypeError("x");
      },
      { onError: (error, request) => ({ status: 418, body: `${(error as Error).name} ${request.path}` }) },
    );
    expect(parse(await rawExchange(server.port, get("/tea")))).toMatchObject({ status: 418, body: "TypeError /tea" });
  });
});

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

describe("closing", () => {
  test("running exchanges end, idle connections close, new ones are refused", async () => {
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const server = await serveHttp({
      port: 0,
      handler: async (request) => {
        if (request.path === "/slow") {
          arrived.resolve();
          await gate.promise;
        }
        return { status: 200, body: "done" };
      },
    });
    const idle = await rawClient(server.port);
    idle.send(get("/"));
    await idle.until((received) => received.endsWith("done"));
    const busy = await rawClient(server.port);
    busy.send(get("/slow"));
    await arrived.promise;
    const closing = server.close(5000);
    await idle.closed();
    await expect(rawClient(server.port)).rejects.toThrow();
    gate.resolve();
    const answer = await busy.closed();
    expect(answer).toMatch(/connection: close/i);
    expect(answer).toEndWith("done");
    await closing;
    expect(server.connections).toBe(0);
  });

  test("what does not end within the grace is cut", async () => {
    const arrived = Promise.withResolvers<void>();
    const server = await serveHttp({
      port: 0,
      handler: () => {
        arrived.resolve();
        return new Promise(() => {});
      },
    });
    const client = await rawClient(server.port);
    client.send(get("/"));
    await arrived.promise;
    await server.close(10);
    expect(await client.closed()).toBe("");
  });
});

async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function* failing(after = 1): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < after; i++) yield Buffer.from("ab");
  throw new Error("the source broke");
}
