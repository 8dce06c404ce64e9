import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import {
  createHttpPool,
  type HttpCallError,
  type HttpRequest,
  type HttpServer,
  httpRequest,
  serveHttp,
} from "./index.ts";

let server: HttpServer;
let silent: Server;
const silentSockets = new Set<Socket>();
let last: HttpRequest | undefined;
const peers = new Set<string>();
const pool = createHttpPool(4);

beforeAll(async () => {
  server = await serveHttp({
    port: 0,
    handler: async (request) => {
      last = request;
      peers.add(request.headers.get("x-peer") ?? "");
      switch (request.path) {
        case "/break":
          return {
            status: 200,
            contentLength: 10,
            body: (async function* () {
              yield Buffer.from("abc");
              throw new Error("broke");
            })(),
          };
        case "/stall":
          return {
            status: 200,
            body: (async function* () {
              yield Buffer.from("abc");
              await new Promise(() => {});
            })(),
          };
        default:
          return { status: 200, headers: [["x-method", request.method]], body: await request.body.bytes(1e6) };
      }
    },
  });
  silent = createServer((socket) => {
    silentSockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  pool.close();
  for (const socket of silentSockets) socket.destroy();
  silent.close();
  await server.close(0);
});

const silentUrl = (): string => {
  const address = silent.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
};

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: HttpCallError) => error.failure,
  );

describe("a kept connection that its server cuts when it is used again", () => {
  /** Answers the first request of each of so many connections and cuts them at the second; later ones answer both. */
  async function cutting(
    times: number,
    run: (url: string, pool: ReturnType<typeof createHttpPool>) => Promise<void>,
  ): Promise<number> {
    let connections = 0;
    const cutter = createServer((socket) => {
      const isCut = ++connections <= times;
      let requests = 0;
      socket.on("error", () => {});
      socket.on("data", () => {
        if (isCut && ++requests === 2) socket.resetAndDestroy();
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    await new Promise<void>((resolve) => cutter.listen(0, "127.0.0.1", resolve));
    const own = createHttpPool(1);
    try {
      const url = `http://127.0.0.1:${(cutter.address() as { port: number }).port}/`;
      await (await httpRequest({ url, pool: own })).text();
      await run(url, own);
    } finally {
      own.close();
      cutter.close();
    }
    return connections;
  }

  test("what is safe is sent once more, on another connection", async () => {
    const connections = await cutting(1, async (url, pool) =>
      expect(await (await httpRequest({ url, pool })).text()).toBe("ok"),
    );
    expect(connections).toBe(2);
  });

  test("what may change something is not", async () => {
    for (const call of [{ method: "POST" }, { method: "DELETE" }, { method: "GET", body: "x" }]) {
      const connections = await cutting(1, async (url, pool) =>
        expect(httpRequest({ url, pool, ...call })).rejects.toThrow("cannot be reached"),
      );
      expect(connections).toBe(1);
    }
  });
});

describe("httpRequest", () => {
  test("sends the target untouched and headers as given", async () => {
    await (
      await httpRequest({
        url: server.url,
        target: "/a/../b//%zz?x",
        headers: [
          ["X-A", "1"],
          ["x-a", "2"],
        ],
        pool,
      })
    ).discard();
    expect(last?.target).toBe("/a/../b//%zz?x");
    expect(last?.headers.all("x-a")).toEqual(["1", "2"]);
    expect(last?.host).toBe(`127.0.0.1:${server.port}`);
    await expect(httpRequest({ url: server.url, headers: [["x", "a\r\nb: c"]], pool })).rejects.toThrow("cannot carry");
  });

  test("bodies: text, bytes, streams with and without a length", async () => {
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("ab");
      yield Buffer.from("cd");
    };
    const call = async (rest: Partial<Parameters<typeof httpRequest>[0]>): Promise<string> =>
      (await httpRequest({ url: `${server.url}/echo`, method: "PUT", pool, ...rest })).text();
    expect(await call({ body: "héllo" })).toBe("héllo");
    expect(await call({ body: new Uint8Array([97]) })).toBe("a");
    expect(await call({ body: stream(), contentLength: 4 })).toBe("abcd");
    expect(last?.contentLength).toBe(4);
    expect(await call({ body: stream() })).toBe("abcd");
    expect(last?.headers.get("transfer-encoding")).toBe("chunked");
    expect(await call({})).toBe("");
    expect(last?.contentLength).toBe(0);
  });

  test("connections are reused", async () => {
    const before = server.connections;
    for (let i = 0; i < 20; i++) await (await httpRequest({ url: server.url, pool })).text();
    expect(server.connections).toBeLessThanOrEqual(before + 4);
  });

  test("what can go wrong has a name", async () => {
    expect(await failure(httpRequest({ url: "http://127.0.0.1:1/", pool }))).toBe("unreachable");
    expect(await failure(httpRequest({ url: silentUrl(), timeoutMs: 50, pool }))).toBe("timeout");
    const controller = new AbortController();
    const cancelled = failure(httpRequest({ url: silentUrl(), signal: controller.signal, pool }));
    controller.abort();
    expect(await cancelled).toBe("aborted");
    expect(await failure(httpRequest({ url: silentUrl(), signal: controller.signal, pool }))).toBe("aborted");
    expect(await failure((await httpRequest({ url: `${server.url}/break`, pool })).text())).toBe("broken");
    expect(await failure((await httpRequest({ url: `${server.url}/stall`, timeoutMs: 50, pool })).text())).toBe(
      "timeout",
    );
    const large = await httpRequest({ url: server.url, method: "PUT", body: "x".repeat(100), pool });
    expect(await failure(large.bytes(99))).toBe("tooLarge");
    await expect(httpRequest({ url: "ftp://x/" })).rejects.toThrow(TypeError);
  });
});
