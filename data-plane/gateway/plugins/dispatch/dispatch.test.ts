import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import type { JsonObject } from "#foundation/gateway-artifact";
import { type Server, type ServerExchange, serve } from "#foundation/http1";
import { until } from "../../../../tests/support/until.ts";
import { configProblems, testExchange, testHost, textOf } from "../../testing/index.ts";
import { targetOf, upstreamOf } from "../upstream-address.ts";
import { mock } from "./mock.ts";
import { closeGateways, type TestGateway, testGateway } from "./testing/gateway.ts";

const open: { close(graceMs?: number): unknown }[] = [];
afterEach(async () => {
  await closeGateways();
  for (const one of open.splice(0)) await one.close(0);
});

describe("mock", () => {
  const answerOf = async (config: object, request = {}) => {
    const defaults = { status: 200, body: "", headers: {}, content_type: "application/json" };
    return (await mock.setup({ ...defaults, ...config } as never, testHost())).dispatch(testExchange(request));
  };

  test("answers what is written, and puts in what was asked", async () => {
    const answer = await answerOf(
      {
        status: 201,
        body: '{"id":"{{path_params.id}}","via":"{{headers.X-Via}}","m":"{{request.method}}"}',
        headers: { "X-A": "1" },
      },
      { method: "POST", pathParameters: { id: 'a"b' }, headers: { "x-via": "me" } },
    );
    expect(answer.status).toBe(201);
    expect(answer.headers.toRaw()).toEqual(["Content-Type", "application/json", "X-A", "1"]);
    expect(JSON.parse(textOf(answer))).toEqual({ id: 'a"b', via: "me", m: "POST" });
  });

  test("has no body where none may be", async () => {
    expect(await answerOf({ status: 204, body: "x" })).toMatchObject({ status: 204, body: null });
  });
});

describe("where requests go", () => {
  test.each([
    ["https://a.example", { path: "/x", query: "" }, undefined, "/x"],
    ["https://a.example/base/", { path: "/x%2Fy", query: "q=1" }, undefined, "/base/x%2Fy?q=1"],
    ["https://a.example", { path: "/", query: "" }, "/v2/{id}/z", "/v2/a%2Fb/z"],
    ["https://a.example", { path: "/", query: "" }, "/{rest+}", "/c/d%20e"],
  ] as const)("%s %p with %p", (url, request, path, expected) => {
    const pathParameters = { id: "a/b", rest: "c/d e" };
    expect(targetOf(upstreamOf(url).basePath, path)({ ...request, pathParameters })).toBe(expected);
  });

  test("addresses that are none are refused by the compiler", () => {
    expect(configProblems("http-upstream", { url: "ftp://a" })).not.toEqual([]);
    expect(configProblems("http-upstream", { url: "https://a", urll: 1 })).not.toEqual([]);
    expect(configProblems("http-upstream", { url: "https://a", timeout: 0 })).not.toEqual([]);
    expect(configProblems("http-upstream", { url: "https://a" })).toEqual([]);
  });
});

/** A gateway with `http-upstream` for `GET /things/{id}` and `POST /things`. */
const gatewayTo = (port: number, config: JsonObject = {}): Promise<TestGateway> =>
  testGateway("http-upstream", {
    url: `http://127.0.0.1:${port}/base`,
    timeout: 5,
    idle_timeout: 5,
    preserve_host: false,
    ...config,
  });

async function upstream(onExchange: (exchange: ServerExchange) => void): Promise<Server> {
  const server = await serve({ port: 0, onExchange });
  open.push(server);
  return server;
}

/** A server that speaks octets. */
async function rawServer(onSocket: (socket: Socket) => void): Promise<number> {
  const server: NetServer = createServer(onSocket).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({ close: () => server.close() });
  return (server.address() as { port: number }).port;
}

describe("http-upstream", () => {
  test("passes requests on, says who asks, and gives everything back", async () => {
    let seen: Record<string, string> = {};
    let target = "";
    const server = await upstream((exchange) => {
      target = exchange.head.target;
      const raw = exchange.head.fields.toRaw();
      seen = Object.fromEntries(raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1]!]] : [])));
      const fields = ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-Odd", "1", "Content-Type", "text/plain"];
      exchange.answer({ status: 203, fields }, "from there");
    });
    const gateway = await gatewayTo(server.port);
    const answer = await fetch(gateway.url("/things/7?x=%20"), {
      headers: { "x-forwarded-for": "6.6.6.6", "x-request-id": "abc", "x-mine": "yes" },
    });
    expect([answer.status, await answer.text(), answer.headers.getSetCookie()]).toEqual([
      203,
      "from there",
      ["a=1", "b=2"],
    ]);
    expect(target).toBe("/base/things/7?x=%20");
    expect(seen).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-request-id": "abc",
      "x-mine": "yes",
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/),
    });
  });

  test("streams both ways, more than any buffer holds", async () => {
    const server = await upstream(async (exchange) => {
      exchange.begin({ status: 200 }, undefined);
      for await (const chunk of exchange.body) {
        if (!exchange.write(Buffer.from(chunk))) await new Promise<void>((resolve) => (exchange.onDrain = resolve));
      }
      exchange.end();
    });
    const gateway = await gatewayTo(server.port);
    const body = Buffer.alloc(20 * 1024 * 1024, "0123456789");
    const answer = await fetch(gateway.url("/things"), { method: "POST", body });
    expect(Bun.hash(await answer.arrayBuffer())).toBe(Bun.hash(body));
  });

  test.each([
    ["nobody listens", (socket: Socket) => socket.destroy(), 502],
    ["what is no HTTP", (socket: Socket) => socket.end("hello\r\n\r\n"), 502],
    ["silence", () => {}, 504],
  ] as const)("%s is told as a problem, after one request", async (_, behave, status) => {
    let connections = 0;
    const port = await rawServer((socket) => {
      connections++;
      socket.on("error", () => {});
      socket.once("data", () => behave(socket));
    });
    const gateway = await gatewayTo(port, { timeout: 0.3 });
    const answer = await fetch(gateway.url("/things/1"));
    expect([answer.status, connections]).toEqual([status, 1]);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  test("a response that breaks off breaks off here too", async () => {
    const port = await rawServer((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
        socket.end();
      });
    });
    const gateway = await gatewayTo(port);
    const answer = await fetch(gateway.url("/things/1"));
    await expect(answer.text()).rejects.toThrow();
  });

  test("responses without a body keep what they say of one", async () => {
    const server = await upstream((exchange) => {
      const { target } = exchange.head;
      if (target.endsWith("/head")) exchange.begin({ status: 200 }, 1000);
      else exchange.begin({ status: Number(target.slice(-3)), fields: ["ETag", '"a"'] }, undefined);
      exchange.end();
    });
    const gateway = await gatewayTo(server.port);
    const head = await fetch(gateway.url("/things/head"), { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "1000", ""]);
    for (const status of [204, 304]) {
      const answer = await fetch(gateway.url(`/things/${status}`));
      expect([answer.status, answer.headers.get("etag"), await answer.text()]).toEqual([status, '"a"', ""]);
    }
  });

  test("a client that goes away takes its request to the upstream with it", async () => {
    const gone = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const server = await upstream((exchange) => {
      exchange.onGone = gone.resolve;
      asked.resolve();
    });
    const gateway = await gatewayTo(server.port);
    const leaving = new AbortController();
    const call = fetch(gateway.url("/things/1"), { signal: leaving.signal }).catch(() => undefined);
    await asked.promise;
    leaving.abort();
    await gone.promise;
    await call;
    await until("the request has ended", () => gateway.ended.length === 1);
    expect(gateway.ended[0]).toMatchObject({ status: 499, complete: false });
  });
});
