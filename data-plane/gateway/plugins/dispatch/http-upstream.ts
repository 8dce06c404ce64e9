/** `http-upstream`: requests go to another server, and its responses come back as they come. */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { ClientExchange, ClientFailure, ExchangeListener, MessageBody, OriginTls } from "#foundation/http1";
import type { Answer } from "../../message/answer.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { HeaderFields } from "../../message/header-fields.ts";
import { problem } from "../../problems.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../plugin.ts";
import { type TargetOf, targetOf, type Upstream, upstreamOf } from "../upstream-address.ts";
import { forwardedFields } from "./forwarded-fields.ts";

interface UpstreamConfig {
  readonly url: string;
  readonly path?: string;
  readonly timeout: number;
  readonly idle_timeout: number;
  readonly preserve_host: boolean;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly server_name?: string };
}

export const httpUpstream: DispatcherPlugin = {
  name: "http-upstream",
  setup: (config: JsonObject, host: PluginHost) => new HttpUpstream(config as unknown as UpstreamConfig, host),
};

/** A request is sent once: what becomes of it when the connection dies is for the caller to decide. */
class HttpUpstream implements Dispatcher {
  readonly #config: UpstreamConfig;
  readonly #pool: PluginHost["pool"];
  readonly #upstream: Upstream;
  readonly #target: TargetOf;

  constructor(config: UpstreamConfig, host: PluginHost) {
    this.#config = config;
    this.#pool = host.pool;
    this.#upstream = upstreamOf(config.url, tlsOf(config.tls));
    this.#target = targetOf(this.#upstream.basePath, config.path);
  }

  dispatch(exchange: GatewayExchange): Promise<Answer> {
    const { request } = exchange;
    const { timeout, idle_timeout, preserve_host } = this.#config;
    const { bytes, stream, length } = request.body;
    return new Promise((resolve) => {
      const sent = new SentRequest(stream, resolve);
      const upstream = this.#pool.request(
        this.#upstream.origin,
        {
          method: request.method,
          target: this.#target(request),
          host: preserve_host ? request.host : this.#upstream.host,
          ...forwardedFields(exchange),
          ...(stream === undefined ? { body: bodyOf(request.method, bytes) } : { stream: { length } }),
          responseTimeoutMs: timeout * 1000,
          idleTimeoutMs: idle_timeout * 1000,
        },
        sent,
      );
      // Nobody wants the response any more. The request ends all the same: it is counted, logged, and keeps its epoch until then.
      exchange.whenGone(() => {
        upstream.abort();
        resolve(clientGone());
      });
    });
  }
}

/** Methods whose requests have no body by themselves are sent without `Content-Length: 0`. */
function bodyOf(method: string, bytes: Uint8Array | undefined): Uint8Array | null {
  if (bytes === undefined || bytes.length > 0) return bytes ?? null;
  return method === "GET" || method === "HEAD" || method === "DELETE" || method === "OPTIONS" ? null : bytes;
}

function tlsOf(tls: UpstreamConfig["tls"]): OriginTls {
  const { ca, cert, key, server_name } = tls ?? {};
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(server_name === undefined ? {} : { serverName: server_name }),
  };
}

class SentRequest implements ExchangeListener {
  readonly #stream: MessageBody | undefined;
  readonly #resolve: (answer: Answer) => void;
  #isStreaming = false;

  constructor(stream: MessageBody | undefined, resolve: (answer: Answer) => void) {
    this.#stream = stream;
    this.#resolve = resolve;
  }

  onResponse(upstream: ClientExchange): void {
    const { head, body } = upstream;
    this.#resolve({
      status: head.status,
      // The original is the connection's, and may be that of the next response when this one is written.
      headers: HeaderFields.received(head.fields.copy()),
      body,
      length: contentLengthOf(head.fields.get("content-length")),
    });
  }

  onFailure(failure: ClientFailure): void {
    this.#resolve(failureAnswer(failure));
  }

  onWritable(upstream: ClientExchange): void {
    const body = this.#stream;
    if (body === undefined) return;
    if (this.#isStreaming) {
      body.resume();
      return;
    }
    this.#isStreaming = true;
    body.read({
      onData(bytes) {
        if (!upstream.write(bytes)) body.pause();
      },
      onEnd: () => upstream.end(),
      onFailure: (failure) => {
        // Half a body must not look like a whole one.
        upstream.abort();
        this.#resolve(
          failure.kind === "too-large"
            ? problem("payload-too-large")
            : problem("bad-request", { detail: "The body is not complete." }),
        );
      },
    });
  }
}

function contentLengthOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Nobody is told this; it is what stands in the log for a client that did not wait. */
export function clientGone(): Answer {
  return { status: 499, headers: HeaderFields.of(), body: null };
}

/** What the caller is told of a request that got no response. */
export function failureAnswer(failure: ClientFailure): Answer {
  switch (failure.kind) {
    case "response-timeout":
    case "total-timeout":
    case "connect-timeout":
      return problem("upstream-timeout");
    case "malformed":
      return problem("upstream-invalid");
    case "pool-full":
      return problem("upstream-unavailable", { status: 503, headers: ["Retry-After", "1"] });
    case "unsafe":
      return problem("bad-request", { detail: "The request cannot be passed on." });
    default:
      return problem("upstream-unavailable");
  }
}
