import { describe, expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { configProblems, type TestRequest, testExchange, textOf } from "../../testing/index.ts";
import { middlewareOf, through } from "./testing/through.ts";

async function transformed(config: JsonObject, request: TestRequest): Promise<GatewayExchange> {
  const exchange = testExchange(request);
  const answer = await through(await middlewareOf("request-transformer", config), exchange);
  expect(answer.status).toBe(200);
  return exchange;
}

const bodyOf = ({ request }: GatewayExchange): string => Buffer.from(request.body.bytes!).toString();
const json = (body: string, type = "application/json") => ({ method: "POST", headers: { "Content-Type": type }, body });

test("header fields are removed, renamed, put and set, in this order", async () => {
  const headers = {
    remove: ["X-Secret", "X-Both"],
    rename: { "X-Old": "X-New" },
    add: { "X-Put": "gateway", "X-Both": "again" },
    set: { "X-There": "no", "X-Missing": "yes" },
  };
  const { request } = await transformed(
    { headers },
    { headers: { "x-secret": "s", "X-Both": "b", "x-old": "o", "X-New": "n", "X-PUT": "client", "X-There": "t" } },
  );
  expect([...request.headers]).toEqual([
    ["X-There", "t"],
    ["X-New", "o"],
    ["X-Put", "gateway"],
    ["X-Both", "again"],
    ["X-Missing", "yes"],
  ]);
});

describe("variables", () => {
  const request: TestRequest = {
    target: "/a?page=2&q=a%20b&lines=a%0d%0aX-Injected:%20b&name=J%C3%BCrgen",
    clientAddress: "192.0.2.1",
    headers: { "X-One": "1", Cookie: "session=abc; other=d" },
    pathParameters: { id: "17" },
    context: { "ai.policy": "strict" },
  };
  test.each([
    ["$client_ip", "192.0.2.1"],
    ["$header.x-one", "1"],
    ["$query.page", "2"],
    ["$query.q", "a b"],
    ["$path.id", "17"],
    ["$cookie.session", "abc"],
    ["context:ai.policy", "strict"],
    ["$context.ai.policy", "strict"],
    ["at $client_ip: $path.id/$query.page.", "at 192.0.2.1: 17/2."],
    ["$$client_ip costs $5", "$client_ip costs $5"],
    ["$client_ipv6", "$client_ipv6"],
    ["id-$path.missing-$path.id", "id--17"],
    ["$query.lines", "aX-Injected: b"],
    ["$query.name", "J\u00c3\u00bcrgen"],
    ["$header.missing", undefined],
    ["context:missing", undefined],
    ["$path.constructor", undefined],
    ["my context:ai.policy", "my context:ai.policy"],
  ])("%s is %p", async (template, expected) => {
    const { request: sent } = await transformed({ headers: { add: { "X-Value": template } } }, request);
    expect(sent.headers.get("x-value")).toBe(expected);
  });

  test("a field that nothing comes of is not the client's own", async () => {
    const { request: sent } = await transformed(
      { headers: { add: { "X-User": "context:user" } } },
      { headers: { "X-User": "admin" } },
    );
    expect(sent.headers.has("x-user")).toBe(false);
  });

  test("are read before anything is changed", async () => {
    const config = {
      headers: { remove: ["X-One"], add: { "X-Page": "$query.page" } },
      querystring: { remove: ["page"], add: { one: "$header.X-One" } },
    };
    const { request: sent } = await transformed(config, { target: "/?page=2", headers: { "X-One": "1" } });
    expect(sent.headers.get("x-page")).toBe("2");
    expect(sent.query).toBe("one=1");
  });
});

test.each([
  [{ add: { a: "x y&z" } }, "", "a=x%20y%26z"],
  [{ add: { a: "new" } }, "a=1&b=%7e&a=2", "b=%7e&a=new"],
  [{ remove: ["a b"] }, "a%20b=1&a+b=2&c", "c"],
  [{ rename: { old: "new name" } }, "old=%2F&x=1&old", "new%20name=%2F&x=1&new%20name"],
  [{ remove: ["x"] }, "%zz=%&y=", "%zz=%&y="],
  [{ add: { a: "$query.missing" } }, "a=1", ""],
])("the rules %j make of the query %j %j", async (querystring, query, expected) => {
  const { request } = await transformed({ querystring }, { target: `/?${query}` });
  expect(request.query).toBe(expected);
});

test.each([
  [{ strip_prefix: "/api" }, "/api/users%2F1", "/users%2F1"],
  [{ strip_prefix: "/api" }, "/api", "/"],
  [{ strip_prefix: "/api/" }, "/api/users", "/users"],
  [{ strip_prefix: "/api" }, "/apis", "/apis"],
  [{ add_prefix: "/v2" }, "/users", "/v2/users"],
  [{ add_prefix: "/v2/" }, "/users", "/v2/users"],
  [{ strip_prefix: "/a", add_prefix: "/b" }, "/a/x", "/b/x"],
  [{ replace: { pattern: "^/users/([^/]+)/(.*)$", replacement: "/u/$1/-/$2" } }, "/users/7/a/b", "/u/7/-/a/b"],
  [{ replace: { pattern: "^/users/", replacement: "" } }, "/users/7", "/7"],
  [{ replace: { pattern: "_old", replacement: "_new" } }, "/a_old/b_old", "/a_new/b_new"],
  [{ add_prefix: "/v1", replace: { pattern: "^/v1/x", replacement: "/y" } }, "/x/z", "/y/z"],
])("the rules %j make of the path %s %s", async (path, target, expected) => {
  const { request } = await transformed({ path }, { target });
  expect(request.path).toBe(expected);
});

describe("bodies", () => {
  const body = {
    remove: ["/internal"],
    rename: { "/old": "/deep/new" },
    add: { "/meta/ip": "$client_ip", "/n": 5, "/missing": "$query.none" },
  };

  test("of JSON are changed by pointers, and numbers stay what they are", async () => {
    const sent = '{"id":12345678901234567890,"internal":{"a":1},"old":[1.50],"missing":"of the client"}';
    const exchange = await transformed({ body }, json(sent));
    expect(bodyOf(exchange)).toBe(
      '{"id":12345678901234567890,"deep":{"new":[1.50]},"meta":{"ip":"203.0.113.7"},"n":5}',
    );
  });

  test("of other media types pass as they are", async () => {
    expect(bodyOf(await transformed({ body }, json('{"internal":1}', "text/plain")))).toBe('{"internal":1}');
    expect(bodyOf(await transformed({ body }, json('{"internal":1}', "application/vnd.x+json; charset=utf-8")))).toBe(
      '{"meta":{"ip":"203.0.113.7"},"n":5}',
    );
    expect(bodyOf(await transformed({ body }, json("[1]")))).toBe("[1]");
    expect(bodyOf(await transformed({ body }, json("")))).toBe("");
  });

  test("a value is each request's own", async () => {
    const middleware = await middlewareOf("request-transformer", { body: { add: { "/a": [], "/a/-": "x" } } });
    for (const _ of [1, 2]) {
      const exchange = testExchange(json("{}"));
      await through(middleware, exchange);
      expect(bodyOf(exchange)).toBe('{"a":["x"]}');
    }
  });

  test.each([
    [json('{"internal":1'), 400, "bad-request"],
    [json('{"internal":1}\u0000'), 400, "bad-request"],
    [{ ...json(""), body: Buffer.from([0x22, 0xff, 0x22]) }, 400, "bad-request"],
    [json("[".repeat(1_000_000)), 400, "bad-request"],
    [
      { ...json("x"), headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" } },
      415,
      "unsupported-media-type",
    ],
  ])("that cannot be changed do not pass", async (request, status, code) => {
    const middleware = await middlewareOf("request-transformer", { body });
    const answer = await through(middleware, testExchange(request as TestRequest));
    expect(answer.status).toBe(status);
    expect(JSON.parse(textOf(answer)).code).toBe(code);
  });

  test("are only read when there are rules about them", async () => {
    expect((await middlewareOf("request-transformer", { headers: { remove: ["a"] } })).readsRequestBody).toBe(false);
    expect((await middlewareOf("request-transformer", { body: {} })).readsRequestBody).toBe(false);
    expect((await middlewareOf("request-transformer", { body: { remove: ["/a"] } })).readsRequestBody).toBe(true);
  });
});

test.each([
  [{ headers: { add: { "a b": "x" } } }],
  [{ headers: { add: { a: "x\r\ny" } } }],
  [{ headers: { add: { "Content-Length": "1" } } }],
  [{ headers: { rename: { a: "Transfer-Encoding" } } }],
  [{ headers: { remove: ["connection"] } }],
  [{ headers: { append: {} } }],
  [{ path: { strip_prefix: "api" } }],
  [{ path: { replace: { pattern: "^/(a+)+$", replacement: "" } } }],
  [{ path: { replace: { pattern: "(", replacement: "" } } }],
  [{ path: { replace: { pattern: "/v\\d+", replacement: "" } } }],
  [{ path: { replace: { pattern: "^/a", replacement: "/a b" } } }],
  [{ body: { remove: ["internal"] } }],
  [{ body: { rename: { "/a": "/b~2" } } }],
  [{ body: { add: { "": 1 } } }],
])("the configuration %j is refused", (config) => {
  expect(configProblems("request-transformer", config as JsonObject).length).toBeGreaterThan(0);
});
