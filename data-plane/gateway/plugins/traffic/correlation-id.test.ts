import { expect, test } from "bun:test";
import { configProblems, testExchange } from "../../testing/index.ts";
import { middlewareOf, through } from "./testing/through.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const sending = (id: string) => testExchange({ headers: { "X-Correlation-Id": id } });

test("an id that the client sends goes upstream and back", async () => {
  const exchange = sending("order-17");
  const answer = await through(await middlewareOf("correlation-id", {}), exchange);
  expect(exchange.request.headers.get("x-correlation-id")).toBe("order-17");
  expect(answer.headers.get("x-correlation-id")).toBe("order-17");
});

test("a request without one gets a new one, each its own", async () => {
  const middleware = await middlewareOf("correlation-id", { header_name: "X-Trace" });
  const [first, second] = [testExchange(), testExchange()];
  const answer = await through(middleware, first);
  await through(middleware, second);
  const id = first.request.headers.get("x-trace");
  expect(id).toMatch(UUID);
  expect(answer.headers.get("x-trace")).toBe(id);
  expect(second.request.headers.get("x-trace")).not.toBe(id);
});

test.each(["", "with space", "x".repeat(129), "<script>", "a, b"])("%j is no id, and is replaced", async (sent) => {
  const exchange = sending(sent);
  await through(await middlewareOf("correlation-id", {}), exchange);
  expect(exchange.request.headers.get("x-correlation-id")).toMatch(UUID);
});

test("ids of clients are not used when they are not trusted", async () => {
  const exchange = sending("order-17");
  await through(await middlewareOf("correlation-id", { trust_incoming: false }), exchange);
  expect(exchange.request.headers.get("x-correlation-id")).toMatch(UUID);
  const other = sending("order-17");
  const none = await middlewareOf("correlation-id", { trust_incoming: false, generate_if_missing: false });
  const answer = await through(none, other);
  expect(other.request.headers.has("x-correlation-id")).toBe(false);
  expect(answer.headers.has("x-correlation-id")).toBe(false);
});

test("the response is left alone when so configured", async () => {
  const answer = await through(await middlewareOf("correlation-id", { include_in_response: false }), sending("a"));
  expect(answer.headers.has("x-correlation-id")).toBe(false);
});

test("a name that is none is refused", () => {
  expect(configProblems("correlation-id", { header_name: "a b" })).toHaveLength(1);
  expect(configProblems("correlation-id", { header: "a" })).toHaveLength(1);
});
