import { afterEach, expect, test } from "bun:test";
import { configProblems, testExchange, testHost } from "../../testing/index.ts";
import { lambda } from "./lambda.ts";
import { said } from "./testing/dispatching.ts";
import { closeGateways, testGateway } from "./testing/gateway.ts";
import { closeServers, saying, testServer } from "./testing/servers.ts";

afterEach(async () => {
  await closeGateways();
  await closeServers();
});

test("lambda passes requests on to the function's address, and its response back", async () => {
  const server = await testServer(async (exchange) => {
    const body = (await exchange.body.bytes(1 << 20)).toString();
    exchange.answer({ status: 201, fields: ["Set-Cookie", "a=1", "Set-Cookie", "b=2"] }, body.toUpperCase());
  });
  const config = { url: `${server.url}/`, timeout: 5, pass_through_headers: true };
  const gateway = await testGateway("lambda", config);
  const answer = await fetch(gateway.url("/things?q=1"), {
    method: "POST",
    body: "event",
    headers: { "X-Mine": "yes" },
  });
  expect([answer.status, await answer.text(), answer.headers.getSetCookie()]).toEqual([201, "EVENT", ["a=1", "b=2"]]);
  expect(server.asked[0]).toMatchObject({ method: "POST", target: "/things?q=1" });
  expect(server.asked[0]?.fields).toMatchObject({ host: `127.0.0.1:${server.port}`, "x-mine": "yes" });
});

test("lambda keeps the client's fields to itself when it is told to", async () => {
  const server = await testServer(saying("done"));
  const config = { url: server.url, timeout: 5, pass_through_headers: false };
  const dispatcher = await lambda.setup(config, testHost());
  const headers = { cookie: "secret=1", authorization: "Bearer x", "content-type": "text/csv" };
  const answer = await dispatcher.dispatch(testExchange({ method: "POST", body: "a,b", headers }));
  expect(await said(answer)).toEqual([200, "done"]);
  expect(Object.keys(server.asked[0]!.fields).sort()).toEqual([
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
  ]);
});

test("lambda tells of functions that take too long, after one request", async () => {
  const silent = await testServer(() => {});
  const dispatcher = await lambda.setup({ url: silent.url, timeout: 0.2, pass_through_headers: true }, testHost());
  expect((await dispatcher.dispatch(testExchange())).status).toBe(504);
  expect(silent.asked.length).toBe(1);
  expect(configProblems("lambda", { url: "https://a.example", timeout: 901 })).not.toEqual([]);
  expect(configProblems("lambda", { url: "https://a.example" })).toEqual([]);
});
