import { expect, test } from "bun:test";
import { BodyBroken, MessageBody } from "#foundation/http1";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { configProblems, testExchange, textOf } from "../../testing/index.ts";
import { middlewareOf, through } from "./testing/through.ts";

const limit = (config = {}) => middlewareOf("request-size-limit", { max_bytes: 10, ...config });

/** A request whose body still comes. */
function streaming(length?: number): { exchange: GatewayExchange; body: MessageBody } {
  const body = new MessageBody({ wantBody() {}, pauseBody() {}, resumeBody() {} });
  const exchange = testExchange({ method: "POST" });
  const request = { ...exchange.request, body: { bytes: undefined, stream: body, length, replace() {} } };
  return { exchange: { ...exchange, request }, body };
}

test("a body that is announced as too large is refused before any of it is read", async () => {
  const { exchange, body } = streaming(11);
  const answer = await through(await limit(), exchange);
  expect(answer.status).toBe(413);
  expect(JSON.parse(textOf(answer)).code).toBe("payload-too-large");
  expect(body.isRead).toBe(false);
});

test("a body of just the size goes on", async () => {
  const { exchange, body } = streaming(10);
  expect(textOf(await through(await limit(), exchange))).toBe("from upstream");
  body.push(Buffer.alloc(10));
  expect(body.received).toBe(10);
});

test("a body in chunks breaks as soon as there is more of it than allowed", async () => {
  const { exchange, body } = streaming();
  expect(textOf(await through(await limit(), exchange))).toBe("from upstream");
  const reading = body.bytes(1_000).then(
    () => undefined,
    (error: unknown) => error,
  );
  body.push(Buffer.alloc(10));
  body.push(Buffer.alloc(1));
  const error = await reading;
  expect(error).toBeInstanceOf(BodyBroken);
  expect((error as BodyBroken).failure).toEqual({ kind: "too-large" });
});

test("what has come together with the head is refused at once", async () => {
  const { exchange, body } = streaming();
  body.push(Buffer.alloc(11));
  expect((await through(await limit(), exchange)).status).toBe(413);
});

test("without looking at the announced length, what arrives is counted", async () => {
  const { exchange, body } = streaming(11);
  expect(textOf(await through(await limit({ check_content_length: false }), exchange))).toBe("from upstream");
  expect(body.limit).toBe(10);
});

test("a limit that is stricter stays", async () => {
  const { exchange, body } = streaming();
  body.limit = 5;
  await through(await limit(), exchange);
  expect(body.limit).toBe(5);
});

test("a body that is whole is measured", async () => {
  expect((await through(await limit(), testExchange({ body: "x".repeat(11) }))).status).toBe(413);
  expect((await through(await limit(), testExchange({ body: "x".repeat(10) }))).status).toBe(200);
});

test("configurations that make no sense are refused", () => {
  expect(configProblems("request-size-limit", { max_bytes: -1 })).toHaveLength(1);
  expect(configProblems("request-size-limit", { max_bytes: 1.5 })).toHaveLength(1);
  expect(configProblems("request-size-limit", { max: 1 })).toHaveLength(1);
});
