/** Watches whether programs answer: often until they do for the first time, then as their manifest says. */
import type { WorkloadSpec } from "#contracts";
import { HealthChecker, type Probe } from "#foundation/proxy";
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";

/** Until the first success: a program that starts in a tenth of a second is in use a tenth of a second later. */
const STARTING_INTERVAL_MS = 50;
const STARTING_TIMEOUT_MS = 1_000;

type Health = Omit<NonNullable<WorkloadSpec["health"]>, "type" | "port" | "path">;

/** Of programs whose manifest says nothing (plfm manifest schema). */
const DEFAULT_HEALTH: Health = {
  interval_seconds: 10,
  timeout_seconds: 2,
  grace_period_seconds: 10,
  success_threshold: 1,
  failure_threshold: 3,
};

interface Watch {
  checker: HealthChecker | undefined;
  timer: TimerHandle | undefined;
}

export interface HealthWatchOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** @param failures in a row. Told when a program has become healthy, and at each failure from the threshold on */
  readonly onHealth: (instanceId: string, healthy: boolean, failures: number) => void;
}

export class HealthWatch {
  readonly #options: HealthWatchOptions;
  readonly #watches = new Map<string, Watch>();

  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  /** @param ports declared to local ones */
  start(instanceId: string, workload: WorkloadSpec, host: string, ports: Readonly<Record<string, number>>): void {
    this.stop(instanceId);
    const { onHealth, timers, clock } = this.#options;
    const watch: Watch = { checker: undefined, timer: undefined };
    this.#watches.set(instanceId, watch);
    const declared = workload.health?.port ?? workload.ports[0]?.internal;
    const port = declared === undefined ? undefined : ports[String(declared)];
    if (port === undefined) {
      // Nothing to look at: that it runs is all there is to know.
      watch.timer = timers.after(0, () => onHealth(instanceId, true, 0));
      return;
    }
    const health = workload.health ?? DEFAULT_HEALTH;
    const probe = probeOf(workload);
    const address = { kind: "tcp", host, port } as const;
    const begun = clock.monotonicMs();

    const settled = (): void => {
      this.#check(
        watch,
        instanceId,
        address,
        probe,
        health.interval_seconds * 1000,
        health.timeout_seconds * 1000,
        (passed, inARow) => {
          if (passed && inARow === health.success_threshold) onHealth(instanceId, true, 0);
          else if (!passed && inARow >= health.failure_threshold) onHealth(instanceId, false, inARow);
        },
      );
    };
    this.#check(watch, instanceId, address, probe, STARTING_INTERVAL_MS, STARTING_TIMEOUT_MS, (passed, inARow) => {
      if (passed) {
        if (inARow < health.success_threshold) return;
        onHealth(instanceId, true, 0);
        if (this.#watches.get(instanceId) === watch) settled();
        return;
      }
      // As many failures as there would be at the manifest's interval, the time to start not counted.
      const late = clock.monotonicMs() - begun - health.grace_period_seconds * 1000;
      const counted = Math.floor(late / (health.interval_seconds * 1000)) + 1;
      if (late >= 0 && counted >= health.failure_threshold) onHealth(instanceId, false, counted);
    });
  }

  stop(instanceId: string): void {
    const watch = this.#watches.get(instanceId);
    if (watch === undefined) return;
    this.#watches.delete(instanceId);
    watch.timer?.cancel();
    watch.checker?.close();
  }

  close(): void {
    for (const instanceId of [...this.#watches.keys()]) this.stop(instanceId);
  }

  #check(
    watch: Watch,
    instanceId: string,
    address: { readonly kind: "tcp"; readonly host: string; readonly port: number },
    probe: Probe,
    intervalMs: number,
    timeoutMs: number,
    onResult: (passed: boolean, inARow: number) => void,
  ): void {
    const { clock, timers, random } = this.#options;
    watch.checker?.close();
    watch.checker = new HealthChecker({
      probe,
      intervalMs,
      timeoutMs,
      thresholds: { healthy: 1, unhealthy: 1 },
      random,
      time: { clock, timers },
      onChecked: (_id, { last, inARow }) => onResult(last?.kind === "passed", inARow),
    });
    watch.checker.add(instanceId, { address });
  }
}

function probeOf({ health }: WorkloadSpec): Probe {
  if (health?.type !== "http") return { kind: "tcp" };
  return { kind: "http", target: health.path ?? "/", matches: (status) => status >= 200 && status < 400 };
}
