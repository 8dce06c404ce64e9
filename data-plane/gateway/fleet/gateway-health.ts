/** How a gateway does, as heartbeats tell it: measured all the time, for next to nothing. */
import type { GatewayHealth } from "#contracts";
import type { Timers } from "#foundation/runtime";

/** A timer that is this late shows that nothing else could run meanwhile. */
const SAMPLE_MS = 500;

/** The greatest lag is that of this many samples and of as many before: one to two minutes. */
const SAMPLES_OF_PERIOD = 120;

const SHARES = [0.5, 0.99] as const;

/** What the gateway counts. */
export interface RequestCounts {
  readonly requests: number;
  readonly errors: number;
  /** In milliseconds. */
  percentiles(shares: readonly number[]): readonly (number | null)[];
}

export interface HealthSources {
  readonly numbers: RequestCounts;
  readonly timers: Timers;
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
  /** In use by the process. */
  readonly memoryBytes: () => number;
}

export interface HealthMeter {
  read(): GatewayHealth;
  close(): void;
}

export function measureHealth({ numbers, timers, now, memoryBytes }: HealthSources): HealthMeter {
  let due = now() + SAMPLE_MS;
  let samples = 0;
  let greatest = 0;
  let greatestBefore = 0;
  const timer = timers.every(SAMPLE_MS, () => {
    const late = now() - due;
    due = now() + SAMPLE_MS;
    if (late > greatest) greatest = late;
    if (++samples < SAMPLES_OF_PERIOD) return;
    samples = 0;
    greatestBefore = greatest;
    greatest = 0;
  });
  return {
    read() {
      const [p50 = null, p99 = null] = numbers.percentiles(SHARES);
      return {
        requests_total: numbers.requests,
        errors_total: numbers.errors,
        p50_ms: p50,
        p99_ms: p99,
        memory_bytes: memoryBytes(),
        event_loop_lag_ms: Math.round(Math.max(greatest, greatestBefore) * 100) / 100,
      };
    },
    close: () => timer.cancel(),
  };
}
