import { afterEach, describe, expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import { type Server, serve } from "#foundation/http1";
import { SIGNING_ALGORITHMS } from "#foundation/jwt";
import { createVirtualTime } from "#foundation/runtime";
import { configProblems, type TestRequest, testExchange, testHost } from "../../testing/index.ts";
import { oidcAuth } from "./oidc-auth.ts";
import { other, rsa, signedToken } from "./testing/tokens.ts";

const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;

let server: Server | undefined;
afterEach(() => server?.close(0));

interface Provider {
  /** Of its tokens and its document. Default: its address. */
  issuer?: string;
  jwksUri?: string;
  keys: object[];
  isAway: boolean;
  readonly asked: string[];
}

/** A provider on a port of its own, and a door for its tokens. */
async function world(config: object = {}, changes: Partial<Provider> = {}) {
  const provider: Provider = {
    keys: [{ ...rsa.publicKey.export({ format: "jwk" }), kid: "1" }],
    isAway: false,
    asked: [],
    ...changes,
  };
  server = await serve({
    port: 0,
    onExchange(exchange) {
      const { target } = exchange.head;
      provider.asked.push(target);
      if (provider.isAway) return exchange.answer({ status: 500 });
      const { issuer = base, jwksUri = `${base}/keys`, keys } = provider;
      const document = target.endsWith("/keys") ? { keys } : { issuer, jwks_uri: jwksUri };
      exchange.answer({ status: 200 }, JSON.stringify(document));
    },
  });
  const base = `http://127.0.0.1:${server.port}/realm`;
  const time = createVirtualTime(NOW);
  const host = testHost(time);
  const whole = {
    issuer_url: base,
    required_scopes: [],
    clock_skew_seconds: 60,
    jwks_refresh_seconds: 300,
    timeout: 5,
    allow_query_token: false,
    algorithms: SIGNING_ALGORITHMS,
    strip_credentials: false,
    ...config,
  };
  const setUp = () => oidcAuth.setup(whole as JsonObject, host);
  const middleware = await setUp();
  const ask = async (request: TestRequest) => {
    const exchange = testExchange(request);
    const answered = middleware.onRequest!(exchange);
    const answer = await answered;
    return { status: answer?.status ?? 0, isAtOnce: !(answered instanceof Promise), exchange };
  };
  const token = (claims: object = {}, head: object = { kid: "1" }, key = rsa.privateKey): string =>
    signedToken({ iss: base, aud: "shop", sub: "ann", exp: SECONDS + 3600, ...claims }, head, key);
  const send = (text: string) => ask({ headers: { authorization: `Bearer ${text}` } });
  return { ask, send, token, provider, time, base, setUp };
}

describe("oidc-auth", () => {
  test("finds the keys of a provider once, by its address", async () => {
    const { send, token, provider, setUp } = await world({ audience: "shop", groups_claim: "a.b" });
    expect(provider.asked).toEqual(["/realm/.well-known/openid-configuration", "/realm/keys"]);
    const { status, isAtOnce, exchange } = await send(token({ a: { b: "staff,ops" } }));
    expect([status, isAtOnce]).toEqual([0, true]);
    expect(exchange.identity).toMatchObject({ consumer: "ann", by: "oidc-auth", groups: ["staff", "ops"] });
    await setUp();
    expect(provider.asked).toHaveLength(2);
  });

  test.each([
    ["of another issuer", { iss: "https://evil.example" }, undefined],
    ["for another audience", { aud: "bank" }, undefined],
    ["that is over", { exp: SECONDS - 60 }, undefined],
    ["signed by somebody else", {}, other.privateKey],
  ])("a token %s is refused", async (_, claims, key) => {
    const { send, token } = await world({ audience: "shop" });
    const { status, exchange } = await send(token(claims, { kid: "1" }, key));
    expect([status, exchange.identity]).toEqual([401, undefined]);
  });

  test("a provider that speaks for somebody else is not believed, unless it is told to be", async () => {
    const foreign = { issuer: "https://id.example/" };
    const { send, token } = await world({}, foreign);
    expect((await send(token({ iss: "https://id.example/" }))).status).toBe(503);
    await server?.close(0);
    const told = await world({ issuer_override: "https://id.example/" }, foreign);
    expect((await told.send(told.token({ iss: "https://id.example/" }))).status).toBe(0);
    expect((await told.send(told.token())).status).toBe(401);
  });

  test("a slash at the end of its address is as the provider writes it", async () => {
    const { send, token, provider, base, time } = await world();
    provider.issuer = `${base}/`;
    time.advance(300_000);
    const renewed = token({ iss: `${base}/` }, { kid: "new" });
    expect((await send(renewed)).status).toBe(401);
    expect((await send(token({ iss: `${base}/` }))).status).toBe(0);
    expect((await send(token())).status).toBe(401);
  });

  test("a provider that is away keeps nobody from starting, and is asked again", async () => {
    const { send, token, provider, time } = await world({}, { isAway: true });
    const text = token();
    expect((await send(text)).status).toBe(503);
    provider.isAway = false;
    expect((await send(text)).status).toBe(503);
    time.advance(30_000);
    expect((await send(text)).status).toBe(0);
    // What is known stays when it is away again.
    provider.isAway = true;
    time.advance(300_000);
    expect((await send(text)).status).toBe(0);
  });

  test("keys are asked for again when they are as old as is said", async () => {
    const { send, token, provider, time } = await world({ jwks_refresh_seconds: 10 });
    time.advance(9_999);
    await send(token());
    expect(provider.asked).toHaveLength(2);
    time.advance(1);
    await send(token());
    while (provider.asked.length < 4) await Bun.sleep(1);
    expect(provider.asked.slice(2)).toEqual(["/realm/.well-known/openid-configuration", "/realm/keys"]);
  });

  test("a token in the query counts only when it is told to, alone, and never goes upstream", async () => {
    const without = await world();
    const target = `/?a=1&access_token=${without.token()}`;
    expect((await without.ask({ target })).status).toBe(401);
    await server?.close(0);
    const { ask, token } = await world({ allow_query_token: true });
    const inQuery = `/?a=1&access_token=${token()}&b=2`;
    const { status, exchange } = await ask({ target: inQuery });
    expect([status, exchange.request.query]).toEqual([0, "a=1&b=2"]);
    expect((await ask({ headers: { authorization: `Bearer ${token()}` } })).status).toBe(0);
    expect((await ask({ target: inQuery, headers: { authorization: `Bearer ${token()}` } })).status).toBe(401);
    expect((await ask({ target: `${inQuery}&access_token=x` })).status).toBe(401);
  });

  test("groups are parted as is said", async () => {
    const { send, token } = await world({ groups_claim: "groups", groups_claim_separator: ";" });
    const { exchange } = await send(token({ groups: "a b;c" }));
    expect(exchange.identity?.groups).toEqual(["a b", "c"]);
  });

  test("the compiler wants an issuer, and takes scopes as a text", () => {
    expect(configProblems("oidc-auth", {})).not.toEqual([]);
    expect(configProblems("oidc-auth", { issuer_url: "https://id.example", required_scopes: "a b" })).toEqual([]);
    expect(configProblems("oidc-auth", { issuer_url: "https://id.example", jwks_refresh_seconds: 9 })).not.toEqual([]);
    expect(
      configProblems("oidc-auth", { issuer_url: "https://id.example", skip_signature_validation: true }),
    ).not.toEqual([]);
  });
});
