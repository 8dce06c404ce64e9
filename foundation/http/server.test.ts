import { afterEach, describe, expect, test } from "bun:test";
import { type HttpRequest, serveHttp } from "./index.ts";
import { rawClient, rawExchange } from "./testing/raw-client.ts";
import { chunks, failing, get, parse, status, testServers } from "./testing/server-fixture.ts";

const { start, close } = testServers();
afterEach(close);

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
