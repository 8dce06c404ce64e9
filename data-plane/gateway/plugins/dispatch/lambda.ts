/** `lambda`: requests go to the URL of a function, which makes an event of each. */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../plugin.ts";
import { targetOf, upstreamOf } from "../upstream-address.ts";
import { type ForwardedFields, requestFields } from "./forwarded-fields.ts";
import { bodyOf } from "./upstream/request-body.ts";
import { sendOnce } from "./upstream/send-once.ts";

interface LambdaConfig {
  readonly url: string;
  readonly timeout: number;
  readonly pass_through_headers: boolean;
}

export const lambda: DispatcherPlugin = {
  name: "lambda",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const { url, timeout, pass_through_headers } = config as unknown as LambdaConfig;
    const upstream = upstreamOf(url);
    const target = targetOf(upstream.basePath, undefined);
    const fields = requestFields();
    const fieldsOf = pass_through_headers
      ? fields.of
      : (exchange: GatewayExchange) => contentTypeAlone(fields.said(exchange), exchange);
    return {
      dispatch(exchange) {
        const { request } = exchange;
        const { bytes, stream, length } = request.body;
        return sendOnce(exchange, host.pool, upstream, {
          method: request.method,
          target: target(request),
          host: upstream.host,
          ...fieldsOf(exchange),
          ...(stream === undefined ? { body: bodyOf(request.method, bytes) } : { stream: { length } }),
          responseTimeoutMs: timeout * 1000,
          idleTimeoutMs: timeout * 1000,
        });
      },
    };
  },
};

/** Without it nobody could read the body. */
function contentTypeAlone(said: readonly string[], { request }: GatewayExchange): ForwardedFields {
  const type = request.headers.get("content-type");
  return { fields: type === undefined ? said : ["Content-Type", type, ...said] };
}
