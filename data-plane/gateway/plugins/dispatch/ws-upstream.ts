/** `ws-upstream`: WebSockets go to another server. Nothing looks into them: what both ends agree on is theirs. */
import { createHash } from "node:crypto";
import type { JsonObject } from "#foundation/gateway-artifact";
import type { OutgoingRequest } from "#foundation/http1";
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
  readonly http_version: "1.1" | "2" | "auto";
  readonly connect_timeout: number;
  readonly timeout: number;
  readonly idle_timeout: number;
  readonly tls?: TlsConfig;
}

export const wsUpstream: DispatcherPlugin = {
  name: "ws-upstream",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const { url, path, http_version, connect_timeout, timeout, idle_timeout, tls } = {
      ...SINCE_ADDED,
      ...(config as unknown as WsUpstreamConfig),
    };
    const upstream = upstreamOf(url, tlsOf(tls), http_version);
    // Whoever has chosen HTTP/2 and takes no WebSockets over it may well take them over HTTP/1.1.
    const instead = http_version === "auto" ? upstreamOf(url, tlsOf(tls)) : undefined;
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
        const theirs = headers.get("sec-websocket-key");
        const key = theirs === undefined ? keyOf(host.random.bytes(KEY_BYTES)) : undefined;
        const passed = fields.of(exchange);
        const request: OutgoingRequest = {
          method,
          target: target(exchange.request),
          host: upstream.host,
          ...passed,
          ...(key === undefined ? {} : { fields: [...passed.fields, "Sec-WebSocket-Key", key] }),
          body: null,
          upgrade: "websocket",
          connectTimeoutMs: connect_timeout * 1000,
          responseTimeoutMs: timeout * 1000,
        };
        const answer = sendOnce(exchange, host.pool, upstream, request, instead);
        return answer.then((one) => limited(proved(one, theirs, key), idle_timeout * 1000));
      },
    };
  },
};

/** Defaults of members that artifacts do not have which were compiled before these members were there. */
const SINCE_ADDED = { idle_timeout: 300, http_version: "1.1" } as const;

/** RFC 6455 §4.1. */
const KEY_BYTES = 16;
const ACCEPT = "sec-websocket-accept";
const ACCEPTS = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function proofOf(key: string): string {
  return createHash("sha1")
    .update(key + ACCEPTS)
    .digest("base64");
}

/**
 * Whether the server has understood is proved to the client where it speaks HTTP/1.1: by the server, or from here when over HTTP/2 the server proves nothing.
 *
 * @param theirs the client's key @param ours with which the server was asked, when there is none: nobody else looks at what it says to that
 */
function proved(answer: Answer, theirs: string | undefined, ours: string | undefined): Answer {
  const { upgraded, headers } = answer;
  if (upgraded === undefined) return answer;
  if (upgraded.version === "2") {
    headers.delete(ACCEPT);
    if (theirs !== undefined) headers.set(ACCEPT, proofOf(theirs));
  } else if (ours !== undefined) {
    if (headers.get(ACCEPT) !== proofOf(ours)) {
      upgraded.duplex.destroy();
      return problem("upstream-invalid");
    }
    headers.delete(ACCEPT);
  }
  return answer;
}

function limited(answer: Answer, idleTimeoutMs: number): Answer {
  const { upgraded } = answer;
  return upgraded === undefined ? answer : { ...answer, upgraded: { ...upgraded, idleTimeoutMs } };
}

/** RFC 6455 §4.2.1. */
function asksForWebSocket(upgrade: string | undefined, connection: string | undefined): boolean {
  return hasToken(upgrade, "websocket") && hasToken(connection, "upgrade");
}

function hasToken(value: string | undefined, token: string): boolean {
  return value?.split(",").some((one) => one.trim().toLowerCase() === token) === true;
}
