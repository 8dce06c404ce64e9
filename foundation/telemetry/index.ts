/** Logs, metrics, health and trace context. */

export * from "./log-types.ts";
export * from "./metric-types.ts";
