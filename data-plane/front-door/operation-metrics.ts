/** Counts and durations per operation, with label handles bound once. */
import type { Counter, Histogram, MetricsRegistry } from "#foundation/telemetry";

export interface OperationMetrics {
  /** @param durationMs from the arrival of the headers to the answer */
  record(service: string, operation: string, status: number, durationMs: number): void;
}

/** Ten services with at most 823 operations each are in the models; only those that are called take a series. */
const MAX_SERIES = 2_000;

interface Series {
  readonly byStatus: Counter[];
  readonly duration: Histogram;
}

export function createOperationMetrics(registry: MetricsRegistry): OperationMetrics {
  const requests = registry.counter({
    name: "biplane_aws_requests_total",
    help: "Requests answered by the AWS endpoint.",
    labels: ["service", "operation", "status"],
    maxSeries: MAX_SERIES,
  });
  const durations = registry.histogram({
    name: "biplane_aws_request_seconds",
    help: "Time from complete headers to the answer, in seconds.",
    labels: ["service", "operation"],
    maxSeries: MAX_SERIES,
  });
  const services = new Map<string, Map<string, Series>>();
  const seriesOf = (service: string, operation: string): Series => {
    const operations = services.get(service) ?? new Map<string, Series>();
    services.set(service, operations);
    const series = operations.get(operation) ?? { byStatus: [], duration: durations.labels(service, operation) };
    operations.set(operation, series);
    return series;
  };
  return {
    record(service, operation, status, durationMs) {
      const series = services.get(service)?.get(operation) ?? seriesOf(service, operation);
      let counter = series.byStatus[status];
      if (counter === undefined) {
        counter = requests.labels(service, operation, String(status));
        series.byStatus[status] = counter;
      }
      counter.inc();
      series.duration.observe(durationMs / 1000);
    },
  };
}
