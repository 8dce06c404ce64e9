import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseTemplate } from "#foundation/api-description";
import { Router } from "./router.ts";

function routerOf(...routes: readonly string[]): Router<string> {
  const router = new Router<string>();
  for (const route of routes) {
    const [method = "", path = ""] = route.split(" ");
    const parsed = parseTemplate(path);
    if (!("template" in parsed)) throw new Error(parsed.problem);
    router.add(method, path, parsed.template, route);
  }
  return router;
}

function found(router: Router<string>, method: string, path: string): unknown {
  const match = router.find(path);
  const route = match?.path.methods.get(method);
  return route === undefined ? undefined : [route, ...match!.values];
}

describe("paths", () => {
  const router = routerOf(
    "GET /",
    "GET /users",
    "GET /users/",
    "GET /users/{id}",
    "POST /users/me",
    "GET /users/me/settings",
    "GET /users/{userId}/orders/{orderId}",
    "GET /files/{path+}",
    "GET /files/list",
    "GET /reports/{name}.json",
    "GET /reports/{name}",
    "GET /reports/v{major}-{minor}.json",
    "GET /caf%C3%A9",
  );

  test.each([
    ["/", ["GET /"]],
    ["/users", ["GET /users"]],
    ["/users/", ["GET /users/"]],
    ["/users/7", ["GET /users/{id}", "7"]],
    ["/users/a%2Fb", ["GET /users/{id}", "a%2Fb"]],
    ["/users/me/settings", ["GET /users/me/settings"]],
    // A concrete segment that leads nowhere does not hide a parameter.
    ["/users/me/orders/9", ["GET /users/{userId}/orders/{orderId}", "me", "9"]],
    ["/files/list", ["GET /files/list"]],
    ["/files/a/b/c", ["GET /files/{path+}", "a/b/c"]],
    ["/files/list/b", ["GET /files/{path+}", "list/b"]],
    ["/reports/q1.json", ["GET /reports/{name}.json", "q1"]],
    ["/reports/v1-2.json", ["GET /reports/v{major}-{minor}.json", "1", "2"]],
    ["/reports/q1.xml", ["GET /reports/{name}", "q1.xml"]],
    ["/reports/.json", ["GET /reports/{name}", ".json"]],
    ["/caf%c3%a9", ["GET /caf%C3%A9"]],
    ["/caf%C3%A9", ["GET /caf%C3%A9"]],
    ["/us%65rs", ["GET /users"]],
    ["/nothing", undefined],
    ["/users//", undefined],
    ["//users", undefined],
    ["/files/", undefined],
    ["/users/%zz", undefined],
    ["", undefined],
  ] as const)("%s", (path, expected) => {
    expect(found(router, "GET", path)).toEqual(expected as unknown);
  });

  test("the path decides before the method", () => {
    expect(found(router, "GET", "/users/me")).toBeUndefined();
    expect(router.find("/users/me")?.path.allow).toBe("OPTIONS, POST");
    expect(router.find("/users")?.path.allow).toBe("GET, HEAD, OPTIONS");
  });

  test("parameters have the names of their own operation", () => {
    const two = routerOf("GET /a/{id}", "GET /a/{other}/b", "POST /a/{third}");
    expect(found(two, "GET", "/a/1/b")).toEqual(["GET /a/{other}/b", "1"]);
    expect(found(two, "POST", "/a/1")).toEqual(["POST /a/{third}", "1"]);
  });

  test("the same twice is a mistake", () => {
    expect(() => routerOf("GET /a/{b}", "GET /a/{c}")).toThrow("GET /a/{c} is there twice");
  });
});

test("what is found is what a search through all of them finds", () => {
  const segment = fc.constantFrom("a", "b", "c");
  const template = fc.array(fc.oneof(segment, fc.constant("{}")), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.uniqueArray(template, { selector: (parts) => parts.join("/"), maxLength: 12 }),
      fc.array(segment, { minLength: 1, maxLength: 4 }),
      (templates, path) => {
        const router = routerOf(
          ...templates.map((parts) => `GET /${parts.map((part, at) => (part === "{}" ? `{p${at}}` : part)).join("/")}`),
        );
        // The first template in the order "concrete before parameter", segment by segment.
        const fitting = templates
          .filter(
            (parts) => parts.length === path.length && parts.every((part, at) => part === "{}" || part === path[at]),
          )
          .map((parts) => parts.map((part) => (part === "{}" ? "~" : part)).join("/"))
          .sort((left, right) => (left < right ? -1 : 1));
        const best = fitting[0]?.split("/").map((part, at) => (part === "~" ? `{p${at}}` : part));
        const expected = best && `GET /${best.join("/")}`;
        expect((found(router, "GET", `/${path.join("/")}`) as string[] | undefined)?.[0]).toEqual(expected as string);
      },
    ),
  );
});
