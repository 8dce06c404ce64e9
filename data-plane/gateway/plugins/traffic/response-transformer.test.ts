import { expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import { configProblems, testExchange, textOf } from "../../testing/index.ts";
import { middlewareOf, through, upstreamAnswer } from "./testing/through.ts";

const JSON_TYPE = { "Content-Type": "application/json" };
const removing = { body: { remove: ["/secret"], add: { "/by": "$path.id" } } };

test("status, header fields and body are changed", async () => {
  const middleware = await middlewareOf("response-transformer", {
    status: { "404": 410 },
    headers: { remove: ["Server"], rename: { "X-A": "X-B" }, add: { "X-Client": "$client_ip" }, set: { "X-B": "no" } },
    ...removing,
  });
  const answer = await through(middleware, testExchange({ pathParameters: { id: "7" } }), () =>
    upstreamAnswer('{"secret":1,"big":12345678901234567890}', { ...JSON_TYPE, Server: "x", "X-A": "1" }, 404),
  );
  expect(answer.status).toBe(410);
  expect(textOf(answer)).toBe('{"big":12345678901234567890,"by":"7"}');
  expect([...answer.headers]).toEqual([
    ["Content-Type", "application/json"],
    ["X-B", "1"],
    ["X-Client", "203.0.113.7"],
  ]);
});

test("fields about the octets of a body that is changed go, and its tag is weak", async () => {
  const middleware = await middlewareOf("response-transformer", removing);
  const answer = await through(middleware, testExchange(), () =>
    upstreamAnswer("{}", {
      ...JSON_TYPE,
      ETag: '"a"',
      "Content-MD5": "x",
      "Repr-Digest": "y",
      "Accept-Ranges": "bytes",
    }),
  );
  expect([...answer.headers]).toEqual([
    ["Content-Type", "application/json"],
    ["ETag", 'W/"a"'],
  ]);
});

test("what is said to be JSON and cannot be changed does not pass", async () => {
  const middleware = await middlewareOf("response-transformer", removing);
  for (const headers of [JSON_TYPE, { ...JSON_TYPE, "Content-Encoding": "gzip" }]) {
    const answer = await through(middleware, testExchange(), () => upstreamAnswer('{"secret":1', headers));
    expect(answer.status).toBe(502);
    expect(JSON.parse(textOf(answer)).code).toBe("upstream-invalid");
    expect(textOf(answer)).not.toContain("secret");
  }
});

test("the upstream is asked for the whole, and not compressed, only when there are rules about the body", async () => {
  const headers = { "Accept-Encoding": "gzip", Range: "bytes=0-1" };
  const exchange = testExchange({ headers });
  const middleware = await middlewareOf("response-transformer", removing);
  expect(middleware.readsResponseBody).toBe(true);
  await through(middleware, exchange);
  expect([...exchange.request.headers]).toEqual([["Accept-Encoding", "identity"]]);
  const other = testExchange({ headers });
  const without = await middlewareOf("response-transformer", { status: { "200": 201 } });
  expect(without.readsResponseBody).toBe(false);
  expect((await through(without, other)).status).toBe(201);
  expect(other.request.headers.get("accept-encoding")).toBe("gzip");
});

test("other media types and answers without body pass as they are", async () => {
  const middleware = await middlewareOf("response-transformer", removing);
  const text = await through(middleware, testExchange(), () =>
    upstreamAnswer('{"secret":1}', { "Content-Type": "text/plain" }),
  );
  expect(textOf(text)).toBe('{"secret":1}');
  const none = await through(middleware, testExchange(), () => upstreamAnswer(null, JSON_TYPE, 304));
  expect(none.body).toBeNull();
});

test("a status without body has none", async () => {
  const middleware = await middlewareOf("response-transformer", { status: { "200": 204 } });
  const answer = await through(middleware, testExchange(), () => upstreamAnswer("x", { "Content-Type": "text/plain" }));
  expect([answer.status, answer.body, answer.headers.has("content-type")]).toEqual([204, null, false]);
});

test.each([
  [{ status: { "101": 200 } }],
  [{ status: { "200": 100 } }],
  [{ headers: { set: { "transfer-encoding": "chunked" } } }],
  [{ querystring: {} }],
])("the configuration %j is refused", (config) => {
  expect(configProblems("response-transformer", config as JsonObject).length).toBeGreaterThan(0);
});
