/** `fire-and-forget`: the client is answered at once, and its request goes to another server in the background. */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { Answer } from "../../message/answer.ts";
import { HeaderFields } from "../../message/header-fields.ts";
import { problem } from "../../problems.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../plugin.ts";
import { targetOf, upstreamOf } from "../upstream-address.ts";
import { BackgroundRequests } from "./background-requests.ts";
import { requestFields } from "./forwarded-fields.ts";
import { bodyOf } from "./upstream/request-body.ts";

interface FireAndForgetConfig {
  readonly url: string;
  readonly path?: string;
  readonly timeout_ms: number;
  readonly max_in_flight: number;
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly content_type: string;
    readonly body: string;
  };
}

export const fireAndForget: DispatcherPlugin = {
  name: "fire-and-forget",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const { url, path, timeout_ms, max_in_flight, response } = config as unknown as FireAndForgetConfig;
    const upstream = upstreamOf(url);
    const target = targetOf(upstream.basePath, path);
    const fields = requestFields();
    const answer = answering(response);
    // One bound for all that go to the same server, and for what an artifact before this one has begun.
    const background = host.keep(
      "fire-and-forget",
      JSON.stringify([url, max_in_flight]),
      () => new BackgroundRequests(max_in_flight, url, host),
    );
    return {
      // The client may be gone before it is sent.
      readsRequestBody: true,
      dispatch(exchange) {
        const { request } = exchange;
        const { received, fields: said } = fields.of(exchange);
        const isTaken = background.send(upstream.origin, {
          method: request.method,
          target: target(request),
          host: upstream.host,
          // What was received is forgotten with the answer.
          ...(received === undefined ? {} : { received: { ...received, fields: received.fields.copy() } }),
          fields: said,
          body: bodyOf(request.method, request.body.bytes && Buffer.from(request.body.bytes)),
          totalTimeoutMs: timeout_ms,
        });
        if (isTaken) return answer();
        return problem("upstream-unavailable", {
          status: 503,
          detail: "Too many requests are on their way.",
          headers: ["Retry-After", "1"],
        });
      },
    };
  },
};

function answering({ status, headers, content_type, body }: FireAndForgetConfig["response"]): () => Answer {
  const hasNone = status === 204 || status === 304 || body === "";
  const fields = Object.entries(headers).flat();
  const bytes = Buffer.from(body);
  return () => ({
    status,
    headers: HeaderFields.of(hasNone ? [...fields] : ["Content-Type", content_type, ...fields]),
    body: hasNone ? null : bytes,
  });
}
