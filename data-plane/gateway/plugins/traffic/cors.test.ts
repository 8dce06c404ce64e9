import { describe, expect, test } from "bun:test";
import { configProblems, testExchange, textOf } from "../../testing/index.ts";
import { middlewareOf, through, upstreamAnswer } from "./testing/through.ts";

const APP = "https://app.example.com";

function preflight(origin: string, method: string, fields?: string) {
  return testExchange({
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": method,
      ...(fields === undefined ? {} : { "Access-Control-Request-Headers": fields }),
    },
  });
}

const from = (origin: string) => testExchange({ headers: { Origin: origin } });

test("a preflight request is answered with 204 and what is allowed, and goes no further", async () => {
  const cors = await middlewareOf("cors", {
    allowed_origins: [APP],
    allowed_methods: ["GET", "PUT"],
    allowed_headers: ["Content-Type", "X-Token"],
    max_age: 60,
  });
  const answer = await through(cors, preflight(APP, "PUT", "content-type, x-token"), () => {
    throw new Error("it went on");
  });
  expect(answer.status).toBe(204);
  expect(answer.body).toBeNull();
  expect(Object.fromEntries(answer.headers)).toEqual({
    "Access-Control-Allow-Methods": "GET, PUT",
    "Access-Control-Allow-Headers": "Content-Type, X-Token",
    "Access-Control-Max-Age": "60",
    "Access-Control-Allow-Origin": APP,
    Vary: "Origin",
  });
  expect(answer.headers.all("vary")).toEqual([
    "Access-Control-Request-Method, Access-Control-Request-Headers",
    "Origin",
  ]);
});

describe("a preflight request is refused, without saying that the origin is allowed more than it is", () => {
  test.each([
    ["origin", "https://evil.test", "GET", undefined, null],
    ["method", APP, "DELETE", undefined, APP],
    ["header field", APP, "GET", "x-other", APP],
  ] as const)("by %s", async (_, origin, method, fields, allowed) => {
    const cors = await middlewareOf("cors", { allowed_origins: [APP] });
    const answer = await through(cors, preflight(origin, method, fields));
    expect(answer.status).toBe(403);
    expect(JSON.parse(textOf(answer)).code).toBe("cors-not-allowed");
    expect(answer.headers.get("access-control-allow-origin") ?? null).toBe(allowed);
    expect(answer.headers.has("access-control-allow-methods")).toBe(false);
  });
});

test("OPTIONS without the fields of a preflight request goes on", async () => {
  const cors = await middlewareOf("cors", { allowed_origins: [APP] });
  const answer = await through(cors, testExchange({ method: "OPTIONS", headers: { Origin: APP } }));
  expect(textOf(answer)).toBe("from upstream");
});

test("an actual request gets the fields on its response, in place of those of the upstream", async () => {
  const cors = await middlewareOf("cors", {
    allowed_origins: [APP],
    expose_headers: ["X-Total"],
    allow_credentials: true,
  });
  const answer = await through(cors, from(APP), () =>
    upstreamAnswer("x", { "Access-Control-Allow-Origin": "*", Vary: "Accept" }),
  );
  expect([...answer.headers]).toEqual([
    ["Vary", "Accept"],
    ["Vary", "Origin"],
    ["Access-Control-Allow-Origin", APP],
    ["Access-Control-Allow-Credentials", "true"],
    ["Access-Control-Expose-Headers", "X-Total"],
  ]);
});

test("what happens to the request's Origin on its way makes no difference", async () => {
  const cors = await middlewareOf("cors", { allowed_origins: [APP] });
  const exchange = from(APP);
  const answer = await through(cors, exchange, () => {
    exchange.request.headers.delete("origin");
    return upstreamAnswer();
  });
  expect(answer.headers.get("access-control-allow-origin")).toBe(APP);
});

test("requests of other origins and of none go on without fields, and caches are told to tell them apart", async () => {
  const cors = await middlewareOf("cors", { allowed_origins: [APP] });
  for (const exchange of [from("https://evil.test"), testExchange()]) {
    const answer = await through(cors, exchange);
    expect(textOf(answer)).toBe("from upstream");
    expect([...answer.headers]).toEqual([["Vary", "Origin"]]);
  }
});

test("when every origin is allowed, the answer is the same for all", async () => {
  const cors = await middlewareOf("cors", { allowed_origins: ["*"] });
  const answer = await through(cors, from("https://anyone.test"));
  expect([...answer.headers]).toEqual([["Access-Control-Allow-Origin", "*"]]);
});

test("any field may be allowed to pages, but Authorization has to be named", async () => {
  const cors = await middlewareOf("cors", { allowed_origins: ["*"], allowed_headers: ["*"] });
  expect((await through(cors, preflight(APP, "GET", "x-anything"))).status).toBe(204);
  expect((await through(cors, preflight(APP, "GET", "Authorization"))).status).toBe(403);
});

test.each([
  ["https://a.example.com", true],
  ["https://a.b.example.com", true],
  ["https://example.com", false],
  ["https://.example.com", false],
  ["https://evil.test/.example.com", false],
  ["https://evilexample.com", false],
  ["http://a.example.com", false],
  ["https://a.example.com:8443", false],
  ["https://a.example.com.evil.test", false],
])("https://*.example.com allows %s: %p", async (origin, isAllowed) => {
  const cors = await middlewareOf("cors", { allowed_origins: ["https://*.example.com"] });
  const answer = await through(cors, from(origin));
  expect(answer.headers.get("access-control-allow-origin")).toBe(isAllowed ? origin : undefined);
});

test.each([
  [{}, " "],
  [{ allowed_origins: [] }, "/allowed_origins"],
  [{ allowed_origins: ["https://app.example.com/"] }, "/allowed_origins/0"],
  [{ allowed_origins: ["https://a.*.com"] }, "/allowed_origins/0"],
  [{ allowed_origins: ["*"], allow_credentials: true }, "/allowed_origins"],
  [{ allowed_origins: [APP], allowed_headers: ["*"], allow_credentials: true }, "/allowed_headers"],
  [{ allowed_origins: [APP], allowed_orgins: [] }, " "],
  [{ allowed_origins: [APP], max_age: -1 }, "/max_age"],
])("the configuration %j is refused", (config, pointer) => {
  const problems = configProblems("cors", config);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toStartWith(pointer);
});
