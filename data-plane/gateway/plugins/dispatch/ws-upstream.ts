/** `ws-upstream`: WebSockets go to another server. Nothing looks into them: what both ends agree on is theirs. */
import { createHash } from "node:crypto";
import type { JsonObject } from "#foundation/gateway-artifact";
import type { Answer } from "../../message/answer.ts";
import { problem } from "../../problems.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../plugin.ts";
import { targetOf, upstreamOf } from "../upstream-address.ts";
import { requestFields } from "./forwarded-fields.ts";
import { sendOnce } from "./upstream/send-once.ts";
import { type TlsConfig, tlsOf } from "./upstream/upstream-config.ts";

interface WsUpstreamConfig {
  readonly url: string;
  readonly path?: string;
  readonly connect_timeout: number;
  readonly timeout: number;
  readonly idle_timeout: number;
  readonly tls?: TlsConfig;
}

export const wsUpstream: DispatcherPlugin = {
  name: "ws-upstream",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const { url, path, connect_timeout, timeout, idle_timeout, tls } = {
      ...SINCE_ADDED,
      ...(config as unknown as WsUpstreamConfig),
    };
    const upstream = upstreamOf(url, tlsOf(tls));
    const target = targetOf(upstream.basePath, path);
    const fields = requestFields();
    return {
      dispatch(exchange) {
        const { method, headers, body } = exchange.request;
        if (method !== "GET" || !asksForWebSocket(headers.get("upgrade"), headers.get("connection"))) {
          return problem("upgrade-required", { headers: ["Upgrade", "websocket"] });
        }
        if (body.bytes?.length !== 0) return problem("bad-request", { detail: "A handshake has no body." });
        // Over HTTP/2 clients prove nothing to the server (RFC 8441 §5.1): then this is who does.
        const key = headers.has("sec-websocket-key") ? undefined : keyOf(host.random.bytes(KEY_BYTES));
        const passed = fields.of(exchange);
        const answer = sendOnce(exchange, host.pool, upstream, {
          method,
          target: target(exchange.request),
          host: upstream.host,
          ...passed,
          ...(key === undefined ? {} : { fields: [...passed.fields, "Sec-WebSocket-Key", key] }),
          body: null,
          upgrade: "websocket",
          connectTimeoutMs: connect_timeout * 1000,
          responseTimeoutMs: timeout * 1000,
        });
        return answer.then((one) => limited(one, key, idle_timeout * 1000));
      },
    };
  },
};

/** Defaults of members that artifacts do not have which were compiled before these members were there. */
const SINCE_ADDED = { idle_timeout: 300 } as const;

/** RFC 6455 §4.1. */
const KEY_BYTES = 16;
const ACCEPTS = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** @param key with which the server was asked, when it was not the client's: nobody else looks whether it has understood */
function limited(answer: Answer, key: string | undefined, idleTimeoutMs: number): Answer {
  const { upgraded, headers } = answer;
  if (upgraded === undefined) return answer;
  if (key !== undefined) {
    const proof = createHash("sha1")
      .update(key + ACCEPTS)
      .digest("base64");
    if (headers.get("sec-websocket-accept") !== proof) {
      upgraded.duplex.destroy();
      return problem("upstream-invalid");
    }
    headers.delete("sec-websocket-accept");
  }
  return { ...answer, upgraded: { ...upgraded, idleTimeoutMs } };
}

/** RFC 6455 §4.2.1. */
function asksForWebSocket(upgrade: string | undefined, connection: string | undefined): boolean {
  return hasToken(upgrade, "websocket") && hasToken(connection, "upgrade");
}

function hasToken(value: string | undefined, token: string): boolean {
  return value?.split(",").some((one) => one.trim().toLowerCase() === token) === true;
}
