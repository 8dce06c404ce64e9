/** An id for each request, by which what several servers say about it can be brought together. */
import type { Middleware, MiddlewarePlugin, PluginHost } from "../plugin.ts";

interface CorrelationIdConfig {
  readonly header_name: string;
  readonly generate_if_missing: boolean;
  readonly trust_incoming: boolean;
  readonly include_in_response: boolean;
}

/** What clients may send as an id: visible, short, and harmless in a log, a shell and a page. */
const USABLE = /^[A-Za-z0-9._:/+=@-]{1,128}$/;

export const CORRELATION_ID: MiddlewarePlugin = {
  name: "correlation-id",
  setup: (config, host) => correlationId(config as unknown as CorrelationIdConfig, host),
};

function correlationId(config: CorrelationIdConfig, { newUuid }: PluginHost): Middleware {
  const name = config.header_name.toLowerCase();
  // Where other middlewares find it, and `onResponse` when the request was changed meanwhile.
  const contextKey = `correlation-id.${name}`;
  return {
    onRequest({ request, context }) {
      const sent = request.headers.get(name);
      const isUsable = config.trust_incoming && sent !== undefined && USABLE.test(sent);
      const id = isUsable ? sent : config.generate_if_missing ? newUuid() : undefined;
      if (id !== undefined) context.set(contextKey, id);
      if (isUsable) return undefined;
      if (id !== undefined) request.headers.set(config.header_name, id);
      else request.headers.delete(name);
      return undefined;
    },
    onResponse({ context }, { headers }) {
      const id = context.get(contextKey);
      if (config.include_in_response && id !== undefined) headers.set(config.header_name, id);
    },
  };
}
