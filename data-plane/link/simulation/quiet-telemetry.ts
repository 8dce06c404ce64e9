/** Telemetry for tests that do not look at it. */
import type { Logger, MetricsRegistry } from "#foundation/telemetry";

const nothing = () => undefined;

export const quietLogger: Logger = {
  level: "error",
  enabled: () => false,
  log: nothing,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => quietLogger,
};

const counter = { inc: nothing, value: 0 };
const gauge = { set: nothing, inc: nothing, dec: nothing, value: 0 };
const histogram = { observe: nothing, count: 0, sum: 0 };

export const quietMetrics: MetricsRegistry = {
  counter: () => ({ labels: () => counter }),
  gauge: () => ({ labels: () => gauge }),
  histogram: () => ({ labels: () => histogram }),
  onCollect: nothing,
  expose: () => "",
};
