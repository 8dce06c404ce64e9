/** Traces of requests, sent to a collector over OTLP/HTTP in JSON (OpenTelemetry Protocol 1.x, "OTLP/HTTP"; trace.proto). */
import { ClientPool } from "#foundation/http1";
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { upstreamOf } from "../plugins/upstream-address.ts";
import type { RequestTraces, TracedRequest } from "../running/request-traces.ts";
import { Shipper } from "./shipper.ts";

export interface OtlpOptions {
  /** Of the collector, such as `http://127.0.0.1:4318`: `/v1/traces` is added. */
  readonly endpoint: string;
  /** Share of the traces that begin here which are recorded, 0 to 1. */
  readonly sampling: number;
  /** Name, value, name, value … with every delivery. */
  readonly fields: readonly string[];
  readonly serviceName: string;
  readonly version: string;
  readonly instance: string;
  readonly runtime: { readonly clock: Clock; readonly timers: Timers; readonly random: Random };
  readonly metrics: MetricsRegistry;
  readonly log: Logger;
}

export interface OtlpTraces extends RequestTraces {
  /** What waits is sent still, as far as it can be at once. */
  close(): Promise<void>;
}

/** As the collectors' own clients have it: 512 spans, 5 s, and 2,048 that wait at most. */
const BATCH_MAX = 512;
const FLUSH_MS = 5_000;
const QUEUE_MAX = 2_048;
const TIMEOUT_MS = 10_000;

export function createOtlpTraces(options: OtlpOptions): OtlpTraces {
  const { endpoint, sampling, fields, serviceName, version, instance, runtime, metrics, log } = options;
  const { origin, host, basePath } = upstreamOf(endpoint);
  const pool = new ClientPool({ time: runtime });
  const spans = metrics.counter({
    name: "biplane_gateway_trace_spans_total",
    help: "Spans for the trace collector, by what became of them.",
    labels: ["outcome"],
  });
  const resource = JSON.stringify({
    attributes: attributesOf({
      "service.name": serviceName,
      "service.version": version,
      "service.instance.id": instance,
    }),
  });
  const scope = JSON.stringify({ name: "biplane-gateway", version });
  const shipper = new Shipper(
    {
      origin,
      hostField: host,
      target: `${basePath}/v1/traces`,
      method: "POST",
      fields: ["Content-Type", "application/json", ...fields],
      timeoutMs: TIMEOUT_MS,
      batchMax: BATCH_MAX,
      flushMs: FLUSH_MS,
      queueMax: QUEUE_MAX,
      what: "spans for a trace collector",
      counters: { sent: spans.labels("sent"), lost: spans.labels("lost") },
      encode: (entries) =>
        `{"resourceSpans":[{"resource":${resource},"scopeSpans":[{"scope":${scope},"spans":[${entries.join(",")}]}]}]}`,
    },
    { pool, timers: runtime.timers, clock: runtime.clock, log },
  );
  return {
    samples: () => sampling >= 1 || runtime.random.float() < sampling,
    record: (request) => shipper.add(JSON.stringify(spanOf(request))),
    async close() {
      await shipper.close();
      pool.close();
    },
  };
}

const SERVER = 2;
const ERROR = 2;

/** The span of a request, with the names of the semantic conventions for HTTP servers. Pure. */
export function spanOf(request: TracedRequest): object {
  const { trace, method, route, status, startMs, durationMs, dispatchedMs, answeredMs, complete } = request;
  const events = [
    { name: "dispatched", at: dispatchedMs },
    { name: "answered", at: answeredMs },
  ];
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    ...(trace.parentSpanId === undefined ? {} : { parentSpanId: trace.parentSpanId }),
    name: `${method} ${route}`,
    kind: SERVER,
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(startMs + durationMs),
    attributes: attributesOf({
      "http.request.method": method,
      "http.route": route,
      "http.response.status_code": status,
      "url.path": request.path,
      "url.scheme": request.secure ? "https" : "http",
      "server.address": request.host,
      "client.address": request.clientAddress,
      "http.request.body.size": request.bytesIn,
      "http.response.body.size": request.bytesOut,
      "biplane.operation": request.operation,
      "biplane.request_id": request.requestId,
      ...(complete ? {} : { "error.type": "incomplete" }),
    }),
    events: events.flatMap(({ name, at }) => (at === undefined ? [] : [{ name, timeUnixNano: nanos(startMs + at) }])),
    // Of a server, what the client has done wrong is no error.
    status: status >= 500 || !complete ? { code: ERROR } : {},
  };
}

/** 64-bit numbers are texts in the JSON of Protocol Buffers. */
function nanos(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

function attributesOf(values: Readonly<Record<string, string | number>>): readonly object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : { intValue: String(value) },
  }));
}
