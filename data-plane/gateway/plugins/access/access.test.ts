import { describe, expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import { createVirtualTime } from "#foundation/runtime";
import type { GatewayExchange, Identity } from "../../message/gateway-exchange.ts";
import { configProblems, type TestRequest, testExchange, testHost, textOf } from "../../testing/index.ts";
import { acl } from "./acl.ts";
import { apiKeyAuth } from "./api-key-auth.ts";
import { basicAuth } from "./basic-auth.ts";
import { cel } from "./cel.ts";
import { ipRestriction } from "./ip-restriction.ts";

interface Outcome {
  /** 0: let in. */
  readonly status: number;
  readonly exchange: GatewayExchange;
  readonly text: string;
}

/** Sends requests through one middleware. */
async function through(plugin: typeof acl, config: object, time = createVirtualTime(Date.UTC(2026, 0, 1))) {
  const middleware = await plugin.setup(config as JsonObject, testHost(time));
  return async (request: TestRequest = {}): Promise<Outcome> => {
    const exchange = testExchange(request);
    const answer = await middleware.onRequest!(exchange);
    return { status: answer?.status ?? 0, exchange, text: answer === undefined ? "" : textOf(answer) };
  };
}

const KEY = {
  key_location: "header",
  header_name: "X-API-Key",
  query_param: "api_key",
  cookie_name: "api_key",
  strip_credentials: true,
  keys: [
    { key: "secret-one", id: "one", scopes: ["read"], groups: ["staff"] },
    { key: "secret-two", id: "two", scopes: [], groups: [], expires_at: "2026-01-01T00:01:00Z" },
  ],
};

describe("apikey-auth", () => {
  test("lets in who has a key, tells who it is, and keeps the key from the upstream", async () => {
    const send = await through(apiKeyAuth, KEY);
    const { status, exchange } = await send({ headers: { "x-api-key": "secret-one", "x-other": "1" } });
    expect(status).toBe(0);
    expect(exchange.identity).toMatchObject({ consumer: "one", scopes: ["read"], groups: ["staff"] });
    expect(exchange.request.headers.toRaw()).toEqual(["x-other", "1"]);
  });

  test.each([[{}], [{ "x-api-key": "secret" }], [{ "x-api-key": "secret-one, secret-one" }], [{ "x-api-key": "" }]])(
    "%p is nobody, and is told nothing that helps to guess",
    async (headers) => {
      const send = await through(apiKeyAuth, KEY);
      const { status, text, exchange } = await send({ headers });
      expect([status, exchange.identity]).toEqual([401, undefined]);
      expect(text).not.toContain("secret");
    },
  );

  test("a key twice is nobody's", async () => {
    const send = await through(apiKeyAuth, KEY);
    const exchange = testExchange();
    exchange.request.headers.append("X-API-Key", "secret-one");
    exchange.request.headers.append("X-API-Key", "secret-one");
    expect((await send({ headers: { "x-api-key": "secret-one" } })).status).toBe(0);
    const middleware = await apiKeyAuth.setup(KEY as never, testHost());
    expect((await middleware.onRequest!(exchange))?.status).toBe(401);
  });

  test("a key ends when it is said to", async () => {
    const time = createVirtualTime(Date.UTC(2026, 0, 1));
    const send = await through(apiKeyAuth, KEY, time);
    expect((await send({ headers: { "x-api-key": "secret-two" } })).status).toBe(0);
    time.advance(60_000);
    expect((await send({ headers: { "x-api-key": "secret-two" } })).status).toBe(401);
  });

  test("in the query and in a cookie it is taken off as well, and nothing else", async () => {
    const query = await through(apiKeyAuth, { ...KEY, key_location: "query" });
    const inQuery = await query({ target: "/?a=1&api%5Fkey=secret-one&b=%20" });
    expect([inQuery.status, inQuery.exchange.request.query]).toEqual([0, "a=1&b=%20"]);
    const cookie = await through(apiKeyAuth, { ...KEY, key_location: "cookie" });
    const inCookie = await cookie({ headers: { cookie: "a=1; api_key=secret-one; b=2" } });
    expect([inCookie.status, inCookie.exchange.request.headers.get("cookie")]).toEqual([0, "a=1; b=2"]);
  });

  test("fields for the upstream are never the client's own, also when there is nothing to say", async () => {
    const told = { consumer: "X-Consumer", groups: "X-Groups", claims: "X-Claims" };
    const keys = [{ key: "k", id: "zoë\n", scopes: [], groups: [] }];
    const send = await through(apiKeyAuth, { ...KEY, keys, upstream_headers: told });
    const spoofed = { "x-api-key": "k", "x-consumer": "root", "x-groups": "admin", "X-CLAIMS": "{}" };
    const { exchange } = await send({ headers: spoofed });
    expect(exchange.request.headers.toRaw()).toEqual(["X-Consumer", "zo\\u00eb\\u000a"]);
  });

  test("a configuration without keys, or with two of one value, is refused", async () => {
    expect(configProblems("apikey-auth", { keys: [] })).not.toEqual([]);
    const same = KEY.keys.map((one) => ({ ...one, key: "same" }));
    await expect(through(apiKeyAuth, { ...KEY, keys: same })).rejects.toThrow("another id");
    const endless = [{ ...KEY.keys[1], expires_at: "soon" }];
    await expect(through(apiKeyAuth, { ...KEY, keys: endless })).rejects.toThrow("is no time");
  });
});

describe("basic-auth", () => {
  const credentials = async () => [
    { username: "ann", password: "p:w", roles: ["admin"] },
    { username: "bob", password: await Bun.password.hash("slow", { algorithm: "bcrypt", cost: 4 }), roles: [] },
  ];
  const basic = (text: string) => ({ headers: { authorization: `Basic ${Buffer.from(text).toString("base64")}` } });

  test("lets in who has the password, plain or hashed", async () => {
    const send = await through(basicAuth, { realm: "a", strip_credentials: true, credentials: await credentials() });
    const ann = await send(basic("ann:p:w"));
    expect([ann.status, ann.exchange.identity?.groups]).toEqual([0, ["admin"]]);
    expect(ann.exchange.request.headers.toRaw()).toEqual([]);
    expect((await send(basic("bob:slow"))).status).toBe(0);
    expect((await send(basic("bob:slow"))).exchange.identity?.consumer).toBe("bob");
  });

  test.each(["ann:wrong", "ann", "nobody:p:w", "bob:", "bob:slow2"])("%s is refused", async (text) => {
    const send = await through(basicAuth, { realm: "a", strip_credentials: true, credentials: await credentials() });
    const { status, exchange } = await send(basic(text));
    expect([status, exchange.identity]).toEqual([401, undefined]);
  });

  test("guesses at a slow hash do not pile up, and whoever is known gets by them", async () => {
    const send = await through(basicAuth, { realm: "a", strip_credentials: true, credentials: await credentials() });
    expect((await send(basic("bob:slow"))).status).toBe(0);
    const guesses = Array.from({ length: 33 }, (_, i) => send(basic(`bob:guess${i}`)));
    expect((await send(basic("bob:slow"))).status).toBe(0);
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(32);
    expect(statuses.at(-1)).toBe(503);
    expect((await send(basic("bob:guess"))).status).toBe(401);
  });

  test("asks for it in the way of RFC 7617", async () => {
    const middleware = await basicAuth.setup(
      { realm: 'a"b', strip_credentials: true, credentials: await credentials() } as never,
      testHost(),
    );
    const answer = await middleware.onRequest!(testExchange({ headers: { authorization: "Bearer x" } }));
    expect(answer?.headers.get("www-authenticate")).toBe('Basic realm="a\\"b", charset="UTF-8"');
  });
});

const identity = (consumer: string, ...groups: string[]): Identity => ({
  consumer,
  by: "test",
  groups,
  scopes: [],
  claims: { level: 3n },
});
const ACL = {
  allow: [],
  deny: [],
  allow_consumers: [],
  deny_consumers: [],
  consumer_groups: {},
  hide_consumer_in_errors: true,
};

describe("acl", () => {
  test.each([
    ["nobody", ACL, undefined, 403],
    ["anybody verified", ACL, identity("a"), 0],
    ["a denied name before everything", { deny_consumers: ["a"], allow_consumers: ["a"] }, identity("a"), 403],
    ["an allowed name before its groups", { allow_consumers: ["a"], deny: ["g"] }, identity("a", "g"), 0],
    ["a denied group before an allowed one", { allow: ["h"], deny: ["g"] }, identity("a", "g", "h"), 403],
    ["no allowed group", { allow: ["h"] }, identity("a", "g"), 403],
    ["a group given here", { allow: ["h"], consumer_groups: { a: ["h"] } }, identity("a"), 0],
    ["a group given here to somebody else", { allow: ["h"], consumer_groups: { b: ["h"] } }, identity("a"), 403],
    ["a name where only names are allowed", { allow_consumers: ["b"] }, identity("a"), 403],
  ] as const)("%s", async (_, config, who, status) => {
    const send = await through(acl, { ...ACL, ...config });
    expect(
      (await send({ identity: who, headers: { "x-auth-consumer": "b", "x-auth-consumer-groups": "h" } })).status,
    ).toBe(status);
  });
});

test("a refusal of acl says who it was only when it is told to", async () => {
  const deny = { ...ACL, deny_consumers: ["ann"] };
  const hidden = await through(acl, deny);
  expect((await hidden({ identity: identity("ann") })).text).not.toContain("ann");
  const told = await through(acl, { ...deny, hide_consumer_in_errors: false });
  expect(JSON.parse((await told({ identity: identity("ann") })).text).consumer).toBe("ann");
});

describe("ip-restriction", () => {
  test.each([
    [{ allow: ["192.0.2.0/24"] }, "192.0.2.9", 0],
    [{ allow: ["192.0.2.0/24"] }, "192.0.3.9", 403],
    [{ allow: ["192.0.2.0/24"] }, "::ffff:192.0.2.9", 0],
    [{ deny: ["2001:db8::/32"] }, "2001:db8:1::1", 403],
    [{ deny: ["2001:db8::/32"] }, "2001:db9::1", 0],
    [{ allow: ["192.0.2.0/24"], deny: ["192.0.2.7"] }, "192.0.2.7", 403],
    [{ deny: ["192.0.2.7"] }, "", 403],
  ])("%p and %s", async (config, clientAddress, status) => {
    const send = await through(ipRestriction, { allow: [], deny: [], trusted_proxies: [], status: 403, ...config });
    expect((await send({ clientAddress })).status).toBe(status);
  });

  test("what a proxy says counts only when it is trusted, and only its own word", async () => {
    const config = { allow: ["192.0.2.0/24"], deny: [], status: 403 };
    const request = { clientAddress: "10.0.0.1", headers: { "x-forwarded-for": "198.51.100.1, 192.0.2.9" } };
    const nobody = await through(ipRestriction, { ...config, trusted_proxies: [] });
    expect((await nobody(request)).status).toBe(403);
    const trusting = await through(ipRestriction, { ...config, trusted_proxies: ["10.0.0.0/8"] });
    expect((await trusting(request)).status).toBe(0);
    expect((await trusting({ ...request, headers: { "x-forwarded-for": "192.0.2.9, 198.51.100.1" } })).status).toBe(
      403,
    );
    expect((await trusting({ ...request, clientAddress: "203.0.113.1" })).status).toBe(403);
  });

  test("what is no address is refused by the compiler", () => {
    expect(configProblems("ip-restriction", { allow: ["192.0.2.0/33"] })).toEqual([
      '/allow/0 "192.0.2.0/33" is no address and no CIDR.',
    ]);
    expect(configProblems("ip-restriction", { deny: ["example.com", "::1"] })).toHaveLength(1);
  });
});

describe("cel", () => {
  test.each([
    ["request.method == 'GET' && request.path.startsWith('/a')", 0],
    ["request.headers['x-tier'] == 'gold'", 0],
    ["request.headers['x-none'] == 'gold'", 403],
    ["'admin' in request.groups && request.consumer == 'ann'", 0],
    ["request.claims.level > 2", 0],
    ["request.path_params.id == '7'", 0],
    ["request.consumer == 'bob'", 403],
    ["request.method", 403],
  ])("%s", async (expression, status) => {
    const send = await through(cel, { expression });
    const request = {
      target: "/a/7",
      headers: { "X-Tier": "gold", "x-auth-consumer": "bob" },
      pathParameters: { id: "7" },
      identity: identity("ann", "admin"),
    };
    expect((await send(request)).status).toBe(status);
  });

  test("what follows from true", async () => {
    const set = await through(cel, {
      expression: "request.method == 'GET'",
      on_match: { set_context: { "ai.policy": "strict" } },
    });
    expect((await set()).exchange.context.get("ai.policy")).toBe("strict");
    expect((await set({ method: "POST" })).exchange.context.size).toBe(0);
    const deny = await through(cel, { expression: "true", on_match: { deny: { status: 451, code: "closed" } } });
    const refused = await deny();
    expect([refused.status, JSON.parse(refused.text).reason]).toEqual([451, "closed"]);
  });

  test("what is no expression, and what asks for bodies, is refused by the compiler", () => {
    expect(configProblems("cel", { expression: "request.method ==" })).toHaveLength(1);
    const bodies =
      "/expression The expression cannot use bodies: nobody has read them when it is decided who may come in.";
    expect(configProblems("cel", { expression: "request.body == ''" })).toEqual([bodies]);
    expect(configProblems("cel", { expression: "request.body_json.a == 1" })).toEqual([bodies]);
    expect(configProblems("cel", { expression: "request.path == '/request.body'" })).toEqual([]);
  });
});
