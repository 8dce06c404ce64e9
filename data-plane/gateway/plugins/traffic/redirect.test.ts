import { expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import { configProblems, testExchange, textOf } from "../../testing/index.ts";
import { middlewareOf, through } from "./testing/through.ts";

const RULES: readonly JsonObject[] = [
  { path: "/exact", target: "https://new.example/there", status_code: 301 },
  { path: "/fixed", target: "/there?lang=en#top" },
  { prefix: "/old", target: "/new" },
  { prefix: "/files/", target: "https://files.example" },
  { prefix: "/bare", target: "/", status_code: 308 },
];

test.each([
  ["/exact", 301, "https://new.example/there"],
  ["/exact?a=1", 301, "https://new.example/there?a=1"],
  ["/fixed?a=1", 302, "/there?lang=en&a=1#top"],
  ["/old", 302, "/new"],
  ["/old/", 302, "/new/"],
  ["/old/a/b%20c?x=y", 302, "/new/a/b%20c?x=y"],
  ["/files/a.txt", 302, "https://files.example/a.txt"],
  ["/bare", 308, "/"],
  ["/bare/a", 308, "/a"],
])("%s is redirected with %d to %s", async (target, status, location) => {
  const answer = await through(await middlewareOf("redirect", { rules: RULES }), testExchange({ target }));
  expect(answer.status).toBe(status);
  expect(answer.headers.get("location")).toBe(location);
});

test.each(["/bare//evil.test", "/bare/\\evil.test", "/bare/\\/evil.test", "/bare///evil.test"])(
  "%s does not lead to another host",
  async (target) => {
    const answer = await through(await middlewareOf("redirect", { rules: RULES }), testExchange({ target }));
    expect(answer.headers.get("location")).toBe("/evil.test");
  },
);

test.each(["/older", "/exact/more", "/", "/files"])("%s goes on", async (target) => {
  const answer = await through(await middlewareOf("redirect", { rules: RULES }), testExchange({ target }));
  expect(textOf(answer)).toBe("from upstream");
});

test("a rule without condition fits everything", async () => {
  const middleware = await middlewareOf("redirect", { rules: [{ path: "/a", target: "/b" }, { target: "/moved" }] });
  const answer = await through(middleware, testExchange({ target: "/anything/at?all" }));
  expect(answer.headers.get("location")).toBe("/moved?all");
});

test("the query is dropped when so configured", async () => {
  const middleware = await middlewareOf("redirect", { rules: RULES, preserve_query: false, status_code: 307 });
  const answer = await through(middleware, testExchange({ target: "/old/a?token=secret" }));
  expect(answer.status).toBe(307);
  expect(answer.headers.get("location")).toBe("/new/a");
});

test.each([
  [{}],
  [{ rules: [] }],
  [{ rules: [{ path: "/a" }] }],
  [{ rules: [{ path: "/a", prefix: "/b", target: "/c" }] }],
  [{ rules: [{ path: "/a", target: "/c\r\nX: y" }] }],
  [{ rules: [{ path: "a", target: "/c" }] }],
  [{ rules: [{ path: "/a", target: "/c", status_code: 200 }] }],
])("the configuration %j is refused", (config) => {
  expect(configProblems("redirect", config).length).toBeGreaterThan(0);
});
