import { afterEach, describe, expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import { type Server, serve } from "#foundation/http1";
import { configProblems, type TestRequest, testExchange, testHost, textOf } from "../../testing/index.ts";
import { opaAuthz } from "./opa-authz.ts";

let server: Server | undefined;
afterEach(() => server?.close(0));

/** An agent that says the same to everybody (undefined: nothing at all), and a door that asks it. */
async function world(said: unknown, config: object = {}, status = 200) {
  const questions: unknown[] = [];
  server = await serve({
    port: 0,
    onExchange(exchange) {
      void exchange.body.bytes(100_000).then((body) => {
        questions.push({ target: exchange.head.target, ...JSON.parse(body.toString()) });
        if (said !== undefined) exchange.answer({ status }, JSON.stringify(said));
      });
    },
  });
  const whole = {
    opa_url: `http://127.0.0.1:${server.port}/v1/data/shop/allow`,
    timeout: 5,
    include_body: false,
    include_claims: true,
    ...config,
  };
  const middleware = await opaAuthz.setup(whole as JsonObject, testHost());
  const ask = (request: TestRequest = {}) => middleware.onRequest!(testExchange(request));
  return { ask, questions };
}

const REQUEST: TestRequest = {
  method: "PUT",
  target: "/pets/7?dry=1",
  headers: { Authorization: "Bearer secret", Cookie: "a=secret", "X-Tier": "gold", "x-consumer": "root" },
  pathParameters: { id: "7" },
  identity: { consumer: "ann", by: "test", groups: ["staff"], scopes: ["write"], claims: { sub: "ann" } },
};
const TOLD = {
  operation: "PUT /pets/7",
  method: "PUT",
  path: "/pets/7",
  query: "dry=1",
  headers: { "x-tier": "gold", "x-consumer": "root" },
  path_params: { id: "7" },
  client_ip: "203.0.113.7",
  consumer: "ann",
  groups: ["staff"],
  scopes: ["write"],
};

describe("opa-authz", () => {
  test("tells the agent what is asked and who was verified, and no credentials", async () => {
    const { ask, questions } = await world({ result: true });
    expect(await ask(REQUEST)).toBeUndefined();
    expect(questions).toEqual([{ target: "/v1/data/shop/allow", input: { ...TOLD, claims: { sub: "ann" } } }]);
  });

  test("claims are told only when they are to be, and nobody is nobody", async () => {
    const { ask, questions } = await world({ result: { allow: true } }, { include_claims: false });
    expect(await ask({ ...REQUEST, identity: undefined })).toBeUndefined();
    expect(questions).toEqual([
      { target: "/v1/data/shop/allow", input: { ...TOLD, consumer: null, groups: [], scopes: [] } },
    ]);
  });

  test.each([
    [{ result: false }],
    [{ result: { allow: false } }],
    [{ result: { allow: "true" } }],
    [{ result: "true" }],
    [{ result: 1 }],
    [{ result: null }],
    [{ allow: true }],
    [{}],
    [[]],
    [true],
  ])("%p allows nothing", async (said) => {
    const { ask } = await world(said, { deny_message: "Not on Sundays." });
    const answer = await ask(REQUEST);
    expect([answer?.status, JSON.parse(textOf(answer))]).toEqual([
      403,
      expect.objectContaining({ code: "opa-denied", detail: "Not on Sundays." }),
    ]);
  });

  test.each([
    ["fails", { result: true }, 500],
    ["is somewhere else", { result: true }, 302],
    ["says too much", { result: true, filler: "x".repeat(300_000) }, 200],
  ])("an agent that %s lets nobody in", async (_, said, status) => {
    const { ask } = await world(said, {}, status);
    const answer = await ask(REQUEST);
    expect([answer?.status, JSON.parse(textOf(answer)).code]).toEqual([503, "authorization-unavailable"]);
  });

  test("an agent that is away, or says nothing in time, lets nobody in", async () => {
    const silent = await world(undefined, { timeout: 0.05 });
    expect((await silent.ask(REQUEST))?.status).toBe(503);
    await server?.close(0);
    expect((await silent.ask(REQUEST))?.status).toBe(503);
  });

  test("nobody is asked on behalf of a client that has gone", async () => {
    const { ask: _, questions } = await world({ result: true });
    const gone = { ...testExchange(REQUEST), signal: AbortSignal.abort() };
    const middleware = await opaAuthz.setup(
      { opa_url: `http://127.0.0.1:${server!.port}/`, timeout: 5, include_claims: true } as JsonObject,
      testHost(),
    );
    expect((await middleware.onRequest!(gone))?.status).toBe(503);
    expect(questions).toEqual([]);
  });

  test("the compiler knows that there are no bodies yet", () => {
    expect(configProblems("opa-authz", { opa_url: "https://opa.example/v1/data/a" })).toEqual([]);
    expect(configProblems("opa-authz", { opa_url: "https://opa.example/v1/data/a", include_body: true })).toEqual([
      "/include_body Bodies cannot be included: nobody has read them when it is decided who may come in.",
    ]);
    expect(configProblems("opa-authz", { opa_url: "opa.example" })).not.toEqual([]);
  });
});
