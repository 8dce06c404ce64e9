/** `ws-upstream`: WebSockets go to another server. Nothing looks into them: what both ends agree on is theirs. */
import type { JsonObject } from "#foundation/gateway-artifact";
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
  readonly tls?: TlsConfig;
}

export const wsUpstream: DispatcherPlugin = {
  name: "ws-upstream",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const { url, path, connect_timeout, timeout, tls } = config as unknown as WsUpstreamConfig;
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
        return sendOnce(exchange, host.pool, upstream, {
          method,
          target: target(exchange.request),
          host: upstream.host,
          ...fields.of(exchange),
          body: null,
          upgrade: "websocket",
          connectTimeoutMs: connect_timeout * 1000,
          responseTimeoutMs: timeout * 1000,
        });
      },
    };
  },
};

/** RFC 6455 §4.2.1. */
function asksForWebSocket(upgrade: string | undefined, connection: string | undefined): boolean {
  return hasToken(upgrade, "websocket") && hasToken(connection, "upgrade");
}

function hasToken(value: string | undefined, token: string): boolean {
  return value?.split(",").some((one) => one.trim().toLowerCase() === token) === true;
}
