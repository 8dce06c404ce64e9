/** A cache with an origin behind it, for tests. */
import type { JsonObject } from "#foundation/gateway-artifact";
import { createVirtualTime } from "#foundation/runtime";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { type TestRequest, testExchange, testHost } from "../../../testing/index.ts";
import { middlewareOf, through, upstreamAnswer } from "./through.ts";

export const START = Date.UTC(2026, 0, 1);
export const ALICE: GatewayExchange["identity"] = {
  consumer: "alice",
  by: "apikey-auth",
  groups: [],
  scopes: [],
  claims: {},
};

/** A cache in front of an origin that counts. */
export async function cached(config: JsonObject = {}, host = testHost(createVirtualTime(START))) {
  const middleware = await middlewareOf("cache", config, host);
  const asked: GatewayExchange[] = [];
  return {
    host,
    middleware,
    asked,
    async get(request: TestRequest, answer: (exchange: GatewayExchange) => Answer): Promise<Answer> {
      const exchange = testExchange(request);
      const given = await through(middleware, exchange, () => {
        asked.push(exchange);
        return answer(exchange);
      });
      middleware.onEnd?.(exchange, { status: given.status, complete: true, durationMs: 0, bytesIn: 0, bytesOut: 0 });
      return given;
    },
  };
}

/** An origin that always answers the same. */
export const saying =
  (cacheControl: string, body = "body", more: Readonly<Record<string, string>> = {}) =>
  () =>
    upstreamAnswer(body, { "Cache-Control": cacheControl, ...more });
