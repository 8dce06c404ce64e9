/** A log server is told of every request, also of those that are refused further in. */
import { isSecretName, REDACTED } from "#foundation/telemetry";
import { ExchangeNote } from "../../../message/exchange-note.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import type { HeaderFields } from "../../../message/header-fields.ts";
import { Shipper } from "../../../shipping/shipper.ts";
import type { ExchangeOutcome, Middleware, MiddlewarePlugin, PluginHost } from "../../plugin.ts";
import { upstreamOf } from "../../upstream-address.ts";

interface HttpLogConfig {
  readonly endpoint: string;
  readonly method: "POST" | "PUT";
  readonly timeout_ms: number;
  readonly content_type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly include_headers: boolean;
  readonly include_body: boolean;
  readonly custom_fields: Readonly<Record<string, string>>;
  readonly batch_max: number;
  readonly flush_ms: number;
  readonly queue_max: number;
}

export const HTTP_LOG: MiddlewarePlugin = {
  name: "http-log",
  setup: (config, host) => httpLog(config as unknown as HttpLogConfig, host),
};

/** What is written down of a request when it comes: it may be another one on its way. */
interface Noted {
  readonly method: string;
  readonly path: string;
  readonly requestHeaders: Record<string, string> | undefined;
  responseHeaders: Record<string, string> | undefined;
}

function httpLog(config: HttpLogConfig, host: PluginHost): Middleware {
  const shipper = shipperOf(config, host);
  const noted = new ExchangeNote<Noted>();
  return {
    onRequest(exchange) {
      const { method, path, headers } = exchange.request;
      const requestHeaders = config.include_headers ? shown(headers) : undefined;
      noted.set(exchange, { method, path, requestHeaders, responseHeaders: undefined });
      return undefined;
    },
    onResponse(exchange, { headers }) {
      const note = noted.get(exchange);
      if (note !== undefined && config.include_headers) note.responseHeaders = shown(headers);
    },
    onEnd(exchange, outcome) {
      const note = noted.get(exchange);
      if (note !== undefined) shipper.add(JSON.stringify(entryOf(config, exchange, note, outcome, host.clock.now())));
    },
    close: () => void shipper.close(),
  };
}

/** Without the query: it holds keys and personal data more often than anything else. */
function entryOf(
  config: HttpLogConfig,
  exchange: GatewayExchange,
  note: Noted,
  outcome: ExchangeOutcome,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const { request, operation, identity } = exchange;
  return {
    ...config.custom_fields,
    timestamp: new Date(nowMs - outcome.durationMs).toISOString(),
    request_id: exchange.requestId,
    trace_id: exchange.trace.traceId,
    client_ip: request.clientAddress,
    host: request.host,
    method: note.method,
    path: note.path,
    operation: operation.operationId ?? operation.id,
    status: outcome.status,
    complete: outcome.complete,
    duration_ms: Math.round(outcome.durationMs * 1000) / 1000,
    ...(identity === undefined ? {} : { consumer: identity.consumer }),
    ...(config.include_body ? { request_size: outcome.bytesIn, response_size: outcome.bytesOut } : {}),
    ...(config.include_headers ? { request_headers: note.requestHeaders, response_headers: note.responseHeaders } : {}),
  };
}

function shown(headers: HeaderFields): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const before = fields[lower];
    fields[lower] = isSecretName(lower) ? REDACTED : before === undefined ? value : `${before}, ${value}`;
  }
  return fields;
}

function shipperOf(config: HttpLogConfig, host: PluginHost): Shipper {
  const { origin, host: hostField } = upstreamOf(config.endpoint);
  const { pathname, search } = new URL(config.endpoint);
  const isLines = /^application\/(x-)?ndjson\b/.test(config.content_type);
  const isSingle = config.batch_max === 1;
  const entries = host.metrics.counter({
    name: "biplane_gateway_http_log_entries_total",
    help: "Entries for log servers, by what became of them.",
    labels: ["outcome"],
  });
  return new Shipper(
    {
      origin,
      hostField,
      target: pathname + search,
      method: config.method,
      fields: ["Content-Type", config.content_type, ...Object.entries(config.headers).flat()],
      timeoutMs: config.timeout_ms,
      batchMax: config.batch_max,
      flushMs: config.flush_ms,
      queueMax: config.queue_max,
      what: "entries for a log server",
      counters: { sent: entries.labels("sent"), lost: entries.labels("lost") },
      encode: (entries) => (isLines ? `${entries.join("\n")}\n` : isSingle ? entries[0]! : `[${entries.join(",")}]`),
    },
    host,
  );
}
