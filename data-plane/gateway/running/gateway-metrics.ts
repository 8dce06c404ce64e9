/** What a gateway counts. Labels are paths as described, never as sent. */
import type { PlannedApi, PlannedOperation } from "#foundation/gateway-artifact";
import type { Counter, Family, Gauge, Histogram, MetricsRegistry } from "#foundation/telemetry";
import { RequestNumbers } from "./request-numbers.ts";

/** From a tenth of a millisecond on: most of what a gateway adds is below one. */
const BUCKETS_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface OperationMetrics {
  ended(status: number, durationMs: number): void;
  invalid(place: string): void;
  invalidAnswer(place: string): void;
}

export class GatewayMetrics {
  readonly #requests: Family<Counter>;
  readonly #durations: Family<Histogram>;
  readonly #invalid: Family<Counter>;
  readonly #invalidAnswers: Family<Counter>;
  readonly #reloads: Family<Counter>;
  readonly active: Gauge;
  /** Over all operations. */
  readonly numbers = new RequestNumbers(() => performance.now());

  constructor(registry: MetricsRegistry) {
    this.#requests = registry.counter({
      name: "biplane_gateway_requests_total",
      help: "Requests that were answered, by operation and status.",
      labels: ["method", "path", "status", "api"],
      maxSeries: 20_000,
    });
    this.#durations = registry.histogram({
      name: "biplane_gateway_request_duration_seconds",
      help: "From the head of a request to the last octet of its answer.",
      labels: ["method", "path", "api"],
      buckets: BUCKETS_S,
      maxSeries: 5_000,
    });
    this.#invalid = registry.counter({
      name: "biplane_gateway_validation_failures_total",
      help: "Requests that did not fit their description, by the part that did not.",
      labels: ["method", "path", "in"],
      maxSeries: 20_000,
    });
    this.#invalidAnswers = registry.counter({
      name: "biplane_gateway_response_validation_failures_total",
      help: "Answers that did not fit their description, by the part that did not.",
      labels: ["method", "path", "in"],
      maxSeries: 20_000,
    });
    this.#reloads = registry.counter({
      name: "biplane_gateway_reloads_total",
      help: "Artifacts that were to be used, by what became of them.",
      labels: ["outcome"],
    });
    this.active = registry
      .gauge({ name: "biplane_gateway_requests_active", help: "Requests that are being answered." })
      .labels();
  }

  reloaded(outcome: "used" | "refused" | "unchanged"): void {
    this.#reloads.labels(outcome).inc();
  }

  operation({ method, path }: PlannedOperation, { title }: PlannedApi): OperationMetrics {
    return this.#of(method, path, title);
  }

  /** For requests that are for no operation. */
  unmatched(): OperationMetrics {
    return this.#of("<any>", "<unmatched>", "");
  }

  #of(method: string, path: string, api: string): OperationMetrics {
    const byStatus = new Map<number, Counter>();
    const duration = this.#durations.labels(method, path, api);
    return {
      ended: (status, durationMs) => {
        let counter = byStatus.get(status);
        if (counter === undefined) {
          counter = this.#requests.labels(method, path, String(status), api);
          byStatus.set(status, counter);
        }
        counter.inc();
        duration.observe(durationMs / 1000);
        this.numbers.ended(status, durationMs);
      },
      invalidAnswer: (place) => this.#invalidAnswers.labels(method, path, place).inc(),
      invalid: (place) => this.#invalid.labels(method, path, place).inc(),
    };
  }
}
