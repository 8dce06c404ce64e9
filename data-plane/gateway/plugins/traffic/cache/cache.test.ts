import { describe, expect, test } from "bun:test";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { configProblems, type TestRequest, testHost, textOf } from "../../../testing/index.ts";
import { ALICE, cached, START, saying } from "../testing/cached.ts";
import { upstreamAnswer } from "../testing/through.ts";

test("what is kept is the response: status, fields and every octet of the body", async () => {
  const body = Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 31) % 256));
  const { get, host, asked } = await cached();
  const origin = (): Answer => ({
    ...upstreamAnswer("", { "Content-Type": "image/x", ETag: '"a"', "X-One": "1" }),
    body,
  });
  const first = await get({ target: "/image?size=1" }, origin);
  expect(first.headers.get("x-cache")).toBe("MISS");
  host.time.advance(17_900);
  const second = await get({ target: "/image?size=1" }, origin);
  expect(asked).toHaveLength(1);
  expect(second.status).toBe(200);
  expect(Buffer.from(second.body as Uint8Array).equals(body)).toBe(true);
  expect(Object.fromEntries(second.headers)).toEqual({
    "Content-Type": "image/x",
    ETag: '"a"',
    "X-One": "1",
    Date: "Thu, 01 Jan 2026 00:00:00 GMT",
    Age: "17",
    "X-Cache": "HIT",
  });
});

test("what others do to an answer does nothing to what is kept", async () => {
  const { get } = await cached();
  const first = await get({}, () => upstreamAnswer("abc"));
  first.headers.set("Set-Cookie", "a=b");
  (first.body as Uint8Array).fill(0x78);
  const second = await get({}, () => upstreamAnswer("other"));
  second.headers.set("X-Mine", "1");
  expect(textOf(second)).toBe("abc");
  const third = await get({}, () => upstreamAnswer("other"));
  expect(third.headers.has("x-mine")).toBe(false);
  expect(third.headers.has("set-cookie")).toBe(false);
});

describe("how long a response is used", () => {
  const date = new Date(START).toUTCString();
  test.each([
    ["the ttl when nothing is said", {}, 300],
    ["max-age", { "Cache-Control": "max-age=60" }, 60],
    ["s-maxage before max-age", { "Cache-Control": "max-age=60, s-maxage=30" }, 30],
    ["the least of two", { "Cache-Control": "max-age=60, max-age=20" }, 20],
    ["max-age in quotes", { "Cache-Control": 'max-age="40"' }, 40],
    ["max-age before Expires", { "Cache-Control": "max-age=60", Expires: new Date(START + 10_000).toUTCString() }, 60],
    ["Expires", { Expires: new Date(START + 10_000).toUTCString(), Date: date }, 10],
    [
      "Expires by the origin's own clock",
      { Expires: "Wed, 31 Dec 2025 23:50:10 GMT", Date: "Wed, 31 Dec 2025 23:50:00 GMT" },
      0,
    ],
    ["Expires in the form of RFC 850", { Expires: "Thursday, 01-Jan-26 00:00:10 GMT", Date: date }, 10],
    ["Expires in the form of asctime", { Expires: "Thu Jan  1 00:00:10 2026", Date: date }, 10],
    ["not at all when Expires is no date", { Expires: "0" }, 0],
    ["not at all when max-age is no number", { "Cache-Control": "max-age=soon" }, 0],
    ["not at all with no-store", { "Cache-Control": "no-store, max-age=60" }, 0],
    ["not at all when private", { "Cache-Control": "private, max-age=60" }, 0],
    ["not at all when private for a field", { "Cache-Control": 'private="x, y", max-age=60' }, 0],
    ["not at all with no-cache", { "Cache-Control": "no-cache, max-age=60" }, 0],
    ["not at all with cookies", { "Cache-Control": "public, max-age=60", "Set-Cookie": "a=b" }, 0],
    ["not at all when it varies by everything", { "Cache-Control": "max-age=60", Vary: "*" }, 0],
    ["without the time it was kept elsewhere", { "Cache-Control": "max-age=60", Age: "45" }, 15],
    [
      "without the time since its date",
      { "Cache-Control": "max-age=60", Date: new Date(START - 45_000).toUTCString() },
      15,
    ],
    [
      "not less for a date in the future",
      { "Cache-Control": "max-age=60", Date: new Date(START + 45_000).toUTCString() },
      60,
    ],
    ["by what is no directive of caches", { "Cache-Control": "x-max-age=5, immutable" }, 300],
  ])("%s", async (_, headers, seconds) => {
    const { get, host, asked } = await cached();
    const origin = () => upstreamAnswer("body", headers);
    await get({}, origin);
    if (seconds > 0) {
      host.time.advance(seconds * 1000 - 1);
      const hit = await get({}, origin);
      expect(hit.headers.get("x-cache")).toBe("HIT");
      expect(textOf(hit)).toBe("body");
      host.time.advance(1);
    }
    expect((await get({}, origin)).headers.get("x-cache")).toBe("MISS");
    expect(asked).toHaveLength(2);
  });
});

describe("what a request asks of the cache", () => {
  test.each([
    ["no-cache", { "Cache-Control": "no-cache" }, "MISS", 200],
    ["Pragma: no-cache", { Pragma: "no-cache" }, "MISS", 200],
    ["Pragma, when there is Cache-Control", { Pragma: "no-cache", "Cache-Control": "max-age=100" }, "HIT", 200],
    ["no-store", { "Cache-Control": "no-store" }, "BYPASS", 200],
    ["max-age that it is younger than", { "Cache-Control": "max-age=30" }, "HIT", 200],
    ["max-age that it is older than", { "Cache-Control": "max-age=29" }, "MISS", 200],
    ["min-fresh that it has", { "Cache-Control": "min-fresh=29" }, "HIT", 200],
    ["min-fresh that it has not", { "Cache-Control": "min-fresh=30" }, "MISS", 200],
    ["only-if-cached", { "Cache-Control": "only-if-cached" }, "HIT", 200],
    ["only-if-cached, and fresher", { "Cache-Control": "only-if-cached, max-age=1" }, undefined, 504],
    ["a part", { Range: "bytes=0-1" }, "BYPASS", 200],
    ["a condition for the origin", { "If-Match": '"a"' }, "BYPASS", 200],
  ])("%s", async (_, headers, outcome, status) => {
    const { get, host } = await cached();
    const origin = saying("max-age=60");
    await get({}, origin);
    host.time.advance(30_000);
    const answer = await get({ headers }, origin);
    expect(answer.headers.get("x-cache")).toBe(outcome as string);
    expect(answer.status).toBe(status);
  });
});

describe("somebody whom the origin may tell from others", () => {
  const credentials: readonly (readonly [string, TestRequest])[] = [
    ["with Authorization", { headers: { Authorization: "Bearer x" } }],
    ["whom the gateway has verified", { identity: ALICE }],
  ];
  test.each(credentials)("%s: his response is kept for nobody, and he gets none of another", async (_, request) => {
    const { get, asked } = await cached();
    await get(request, saying("max-age=60", "for alice"));
    expect(textOf(await get({}, saying("max-age=60", "for all")))).toBe("for all");
    expect(textOf(await get(request, saying("max-age=60", "for alice again")))).toBe("for alice again");
    expect(asked).toHaveLength(3);
  });

  test.each(["public, max-age=60", "s-maxage=60", "max-age=60, must-revalidate"])("unless it is %s", async (said) => {
    for (const [, request] of credentials) {
      const { get, asked } = await cached();
      await get(request, saying(said, "shared"));
      expect(textOf(await get({}, saying(said)))).toBe("shared");
      expect(textOf(await get(request, saying(said)))).toBe("shared");
      expect(asked).toHaveLength(1);
    }
  });
});

describe("a request with a cookie", () => {
  const cookie: TestRequest = { headers: { Cookie: "session=1" } };
  const page =
    (body: string, headers = {}) =>
    () =>
      upstreamAnswer(body, headers);

  test("gets nothing that its origin said nothing about, and gives nothing of that to others", async () => {
    const { get, asked } = await cached();
    await get(cookie, page("of a session"));
    expect(textOf(await get({}, page("for all")))).toBe("for all");
    expect(textOf(await get({}, page("not asked")))).toBe("for all");
    expect(textOf(await get(cookie, page("of a session")))).toBe("of a session");
    expect(asked).toHaveLength(3);
  });

  test.each([
    ["how long it may be used", {}, { "Cache-Control": "max-age=60" }],
    ["when it expires", {}, { Expires: new Date(START + 60_000).toUTCString() }],
    ["that it varies by it", {}, { Vary: "Cookie" }],
    ["nothing, when the configuration varies by it", { vary: ["Cookie"] }, {}],
  ])("is like any when the origin says %s", async (_, config, headers) => {
    const { get, asked } = await cached(config);
    await get(cookie, page("kept", headers));
    expect(textOf(await get(cookie, page("not asked", headers)))).toBe("kept");
    expect(asked).toHaveLength(1);
  });
});

describe("responses are told apart", () => {
  const origin = ({ request }: GatewayExchange) =>
    upstreamAnswer(`${request.headers.get("accept-language")} ${request.path} ${request.query}`, {
      Vary: "Accept-Language",
    });

  test("by the fields in Vary, absent and empty ones too", async () => {
    const { get, asked } = await cached();
    for (const language of ["de", "en", "", undefined, "en", "de", "", undefined]) {
      const headers: Record<string, string> = language === undefined ? {} : { "Accept-Language": language };
      expect(textOf(await get({ headers }, origin))).toBe(`${language} / `);
    }
    expect(asked).toHaveLength(4);
  });

  test("by path and query", async () => {
    const { get, asked } = await cached();
    for (const target of ["/a", "/b", "/a?x=1", "/a?x=2", "/a"]) {
      const [path, query = ""] = target.split("?");
      expect(textOf(await get({ target }, origin))).toBe(`undefined ${path} ${query}`);
    }
    expect(asked).toHaveLength(4);
  });

  test("by the fields that the configuration names", async () => {
    const { get, asked } = await cached({ vary: ["X-Tenant"] });
    const tenant = ({ request }: GatewayExchange) => upstreamAnswer(request.headers.get("x-tenant"));
    for (const name of ["a", "b", "a"]) {
      expect(textOf(await get({ headers: { "x-tenant": name } }, tenant))).toBe(name);
    }
    expect(asked).toHaveLength(2);
  });

  test("also when what is kept was not told apart by such a field before a reload", async () => {
    const host = testHost();
    const before = await cached({}, host);
    await before.get({ headers: { "x-tenant": "a" } }, () => upstreamAnswer("of a"));
    const after = await cached({ vary: ["x-tenant"] }, host);
    expect(textOf(await after.get({ headers: { "x-tenant": "b" } }, () => upstreamAnswer("of b")))).toBe("of b");
  });

  test("by what the client has sent, though the request is changed on its way", async () => {
    const { get } = await cached();
    const changing = (exchange: GatewayExchange) => {
      const answer = origin(exchange);
      exchange.request.headers.set("Accept-Language", "en");
      return answer;
    };
    await get({ headers: { "Accept-Language": "de" } }, changing);
    expect(textOf(await get({ headers: { "Accept-Language": "de" } }, changing))).toBe("de / ");
    expect(textOf(await get({ headers: { "Accept-Language": "en" } }, changing))).toBe("en / ");
  });
});

describe("conditions of clients are answered from what is kept", () => {
  const modified = "Wed, 31 Dec 2025 00:00:00 GMT";
  const origin = saying("max-age=60", "body", {
    ETag: 'W/"v1"',
    "Last-Modified": modified,
    "Content-Type": "text/plain",
  });
  test.each([
    ["the same tag", { "If-None-Match": '"v1"' }, 304],
    ["one of several tags", { "If-None-Match": '"v0", W/"v1"' }, 304],
    ["any tag", { "If-None-Match": "*" }, 304],
    ["another tag", { "If-None-Match": '"v2"' }, 200],
    ["another tag, whatever the date", { "If-None-Match": '"v2"', "If-Modified-Since": modified }, 200],
    ["the same date", { "If-Modified-Since": modified }, 304],
    ["an earlier date", { "If-Modified-Since": "Tue, 30 Dec 2025 00:00:00 GMT" }, 200],
    ["what is no date", { "If-Modified-Since": "yesterday" }, 200],
  ])("%s", async (_, headers, status) => {
    const { get, asked } = await cached();
    await get({}, origin);
    const answer = await get({ headers }, origin);
    expect(answer.status).toBe(status);
    expect(asked).toHaveLength(1);
    expect(answer.headers.get("etag")).toBe('W/"v1"');
    expect(answer.headers.has("content-type")).toBe(status === 200);
    expect(textOf(answer)).toBe(status === 200 ? "body" : "");
  });
});

describe("what is not fresh any more", () => {
  const tagged = (said: string, body: string) => (exchange: GatewayExchange) =>
    exchange.request.headers.get("if-none-match") === '"v1"'
      ? upstreamAnswer(null, { "Cache-Control": said, ETag: '"v1"', "X-New": "1" }, 304)
      : upstreamAnswer(body, { "Cache-Control": said, ETag: '"v1"', "Content-Type": "text/plain" });

  test("is asked about, and used again when the origin still has it", async () => {
    const { get, host, asked } = await cached();
    await get({}, tagged("max-age=60", "first"));
    host.time.advance(61_000);
    const answer = await get({}, tagged("max-age=30", "never given"));
    expect(answer.status).toBe(200);
    expect(textOf(answer)).toBe("first");
    expect(answer.headers.get("x-cache")).toBe("REVALIDATED");
    expect(answer.headers.get("x-new")).toBe("1");
    expect(answer.headers.get("content-type")).toBe("text/plain");
    expect(answer.headers.all("etag")).toEqual(['"v1"']);
    host.time.advance(29_000);
    const hit = await get({}, tagged("max-age=30", "never given"));
    expect(hit.headers.get("x-cache")).toBe("HIT");
    expect(hit.headers.get("age")).toBe("29");
    expect(asked).toHaveLength(2);
  });

  test("is replaced when the origin has something else", async () => {
    const { get, host } = await cached();
    await get({}, tagged("max-age=60", "first"));
    host.time.advance(61_000);
    await get({}, saying("max-age=60", "second"));
    expect(textOf(await get({}, saying("max-age=60", "third")))).toBe("second");
  });

  test("is asked about by its date when it has no tag", async () => {
    const { get, host, asked } = await cached();
    const modified = "Wed, 31 Dec 2025 00:00:00 GMT";
    await get({}, saying("max-age=1", "body", { "Last-Modified": modified }));
    host.time.advance(2_000);
    await get({}, saying("max-age=1"));
    expect(asked[1]!.request.headers.get("if-modified-since")).toBe(modified);
  });

  test("with no-cache it is asked about each time", async () => {
    const { get, asked } = await cached();
    await get({}, tagged("no-cache", "body"));
    expect(textOf(await get({}, tagged("no-cache", "never given")))).toBe("body");
    expect(asked).toHaveLength(2);
  });

  test.each([
    ["with a cookie", { "Set-Cookie": "session=1" }],
    ["and says that it is private now", { "Cache-Control": "private" }],
  ])("is given once more and then forgotten when the origin still has it %s", async (_, headers) => {
    const { get, asked } = await cached();
    await get({}, tagged("no-cache", "body"));
    expect(textOf(await get({}, () => upstreamAnswer(null, headers, 304)))).toBe("body");
    const third = await get({}, () => upstreamAnswer("new"));
    expect(asked[2]!.request.headers.has("if-none-match")).toBe(false);
    expect(textOf(third)).toBe("new");
    expect(third.headers.has("set-cookie")).toBe(false);
  });

  test("the client's own conditions go to the origin as they are", async () => {
    const { get, host, asked } = await cached();
    await get({}, tagged("max-age=1", "body"));
    host.time.advance(2_000);
    const answer = await get({ headers: { "If-None-Match": '"v0"' } }, () => upstreamAnswer(null, {}, 304));
    expect(answer.status).toBe(304);
    expect(asked[1]!.request.headers.all("if-none-match")).toEqual(['"v0"']);
  });
});

test("HEAD is answered from what GET has brought, without body", async () => {
  const { get, asked } = await cached();
  await get({ method: "HEAD" }, () => upstreamAnswer(null));
  await get({}, saying("max-age=60", "four"));
  const answer = await get({ method: "HEAD" }, () => upstreamAnswer(null));
  expect(asked).toHaveLength(2);
  expect(answer.body).toBeNull();
  expect(answer.length).toBe(4);
});

test.each([
  ["PUT", 204, "second"],
  ["DELETE", 302, "second"],
  ["POST", 500, "first"],
  ["OPTIONS", 200, "first"],
])("%s that is answered with %d: then GET gives the %s", async (method, status, expected) => {
  const { get } = await cached();
  await get({ target: "/a?b" }, saying("max-age=60", "first"));
  await get({ target: "/a?b", method }, () => upstreamAnswer("done", {}, status));
  expect(textOf(await get({ target: "/a?b" }, saying("max-age=60", "second")))).toBe(expected);
});

test.each([
  [404, "HIT"],
  [301, "HIT"],
  [500, "MISS"],
  [206, "MISS"],
])("a response with status %d is a %s the next time", async (status, outcome) => {
  const { get } = await cached();
  const origin = () => upstreamAnswer("x", { "Cache-Control": "max-age=60" }, status);
  await get({}, origin);
  const again = await get({}, origin);
  expect(again.headers.get("x-cache")).toBe(outcome);
  expect(again.status).toBe(status);
});

test.each([
  [{ ttl: 0 }],
  [{ methods: ["POST"] }],
  [{ cacheable_status: [206] }],
  [{ vary: ["a b"] }],
  [{ max_bytes: 65_536, max_entry_bytes: 65_537 }],
  [{ size: 1 }],
])("the configuration %j is refused", (config) => {
  expect(configProblems("cache", config).length).toBeGreaterThan(0);
});
