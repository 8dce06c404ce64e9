/** Responses are changed on their way back. */
import type { Answer } from "../../message/answer.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";
import {
  type BodyRules,
  type BodyRulesConfig,
  bodyRules,
  forgetDigests,
  isEncoded,
  isJson,
} from "./transform/body-rules.ts";
import { type HeaderRulesConfig, headerRules } from "./transform/header-rules.ts";

interface ResponseTransformerConfig {
  readonly status: Readonly<Record<string, number>>;
  readonly headers?: HeaderRulesConfig;
  readonly body?: BodyRulesConfig;
}

/** Responses without body (RFC 9110 §15). */
const WITHOUT_BODY = new Set([204, 205, 304]);

export const RESPONSE_TRANSFORMER: MiddlewarePlugin = {
  name: "response-transformer",
  setup: (config) => responseTransformer(config as unknown as ResponseTransformerConfig),
};

function responseTransformer(config: ResponseTransformerConfig): Middleware {
  const headers = headerRules(config.headers);
  const body = bodyRules(config.body);
  const statuses = new Map(Object.entries(config.status ?? {}).map(([from, to]) => [Number(from), to]));
  return {
    readsResponseBody: body !== undefined,
    ...(body === undefined ? {} : { onRequest: askForWhole }),
    onResponse(exchange, answer) {
      if (answer.upgraded !== undefined) return;
      const change = headers.prepare(exchange);
      if (body !== undefined && !changeBody(body, exchange, answer)) {
        // What cannot be changed does not pass: the rules may be there to keep something in.
        Object.assign(answer, problem("upstream-invalid"), { length: undefined });
        return;
      }
      const status = statuses.get(answer.status);
      if (status !== undefined) setStatus(answer, status);
      change(answer.headers);
    },
  };
}

/** Neither compressed nor a part. */
function askForWhole({ request: { headers } }: GatewayExchange): undefined {
  headers.set("Accept-Encoding", "identity");
  headers.delete("range");
  headers.delete("if-range");
}

/** @returns false when it is said to be JSON, and is not */
function changeBody(rules: BodyRules, exchange: GatewayExchange, answer: Answer): boolean {
  const { body, headers } = answer;
  if (!(body instanceof Uint8Array) || body.length === 0 || !isJson(headers)) return true;
  const changed = isEncoded(headers) ? undefined : rules(exchange)(body);
  if (changed === undefined) return false;
  answer.body = changed;
  forgetDigests(headers);
  const etag = headers.get("etag");
  // Of the same meaning, and not the same octets (RFC 9110 §8.8.1).
  if (etag?.startsWith('"')) headers.set("ETag", `W/${etag}`);
  return true;
}

function setStatus(answer: Answer, status: number): void {
  answer.status = status;
  if (!WITHOUT_BODY.has(status)) return;
  answer.body = null;
  answer.length = undefined;
  answer.headers.deleteWhere((name) => name === "content-type" || name === "content-encoding");
}
