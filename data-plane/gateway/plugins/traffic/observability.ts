/** Requests that take longer than they should, and what else is to be known of single operations. */
import type { PlannedOperation } from "#foundation/gateway-artifact";
import type { Counter, Histogram } from "#foundation/telemetry";
import { ExchangeNote } from "../../message/exchange-note.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../plugin.ts";

interface ObservabilityConfig {
  readonly latency_slo_ms?: number;
  readonly detailed_request_logs: boolean;
  readonly detailed_response_logs: boolean;
  readonly emit_latency_histogram: boolean;
}

/** From a tenth of a millisecond on, seconds. */
const BUCKETS_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** As many operations are told apart. */
const OPERATIONS_MAX = 5_000;

export const OBSERVABILITY: MiddlewarePlugin = {
  name: "observability",
  setup: (config, host) => observability(config as unknown as ObservabilityConfig, host),
};

function observability(config: ObservabilityConfig, host: PluginHost): Middleware {
  const { latency_slo_ms: sloMs, detailed_request_logs: logsRequests, detailed_response_logs: logsResponses } = config;
  const measures = measuresOf(config, host);
  const fieldCounts = logsResponses ? new ExchangeNote<number>() : undefined;
  return {
    ...(logsRequests ? { onRequest: (exchange: GatewayExchange) => logRequest(exchange, host) } : {}),
    ...(fieldCounts === undefined
      ? {}
      : { onResponse: (exchange, { headers }) => void fieldCounts.set(exchange, [...headers].length) }),
    onEnd(exchange, { status, complete, durationMs, bytesIn, bytesOut }) {
      const { durations, violations } = measures(exchange.operation);
      durations?.observe(durationMs / 1000);
      const isSlow = sloMs !== undefined && durationMs > sloMs;
      if (isSlow) violations?.inc();
      if (!isSlow && !logsResponses) return;
      const fields = { ...about(exchange), status, complete, durationMs, bytesIn, bytesOut };
      if (isSlow) host.log.warn("a request took longer than it should", { ...fields, sloMs });
      if (logsResponses) host.log.info("response", { ...fields, headers: fieldCounts?.get(exchange) });
    },
  };
}

interface Measures {
  readonly durations: Histogram | undefined;
  readonly violations: Counter | undefined;
}

/** Those of each operation, looked up in the registry once. */
function measuresOf(config: ObservabilityConfig, { metrics }: PluginHost): (operation: PlannedOperation) => Measures {
  const labels = ["method", "path"];
  const durations = config.emit_latency_histogram
    ? metrics.histogram({
        name: "biplane_gateway_operation_duration_seconds",
        help: "Of operations that ask for it: from the head of a request to the last octet of its answer.",
        labels,
        buckets: BUCKETS_S,
        maxSeries: OPERATIONS_MAX,
      })
    : undefined;
  const violations =
    config.latency_slo_ms === undefined
      ? undefined
      : metrics.counter({
          name: "biplane_gateway_slo_violations_total",
          help: "Requests that took longer than they should.",
          labels,
          maxSeries: OPERATIONS_MAX,
        });
  const known = new WeakMap<PlannedOperation, Measures>();
  return (operation) => {
    let found = known.get(operation);
    if (found === undefined) {
      const { method, path } = operation;
      found = { durations: durations?.labels(method, path), violations: violations?.labels(method, path) };
      known.set(operation, found);
    }
    return found;
  };
}

function logRequest(exchange: GatewayExchange, { log }: PluginHost): undefined {
  const { headers, body } = exchange.request;
  log.info("request", { ...about(exchange), headers: [...headers].length, bodyBytes: body.length });
}

/** The operation's path, and never the one that was sent: that may hold what is nobody's business. */
function about({ operation, requestId, trace, request }: GatewayExchange) {
  return {
    requestId,
    traceId: trace.traceId,
    method: operation.method,
    path: operation.path,
    clientIp: request.clientAddress,
  };
}
