/** Logs, metrics, health and trace context. Traces are propagated, not exported. */

export * from "./access-log.ts";
export * from "./endpoints.ts";
export * from "./health.ts";
export * from "./log-sink.ts";
export * from "./log-types.ts";
export * from "./logger.ts";
export * from "./metric-types.ts";
export { createMetrics, DURATION_BUCKETS, OVERFLOW_LABEL } from "./metrics.ts";
export { observeProcess } from "./process-metrics.ts";
export { isSecretName, REDACTED } from "./redaction.ts";
export * from "./trace-context.ts";
