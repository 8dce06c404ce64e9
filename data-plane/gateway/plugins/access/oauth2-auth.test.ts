import { afterEach, describe, expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import { type Server, serve } from "#foundation/http1";
import { createVirtualTime } from "#foundation/runtime";
import { configProblems, testExchange, testHost } from "../../testing/index.ts";
import { oauth2Auth } from "./oauth2-auth.ts";

const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;
const ACTIVE = { active: true, sub: "ann", aud: ["shop", "bank"], scope: "read write", roles: ["admin"] };

let server: Server | undefined;
afterEach(() => server?.close(0));

/** An authorization server, and a door that asks it. */
async function world(answer: () => unknown, config: object = {}, status = 200) {
  const questions: { readonly body: string; readonly authorization: string | undefined }[] = [];
  server = await serve({
    port: 0,
    onExchange(exchange) {
      const authorization = exchange.head.fields.get("authorization");
      void exchange.body.bytes(10_000).then((body) => {
        questions.push({ body: body.toString(), authorization });
        const said = answer();
        exchange.answer({ status }, typeof said === "string" ? said : JSON.stringify(said));
      });
    },
  });
  const whole = {
    introspection_endpoint: `http://127.0.0.1:${server.port}/introspect?tenant=1`,
    client_id: "gate way",
    client_secret: "a:b%",
    required_scopes: "",
    timeout: 5,
    cache_seconds: 60,
    strip_credentials: false,
    ...config,
  };
  const time = createVirtualTime(NOW);
  const host = testHost(time);
  const middleware = await oauth2Auth.setup(whole as JsonObject, host);
  const send = async (token: string | undefined, headers: Readonly<Record<string, string>> = {}) => {
    const exchange = testExchange({
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    });
    const answered = middleware.onRequest!(exchange);
    const answer = await answered;
    return {
      isAtOnce: !(answered instanceof Promise),
      status: answer?.status ?? 0,
      challenge: answer?.headers.get("www-authenticate"),
      identity: exchange.identity,
      fields: exchange.request.headers.toRaw(),
    };
  };
  return { send, questions, time, host, whole };
}

describe("oauth2-auth", () => {
  test("asks as RFC 7662 and RFC 6749 have it, once for a token", async () => {
    const { send, questions } = await world(() => ACTIVE, { groups_claim: "roles", audience: "bank" });
    const [first, second] = await Promise.all([send("t+1"), send("t+1")]);
    expect([first.status, second.status]).toEqual([0, 0]);
    expect(first.identity).toMatchObject({
      consumer: "ann",
      by: "oauth2-auth",
      groups: ["admin"],
      scopes: ["read", "write"],
    });
    expect(await send("t+1")).toMatchObject({ isAtOnce: true, status: 0 });
    expect(questions).toEqual([
      {
        body: "token=t%2B1&token_type_hint=access_token",
        authorization: `Basic ${Buffer.from("gate+way:a%3Ab%25").toString("base64")}`,
      },
    ]);
  });

  test("an answer is good for as long as is said, and no longer than the token", async () => {
    let said: object = { ...ACTIVE, exp: SECONDS + 90 };
    const { send, questions, time } = await world(() => said);
    expect((await send("t")).status).toBe(0);
    time.advance(59_999);
    expect((await send("t")).status).toBe(0);
    expect(questions).toHaveLength(1);
    time.advance(1);
    expect((await send("t")).status).toBe(0);
    expect(questions).toHaveLength(2);
    said = { active: false };
    time.advance(29_999);
    expect((await send("t")).status).toBe(0);
    time.advance(1);
    expect((await send("t")).status).toBe(401);
    expect(questions).toHaveLength(3);
  });

  test("what is not active is remembered too", async () => {
    const { send, questions } = await world(() => ({ active: false, sub: "ann" }));
    const refused = { status: 401, challenge: 'Bearer error="invalid_token"', identity: undefined };
    expect(await send("t")).toMatchObject(refused);
    expect(await send("t")).toMatchObject({ ...refused, isAtOnce: true });
    expect(questions).toHaveLength(1);
  });

  test("without a cache each request is asked about", async () => {
    const { send, questions } = await world(() => ACTIVE, { cache_seconds: 0 });
    await send("t");
    await send("t");
    expect(questions).toHaveLength(2);
  });

  test("what was said outlives a reload", async () => {
    const { send, questions, host, whole } = await world(() => ACTIVE);
    await send("t");
    const again = await oauth2Auth.setup(whole as JsonObject, host);
    expect(again.onRequest!(testExchange({ headers: { authorization: "Bearer t" } }))).toBeUndefined();
    expect(questions).toHaveLength(1);
  });

  test.each([
    ["for somebody else", { ...ACTIVE, aud: "other" }, 401],
    ["for nobody named", { ...ACTIVE, aud: undefined }, 401],
    ["over", { ...ACTIVE, exp: SECONDS }, 401],
    ["from nobody", { ...ACTIVE, sub: undefined }, 401],
    ["from a client", { ...ACTIVE, sub: undefined, client_id: "c" }, 0],
    ["of a clock that is ahead", { ...ACTIVE, nbf: SECONDS + 5 }, 0],
  ])("a token that is %s", async (_, said, status) => {
    const { send } = await world(() => said, { audience: "shop" });
    expect((await send("t")).status).toBe(status);
  });

  test("scopes that are asked for have to be there, as a list or as one text", async () => {
    const { send } = await world(() => ACTIVE, { required_scopes: "read admin" });
    expect(await send("t")).toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="read admin"',
    });
    await server?.close(0);
    const other = await world(() => ACTIVE, { required_scopes: ["write"] });
    expect((await other.send("t")).status).toBe(0);
  });

  test("without a token nobody is asked", async () => {
    const { send, questions } = await world(() => ACTIVE);
    expect(await send(undefined)).toMatchObject({ status: 401, challenge: "Bearer" });
    expect((await send("x".repeat(20_000))).status).toBe(401);
    expect((await send("")).status).toBe(401);
    expect(await send("two words")).toMatchObject({ status: 401, challenge: 'Bearer error="invalid_token"' });
    expect(questions).toEqual([]);
  });

  test.each([
    ["an error", { active: true }, 500],
    ["no JSON", "<html>", 200],
    ["something else", { ok: true }, 200],
    ["a text for a truth", { ...ACTIVE, active: "true" }, 200],
    ["too much", { ...ACTIVE, filler: "x".repeat(300_000) }, 200],
  ])("a server that answers %s lets nobody in, and is asked again", async (_, said, status) => {
    const { send, questions } = await world(() => said, {}, status);
    expect(await send("t")).toMatchObject({ status: 503, identity: undefined });
    expect((await send("t")).status).toBe(503);
    expect(questions).toHaveLength(2);
  });

  test("a server that is away lets nobody in", async () => {
    const { send } = await world(() => ACTIVE);
    await server?.close(0);
    expect((await send("t")).status).toBe(503);
  });

  test("the upstream is told what was verified, and never what a client says", async () => {
    const { send } = await world(() => ({ active: true, client_id: "c" }), {
      strip_credentials: true,
      upstream_headers: { consumer: "X-Consumer", scopes: "X-Scopes" },
    });
    const { fields } = await send("t", { "x-consumer": "root", "x-scopes": "admin" });
    expect(fields).toEqual(["X-Consumer", "c"]);
  });

  test("the compiler wants to know whom to ask, and as whom", () => {
    const given = { introspection_endpoint: "https://id.example/i", client_id: "c", client_secret: "env://S" };
    expect(configProblems("oauth2-auth", given)).toEqual([]);
    expect(configProblems("oauth2-auth", { ...given, required_scopes: 'a"b' })).not.toEqual([]);
    expect(configProblems("oauth2-auth", { ...given, introspection_endpoint: "ftp://x" })).not.toEqual([]);
    expect(configProblems("oauth2-auth", { introspection_endpoint: "https://id.example/i" })).not.toEqual([]);
  });
});
