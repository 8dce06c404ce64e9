import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hostOf, RoutingTable } from "./routing-table.ts";
import { configOf, routeTo } from "./testing/index.ts";

const table = new RoutingTable(
  configOf(
    7,
    routeTo("shop.test", [1]),
    routeTo("shop.test", [2], { path: "/api" }),
    routeTo("shop.test", [3], { path: "/api/v2" }),
    routeTo("other.test", [4], { path: "/only" }),
    routeTo("db.test", [5], { protocol: "tls_passthrough" }),
    routeTo("", [6], { protocol: "tcp_raw", listenPort: 5432, hostname: undefined as never }),
  ),
);
const portOf = (host: string, path: string) => table.http(host, path)?.route.backends[0]?.port;

describe("HTTP goes by host, then by the longest path", () => {
  test.each([
    ["/", 1],
    ["/x", 1],
    ["/apix", 1],
    ["/ap", 1],
    ["/api", 2],
    ["/api/", 2],
    ["/api/x/y", 2],
    ["/api/v2", 3],
    ["/api/v2/", 3],
    ["/api/v20", 2],
    // As it came: what is written otherwise is another path, also where a program would take it for the same.
    ["/API", 1],
    ["/%61pi", 1],
    ["/x/../api", 1],
    ["//api", 1],
    ["*", 1],
  ])("%s", (path, port) => {
    expect(portOf("shop.test", path)).toBe(port);
  });

  test("a host without a route for everything has none for the rest", () => {
    expect(portOf("other.test", "/only/this")).toBe(4);
    expect(portOf("other.test", "/")).toBeUndefined();
  });

  test("names of TLS and ports of TCP are not names of HTTP", () => {
    expect(portOf("db.test", "/")).toBeUndefined();
    expect(portOf("", "/")).toBeUndefined();
    expect(table.httpHosts).toEqual(["other.test", "shop.test"]);
    expect(table.tls("DB.test.")?.route.backends[0]?.port).toBe(5);
    expect(table.tls("shop.test")).toBeUndefined();
    expect([...table.tcpPorts.keys()]).toEqual([5432]);
  });
});

test.each([
  ["shop.test", "shop.test"],
  ["SHOP.Test", "shop.test"],
  ["shop.test.", "shop.test"],
  ["shop.test:8080", "shop.test"],
  ["shop.test.:8080", "shop.test"],
  ["[::1]:8080", "[::1]"],
  ["[::1]", "[::1]"],
  ["127.0.0.1:80", "127.0.0.1"],
  ["", ""],
])("the host of %p is %p", (authority, host) => {
  expect(hostOf(authority)).toBe(host);
});

test("names of objects' own members are names like any other", () => {
  for (const name of ["__proto__", "constructor", "hasownproperty", "tostring"]) {
    expect(table.http(name, "/")).toBeUndefined();
    expect(new RoutingTable(configOf(1, routeTo(name, [9]))).http(name, "/")?.route.backends[0]?.port).toBe(9);
  }
});

test("whatever is asked for, the answer is a route of that very host whose path is the longest that covers it", () => {
  const segment = fc.constantFrom("a", "b", "ab", "", "..", "%2e");
  const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
  const host = fc.constantFrom("a.test", "b.test", "a.b.test");
  const routes = fc.uniqueArray(fc.record({ host, path }), {
    selector: ({ host: h, path: p }) => `${h} ${p}`,
    maxLength: 12,
  });
  fc.assert(
    fc.property(routes, host, path, (given, asked, at) => {
      const made = new RoutingTable(
        configOf(1, ...given.map((one, index) => routeTo(one.host, [index], { path: one.path }))),
      );
      const found = made.http(asked, at)?.route;
      const covering = given.filter(
        (one) => one.host === asked && (one.path === "/" || at === one.path || at.startsWith(`${one.path}/`)),
      );
      const longest = Math.max(...covering.map((one) => one.path.length));
      expect(found?.path?.length).toBe(covering.length === 0 ? undefined : longest);
      if (found !== undefined) expect(found.hostname).toBe(asked);
    }),
  );
});

describe("applications by name", () => {
  const service = (app: string, port = 8080, environment = "production", processType = "web") => ({
    service: { app, environment, processType, port },
  });
  const named = new RoutingTable(
    configOf(
      1,
      routeTo("shop.test", [1], service("shop")),
      routeTo("shop.test", [2], { path: "/api", ...service("shop") }),
      routeTo("only.test", [3], { path: "/only", ...service("only") }),
      routeTo("two.test", [4], service("two", 80)),
      routeTo("admin.two.test", [5], service("two", 81)),
      routeTo("elsewhere.test", [6], { ...service("shop"), accountId: "222233334444" as never }),
      routeTo("none.test", [7]),
      // Somebody who would like to be another.
      routeTo("web.production.gone.111122223333.app.biplane.internal", [8]),
      routeTo("web.production.shop.111122223333.app.biplane.internal", [9], service("evil")),
      routeTo("db.test", [10], { protocol: "tls_passthrough", ...service("db") }),
    ),
  );
  test.each([
    ["web.production.shop.111122223333", "/", 1],
    ["8080.web.production.shop.111122223333", "/", 1],
    ["web.production.shop.111122223333", "/api/x", 2],
    ["web.production.shop.222233334444", "/api/x", 6],
    ["web.production.shop.333344445555", "/", undefined],
    ["web.staging.shop.111122223333", "/", undefined],
    ["worker.production.shop.111122223333", "/", undefined],
    ["81.web.production.shop.111122223333", "/", undefined],
    // What no route lets in is not let in by name.
    ["web.production.only.111122223333", "/", undefined],
    ["web.production.only.111122223333", "/only/this", 3],
    ["web.production.two.111122223333", "/", undefined],
    ["80.web.production.two.111122223333", "/", 4],
    ["81.web.production.two.111122223333", "/", 5],
    ["web.production.gone.111122223333", "/", undefined],
    ["web.production.db.111122223333", "/", undefined],
    ["", "/", undefined],
  ])("%s %s", (name, path, port) => {
    expect(named.http(hostOf(`${name}.app.biplane.internal:8080`), path)?.route.backends[0]?.port).toBe(port);
  });
});
