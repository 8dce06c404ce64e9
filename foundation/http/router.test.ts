import { describe, expect, test } from "bun:test";
import { createRouter, createRouteTable, httpRequest, json, ProblemError, readJson, serveHttp } from "./index.ts";

describe("route table", () => {
  const table = createRouteTable<string>();
  for (const [method, pattern] of [
    ["GET", "/"],
    ["GET", "/v1/things"],
    ["POST", "/v1/things"],
    ["GET", "/v1/things/{id}"],
    ["DELETE", "/v1/things/{id}"],
    ["GET", "/v1/things/special"],
    ["GET", "/v1/things/{id}/parts/{part}"],
    ["GET", "/files/{path+}"],
    ["GET", "/files/index"],
  ] as const) {
    table.add(method, pattern, `${method} ${pattern}`);
  }

  test.each([
    ["GET", "/", "GET /", {}],
    ["GET", "/v1/things", "GET /v1/things", {}],
    ["HEAD", "/v1/things", "GET /v1/things", {}],
    ["GET", "/v1/things/a%2Fb%20c", "GET /v1/things/{id}", { id: "a/b c" }],
    ["GET", "/v1/things/special", "GET /v1/things/special", {}],
    ["GET", "/v1/things/special/parts/9", "GET /v1/things/{id}/parts/{part}", { id: "special", part: "9" }],
    ["GET", "/files/a/b//c", "GET /files/{path+}", { path: "a/b//c" }],
    ["GET", "/files/index", "GET /files/index", {}],
  ])("%s %s", (method, path, target, params) => {
    expect(table.match(method, path)).toEqual({ kind: "found", target, params });
  });

  test("paths that lead nowhere", () => {
    for (const path of ["", "/v1", "/v1/things/", "/v1/things//parts/1", "/v2/things", "/files/", "/files"]) {
      expect(table.match("GET", path)).toEqual({ kind: "notFound" });
    }
    expect(table.match("PUT", "/v1/things/1")).toEqual({ kind: "methodNotAllowed", allow: ["DELETE", "GET", "HEAD"] });
    expect(table.match("GET", "/v1/things/%zz")).toEqual({ kind: "malformed" });
    expect(table.match("GET", "/v1/things/__proto__")).toMatchObject({ kind: "found", params: { id: "__proto__" } });
  });

  test("refuses patterns that cannot be meant", () => {
    expect(() => table.add("GET", "/v1/things/{other}", "x")).toThrow("taken");
    expect(() => table.add("GET", "x", "x")).toThrow("slash");
    expect(() => table.add("GET", "/a{b}", "x")).toThrow("fill its segment");
    expect(() => table.add("GET", "/{a+}/b", "x")).toThrow("not last");
    expect(() => table.add("GET", "/{a}/{a}", "x")).toThrow("twice");
  });
});

test("a small API end to end", async () => {
  const router = createRouter()
    .on("GET", "/v1/things/{id}", (_request, { id }) => {
      if (id === "none")
        throw new ProblemError({ status: 404, code: "NO_SUCH_THING", title: "No such thing.", hint: 7 });
      return json({ id });
    })
    .on("POST", "/v1/things", async (request) => json(await readJson(request, 100), 201));
  const server = await serveHttp({ port: 0, handler: router.handle });
  try {
    const call = async (method: string, path: string, body?: string, type = "application/json") => {
      const reply = await httpRequest({ method, url: server.url + path, body, headers: [["content-type", type]] });
      const text = await reply.text();
      return {
        status: reply.status,
        allow: reply.headers.get("allow"),
        body: text === "" ? undefined : JSON.parse(text),
      };
    };
    expect(await call("GET", "/v1/things/a%20b?x=1")).toMatchObject({ status: 200, body: { id: "a b" } });
    expect(await call("GET", "/v1/things/none")).toMatchObject({
      status: 404,
      body: {
        type: "about:blank",
        code: "NO_SUCH_THING",
        title: "No such thing.",
        hint: 7,
        instance: "/v1/things/none",
      },
    });
    expect(await call("PUT", "/v1/things/x")).toMatchObject({
      status: 405,
      allow: "GET, HEAD, OPTIONS",
      body: { code: "METHOD_NOT_ALLOWED" },
    });
    expect(await call("OPTIONS", "/v1/things/x")).toMatchObject({ status: 204, allow: "GET, HEAD, OPTIONS" });
    expect(await call("GET", "/nowhere")).toMatchObject({ status: 404, body: { code: "NO_SUCH_ROUTE" } });
    expect(await call("POST", "/v1/things", '{"a":1}')).toMatchObject({ status: 201, body: { a: 1 } });
    expect(await call("POST", "/v1/things", "{}", "application/merge-patch+json; a=b")).toMatchObject({ status: 201 });
    expect(await call("POST", "/v1/things", "{")).toMatchObject({ status: 400, body: { code: "INVALID_JSON" } });
    expect(await call("POST", "/v1/things", "{}", "text/plain")).toMatchObject({ status: 415 });
    expect(await call("POST", "/v1/things", `"${"x".repeat(200)}"`)).toMatchObject({ status: 413 });
  } finally {
    await server.close(0);
  }
});
