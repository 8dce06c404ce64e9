/** Checks targets again and again, and tells when one turns. */

import { Deadlines, type Time } from "#foundation/http1";
import { type Random, systemClock, systemRandom, systemTimers, type TimerHandle } from "#foundation/runtime";
import type { Backend } from "../backend.ts";
import {
  type CheckResult,
  type HealthState,
  type HealthThresholds,
  healthStep,
  INITIAL_HEALTH,
} from "./health-machine.ts";
import { Check, type Probe } from "./probe.ts";

export interface HealthCheckerOptions {
  readonly probe: Probe;
  /** From the beginning of one check to the next. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly thresholds: HealthThresholds;
  /** After each check; `turned` when the status is another one. */
  readonly onChecked: (id: string, state: HealthState, turned: boolean) => void;
  readonly time?: Time;
  readonly random?: Pick<Random, "float">;
  /** Runs one check; default: over the network. */
  readonly check?: (
    backend: Backend,
    probe: Probe,
    timeoutMs: number,
    onResult: (result: CheckResult) => void,
  ) => { cancel(): void };
}

interface Watched {
  readonly backend: Backend;
  state: HealthState;
  timer: TimerHandle | undefined;
  check: { cancel(): void } | undefined;
}

/** Within this a check's time is up. */
const SWEEP_MS = 50;

export class HealthChecker {
  readonly #options: HealthCheckerOptions;
  readonly #time: Time;
  readonly #random: Pick<Random, "float">;
  readonly #deadlines: Deadlines;
  readonly #watched = new Map<string, Watched>();

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
    this.#time = options.time ?? { clock: systemClock, timers: systemTimers };
    this.#random = options.random ?? systemRandom;
    this.#deadlines = new Deadlines(this.#time, SWEEP_MS);
  }

  state(id: string): HealthState | undefined {
    return this.#watched.get(id)?.state;
  }

  /** Checks `backend` at once, and then at its interval, from a state that may be known. */
  add(id: string, backend: Backend, state: HealthState = INITIAL_HEALTH): void {
    this.remove(id);
    const watched: Watched = { backend, state, timer: undefined, check: undefined };
    this.#watched.set(id, watched);
    this.#check(id, watched);
  }

  remove(id: string): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    this.#watched.delete(id);
    watched.timer?.cancel();
    watched.check?.cancel();
  }

  close(): void {
    for (const id of [...this.#watched.keys()]) this.remove(id);
  }

  #check(id: string, watched: Watched): void {
    const { probe, timeoutMs, thresholds, onChecked } = this.#options;
    const run =
      this.#options.check ??
      ((backend, what, limitMs, onResult) => new Check(backend, what, limitMs, this.#deadlines, onResult));
    const begun = this.#time.clock.monotonicMs();
    watched.check = run(watched.backend, probe, timeoutMs, (result) => {
      if (this.#watched.get(id) !== watched) return;
      watched.check = undefined;
      const before = watched.state.status;
      watched.state = healthStep(watched.state, result, thresholds);
      this.#schedule(id, watched, begun);
      onChecked(id, watched.state, watched.state.status !== before);
    });
  }

  /** The next check, a tenth of the interval early or late, so that many checkers do not fall into step. */
  #schedule(id: string, watched: Watched, begun: number): void {
    const { intervalMs } = this.#options;
    const next = begun + intervalMs * (0.9 + 0.2 * this.#random.float());
    const delayMs = Math.max(0, next - this.#time.clock.monotonicMs());
    watched.timer = this.#time.timers.after(delayMs, () => this.#check(id, watched));
  }
}
