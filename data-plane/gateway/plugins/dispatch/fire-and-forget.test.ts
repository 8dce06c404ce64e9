import { afterEach, describe, expect, test } from "bun:test";
import { until } from "../../../../tests/support/until.ts";
import { configProblems, testExchange, testHost, textOf } from "../../testing/index.ts";
import { fireAndForget } from "./fire-and-forget.ts";
import { closeGateways, testGateway } from "./testing/gateway.ts";
import { closeServers, deadUrl, saying, testServer } from "./testing/servers.ts";

afterEach(async () => {
  await closeGateways();
  await closeServers();
});

const RESPONSE = { status: 202, headers: {}, content_type: "application/json", body: "" };
const configOf = (url: string, more: object = {}) => ({
  url,
  timeout_ms: 5000,
  max_in_flight: 10,
  response: RESPONSE,
  ...more,
});

describe("fire-and-forget", () => {
  test("answers before the server does, and the server gets everything", async () => {
    const held = Promise.withResolvers<void>();
    const bodies: string[] = [];
    const server = await testServer(async (exchange) => {
      await held.promise;
      bodies.push((await exchange.body.bytes(1 << 20)).toString());
      exchange.answer({ status: 200 });
    });
    const response = { ...RESPONSE, body: '{"taken":true}', headers: { "X-Taken": "1" } };
    const gateway = await testGateway("fire-and-forget", configOf(`${server.url}/base`, { response }));
    for (const body of ["one", "two"]) {
      const answer = await fetch(gateway.url("/things?q=1"), { method: "POST", body, headers: { "X-Mine": body } });
      expect([answer.status, answer.headers.get("x-taken"), await answer.json()]).toEqual([202, "1", { taken: true }]);
    }
    held.resolve();
    await until("both have come", () => bodies.length === 2);
    expect(bodies.sort()).toEqual(["one", "two"]);
    expect(server.asked.map(({ method, target }) => `${method} ${target}`)).toEqual([
      "POST /base/things?q=1",
      "POST /base/things?q=1",
    ]);
    expect(server.asked.map(({ fields }) => fields["x-mine"]).sort()).toEqual(["one", "two"]);
  });

  test("refuses what would be too much at a time, and sends nothing of it; a reload changes nothing", async () => {
    const held = Promise.withResolvers<void>();
    const server = await testServer((exchange) => void held.promise.then(() => exchange.answer({ status: 200 })));
    const host = testHost();
    const config = configOf(server.url, { max_in_flight: 2 });
    const first = await fireAndForget.setup(config, host);
    const second = await fireAndForget.setup(config, host);
    const statuses: number[] = [];
    for (const one of [first, second, first, second]) statuses.push((await one.dispatch(testExchange())).status);
    expect(statuses).toEqual([202, 202, 503, 503]);
    await until("two have come", () => server.asked.length === 2);
    held.resolve();
    await until("there is room again", async () => (await first.dispatch(testExchange())).status === 202);
  });

  test("counts what is lost, and loses nobody else's place", async () => {
    const host = testHost();
    const config = configOf(await deadUrl(), { max_in_flight: 1 });
    const dispatcher = await fireAndForget.setup(config, host);
    for (let i = 0; i < 3; i++) {
      await until("there is room", async () => (await dispatcher.dispatch(testExchange())).status === 202);
    }
    await until("all are counted", () =>
      /biplane_gateway_background_requests_total\{outcome="lost"\} 3/.test(host.metrics.expose()),
    );
  });

  test("a server that never answers is given up", async () => {
    const silent = await testServer(() => {});
    const host = testHost();
    const dispatcher = await fireAndForget.setup(configOf(silent.url, { max_in_flight: 1, timeout_ms: 150 }), host);
    expect((await dispatcher.dispatch(testExchange())).status).toBe(202);
    expect((await dispatcher.dispatch(testExchange())).status).toBe(503);
    await until("it is given up", async () => (await dispatcher.dispatch(testExchange())).status === 202);
  });

  test("holds a body that is changed afterwards as it was", async () => {
    const bodies: string[] = [];
    const server = await testServer(async (exchange) => {
      bodies.push((await exchange.body.bytes(100)).toString());
      exchange.answer({ status: 200 });
    });
    const dispatcher = await fireAndForget.setup(configOf(server.url), testHost());
    const body = Buffer.from("before");
    const answer = await dispatcher.dispatch(testExchange({ method: "POST", body }));
    body.write("after!");
    await until("it has come", () => bodies.length === 1);
    expect([bodies, textOf(answer)]).toEqual([["before"], ""]);
  });

  test("configurations that do not fit are refused by the compiler", () => {
    const url = "https://a.example";
    expect(configProblems("fire-and-forget", { url, response: { status: 101 } })).not.toEqual([]);
    expect(configProblems("fire-and-forget", { url, response: { headers: { Connection: "x" } } })).toEqual([
      expect.stringContaining("/response/headers/Connection"),
    ]);
    expect(configProblems("fire-and-forget", { url, timeout_ms: 100, response: { body: "{}" } })).toEqual([]);
  });
});

test("a small answer of the server is thrown away, and its connection used again", async () => {
  const server = await testServer(saying("thanks"));
  const host = testHost();
  const origin = { address: { kind: "tcp", host: "127.0.0.1", port: server.port } } as const;
  const dispatcher = await fireAndForget.setup(configOf(server.url), host);
  for (let i = 1; i <= 3; i++) {
    await dispatcher.dispatch(testExchange());
    await until("its connection is free", () => server.asked.length === i && host.pool.counts(origin).idle === 1);
  }
  await until("all is quiet", () => host.pool.counts(origin).idle === 1);
  expect(host.pool.counts(origin)).toEqual({ idle: 1, open: 1, waiting: 0 });
});
