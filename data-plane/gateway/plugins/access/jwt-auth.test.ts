import { afterEach, describe, expect, test } from "bun:test";
import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { JsonObject } from "#foundation/gateway-artifact";
import { type Server, serve } from "#foundation/http1";
import { createVirtualTime } from "#foundation/runtime";
import { configProblems, testExchange, testHost, textOf } from "../../testing/index.ts";
import { jwtAuth } from "./jwt-auth.ts";
import { ed, other, part, rsa, signedToken } from "./testing/tokens.ts";

const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;
const pem = (key: KeyObject): string => key.export({ format: "pem", type: "spki" }).toString();

const CLAIMS = {
  iss: "https://id.example",
  aud: "shop",
  sub: "ann",
  exp: SECONDS + 300,
  scope: "read write",
  roles: ["admin"],
};

const token = (claims: object = {}, head: object = {}, key?: KeyObject): string =>
  signedToken({ ...CLAIMS, ...claims }, head, key);

const CONFIG = {
  issuer: "https://id.example",
  audience: "shop",
  clock_skew_seconds: 60,
  groups_claim: "roles",
  required_scopes: [] as readonly string[],
  algorithms: ["RS256", "EdDSA"],
  public_key_pem: pem(rsa.publicKey),
  strip_credentials: false,
};

async function door(config: object = CONFIG, time = createVirtualTime(NOW)) {
  const host = testHost(time);
  const middleware = await jwtAuth.setup(config as JsonObject, host);
  return async (text: string | undefined) => {
    const exchange = testExchange(text === undefined ? {} : { headers: { authorization: `Bearer ${text}` } });
    const answer = await middleware.onRequest!(exchange);
    return {
      status: answer?.status ?? 0,
      challenge: answer?.headers.get("www-authenticate"),
      identity: exchange.identity,
      text: answer === undefined ? "" : textOf(answer),
    };
  };
}

test("a token that the issuer has signed tells who it is", async () => {
  const send = await door();
  for (let again = 0; again < 2; again++) {
    const { status, identity } = await send(token());
    expect(status).toBe(0);
    expect(identity).toMatchObject({ consumer: "ann", groups: ["admin"], scopes: ["read", "write"], by: "jwt-auth" });
  }
});

describe("what is refused, and all alike", () => {
  const unsigned = `${part({ alg: "none" })}.${part(CLAIMS)}.`;
  const confused = (() => {
    const signed = `${part({ alg: "HS256" })}.${part(CLAIMS)}`;
    return `${signed}.${createHmac("sha256", CONFIG.public_key_pem).update(signed).digest("base64url")}`;
  })();
  test.each([
    ["no signature", unsigned],
    ["the public key taken for a secret", confused],
    ["somebody else's signature", token({}, {}, other.privateKey)],
    ["an algorithm that does not fit the key", token({}, { alg: "EdDSA" })],
    ["another issuer", token({ iss: "https://evil.example" })],
    ["another audience", token({ aud: ["bank"] })],
    ["its end is over", token({ exp: SECONDS - 61 })],
    ["it has no end", token({ exp: undefined })],
    ["it is for later", token({ nbf: SECONDS + 61 })],
    ["nobody is named", token({ sub: undefined })],
    ["something critical that is not known", token({}, { crit: ["x"] })],
    ["a changed claim", token().replace(/\.[^.]+\./, `.${part({ ...CLAIMS, sub: "root" })}.`)],
    ["what is no token", "a.b"],
  ])("%s", async (_, text) => {
    const send = await door();
    expect(await send(text)).toMatchObject({
      status: 401,
      challenge: 'Bearer error="invalid_token"',
      identity: undefined,
    });
    expect((await send(text)).text).toContain("The token is not valid here, or not any more.");
  });

  test("nothing, twice, and too much", async () => {
    const send = await door();
    expect(await send(undefined)).toMatchObject({ status: 401, challenge: "Bearer" });
    expect(await send("x".repeat(20_000))).toMatchObject({ status: 401 });
    const middleware = await jwtAuth.setup(CONFIG as never, testHost(createVirtualTime(NOW)));
    const exchange = testExchange({ headers: { authorization: `Bearer ${token()}` } });
    exchange.request.headers.append("Authorization", `Bearer ${token()}`);
    expect((await middleware.onRequest!(exchange))?.status).toBe(401);
  });
});

test("a token that was proven ends when it says so, with what clocks may differ", async () => {
  const time = createVirtualTime(NOW);
  const send = await door(CONFIG, time);
  const text = token({ exp: SECONDS + 10 });
  expect((await send(text)).status).toBe(0);
  time.advance(69_000);
  expect((await send(text)).status).toBe(0);
  time.advance(1_000);
  expect((await send(text)).status).toBe(401);
});

test("scopes that are asked for have to be there", async () => {
  const send = await door({ ...CONFIG, required_scopes: ["write", "admin"] });
  expect(await send(token())).toMatchObject({
    status: 403,
    challenge: 'Bearer error="insufficient_scope", scope="write admin"',
  });
  expect((await send(token({ scope: undefined, scp: ["write", "admin"] }))).status).toBe(0);
});

test("other kinds of keys", async () => {
  const { public_key_pem: _, ...rest } = CONFIG;
  const jwk = ed.publicKey.export({ format: "jwk" });
  const send = await door({ ...rest, public_key_jwk: jwk });
  expect((await send(token({}, { alg: "EdDSA" }, ed.privateKey))).status).toBe(0);
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
  await expect(door({ ...CONFIG, public_key_pem: pem(weak) })).rejects.toThrow("of a kind, or a size");
});

describe("keys of an issuer", () => {
  let server: Server | undefined;
  afterEach(() => server?.close(0));

  test("are fetched once, again for a key that is not known, and not for everybody who invents one", async () => {
    let asked = 0;
    const keys = [{ ...rsa.publicKey.export({ format: "jwk" }), kid: "1" }];
    server = await serve({
      port: 0,
      onExchange(exchange) {
        asked++;
        exchange.answer({ status: 200, fields: ["Content-Type", "application/json"] }, JSON.stringify({ keys }));
      },
    });
    const time = createVirtualTime(NOW);
    const { public_key_pem: _, ...rest } = CONFIG;
    const send = await door({ ...rest, jwks_url: `http://127.0.0.1:${server.port}/keys` }, time);
    expect(asked).toBe(1);
    expect((await send(token({}, { kid: "1" }))).status).toBe(0);
    for (let guess = 0; guess < 5; guess++)
      expect((await send(token({ n: guess }, { kid: `x${guess}` }))).status).toBe(401);
    expect(asked).toBe(1);
    keys.push({ ...other.publicKey.export({ format: "jwk" }), kid: "2" });
    time.advance(30_000);
    expect((await send(token({}, { kid: "2" }, other.privateKey))).status).toBe(0);
    expect(asked).toBe(2);
  });

  test("are asked for again in the background; a token whose key is withdrawn is let in no more", async () => {
    const key = (pair: typeof rsa, kid: string) => ({ ...pair.publicKey.export({ format: "jwk" }), kid });
    let keys = [key(rsa, "1")];
    const asked = new Set<() => void>();
    server = await serve({
      port: 0,
      onExchange(exchange) {
        exchange.answer({ status: 200, fields: ["Content-Type", "application/json"] }, JSON.stringify({ keys }));
        for (const tell of asked) tell();
      },
    });
    const time = createVirtualTime(NOW);
    const { public_key_pem: _, ...rest } = CONFIG;
    const send = await door({ ...rest, jwks_url: `http://127.0.0.1:${server.port}/keys` }, time);
    const old = token({ exp: SECONDS + 3600 }, { kid: "1" });
    expect((await send(old)).status).toBe(0);
    keys = [key(other, "2")];
    time.advance(299_999);
    expect((await send(old)).status).toBe(0);
    const { promise, resolve } = Promise.withResolvers<void>();
    asked.add(resolve);
    time.advance(1);
    // Nobody waits for it: the one who comes now is judged by the keys that are known.
    expect((await send(old)).status).toBe(0);
    await promise;
    const withdrawn = async (): Promise<void> => {
      while ((await send(old)).status === 0) await Bun.sleep(1);
    };
    await withdrawn();
    expect(await send(old)).toMatchObject({ status: 401, challenge: 'Bearer error="invalid_token"' });
  });

  test("that cannot be fetched keep nobody from starting; tokens cannot be decided until they can", async () => {
    server = await serve({ port: 0, onExchange: (exchange) => exchange.answer({ status: 500 }) });
    const { public_key_pem: _, ...rest } = CONFIG;
    const send = await door({ ...rest, jwks_url: `http://127.0.0.1:${server.port}/keys` });
    expect((await send(token())).status).toBe(503);
  });
});

test("the compiler wants one place of keys", () => {
  expect(configProblems("jwt-auth", {})).not.toEqual([]);
  expect(
    configProblems("jwt-auth", { jwks_url: "https://id.example/keys", public_key_pem: pem(rsa.publicKey) }),
  ).not.toEqual([]);
  expect(configProblems("jwt-auth", { jwks_url: "https://id.example/keys", algorithms: ["none"] })).not.toEqual([]);
  expect(configProblems("jwt-auth", { jwks_url: "https://id.example/keys", required_scopes: ["read"] })).toEqual([]);
});

test("the compiler takes no key that nobody could use", () => {
  const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
  expect(configProblems("jwt-auth", { public_key_pem: pem(short) })).toHaveLength(1);
  expect(configProblems("jwt-auth", { public_key_pem: pem(rsa.publicKey) })).toEqual([]);
  expect(configProblems("jwt-auth", { public_key_jwk: { kty: "RSA", n: "x" } })).toHaveLength(1);
  expect(configProblems("jwt-auth", { public_key_jwk: ed.publicKey.export({ format: "jwk" }) as never })).toEqual([]);
});
