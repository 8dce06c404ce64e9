/** Shares a load among members whose number, weights and states change. Pure: time and chance are told. */

import type { Random } from "#foundation/runtime";
import { effectiveWeight, type Member } from "./member.ts";
import {
  type Candidate,
  consistentHash,
  leastOutstanding,
  randomTwoChoices,
  type Strategy,
  weightedRandom,
  weightedRoundRobin,
} from "./strategies.ts";

export type StrategyName =
  | "round-robin"
  | "least-outstanding"
  | "weighted-random"
  | "random-two-choices"
  | "consistent-hash";

const strategies: Readonly<Record<StrategyName, () => Strategy>> = {
  "round-robin": weightedRoundRobin,
  "least-outstanding": leastOutstanding,
  "weighted-random": weightedRandom,
  "random-two-choices": randomTwoChoices,
  "consistent-hash": consistentHash,
};

export interface BalancerOptions {
  readonly strategy: StrategyName;
  /** Over which a member that becomes ready grows to its weight. Default 0. */
  readonly slowStartMs?: number;
  /** When nobody is ready, those that are out are taken instead: a check that fails everywhere says more about the check. Default false. */
  readonly failOpen?: boolean;
}

export interface PickOptions {
  readonly nowMs: number;
  readonly random: Pick<Random, "float">;
  /** For `consistent-hash`. */
  readonly key?: string;
  /** Who has it already, such as a cookie says. Taken while it is ready; draining ones are let go. */
  readonly prefer?: string;
  /** Not these, such as those that were just tried. */
  readonly exclude?: (id: string) => boolean;
}

/** A member that has been told to take load. Call `done` once. */
export interface Assignment<T> {
  readonly id: string;
  readonly target: T;
  done(): void;
}

interface Entry<T> extends Member<T> {
  state: Member<T>["state"];
  weight: number;
  target: T;
  readySinceMs: number;
  drainDeadlineMs: number;
  outstanding: number;
}

/**
 * A group of members.
 *
 * @example
 * const balancer = new Balancer<Backend>({ strategy: "round-robin" });
 * balancer.add("a", backend, { nowMs: 0 });
 * const pick = balancer.pick({ nowMs: 1, random });
 */
export class Balancer<T> {
  readonly #options: BalancerOptions;
  readonly #strategy: Strategy;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(options: BalancerOptions) {
    this.#options = options;
    this.#strategy = strategies[options.strategy]();
  }

  get members(): readonly Member<T>[] {
    return [...this.#entries.values()];
  }

  member(id: string): Member<T> | undefined {
    return this.#entries.get(id);
  }

  /**
   * Adds a member, or changes the target and the weight of one; one that was draining stays.
   * @param state of a new one; default ready
   */
  add(id: string, target: T, options: { nowMs: number; weight?: number; state?: "ready" | "out" }): void {
    const { nowMs, weight = 1, state = "ready" } = options;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) throw new RangeError("A weight is a number from 0.");
    const known = this.#entries.get(id);
    if (known !== undefined) {
      known.target = target;
      known.weight = weight;
      if (known.state === "draining") this.#turn(known, state, nowMs);
      return;
    }
    this.#entries.set(id, {
      id,
      target,
      weight,
      state,
      readySinceMs: nowMs,
      drainDeadlineMs: Number.POSITIVE_INFINITY,
      outstanding: 0,
    });
  }

  /** It is fit for new load, or not. One that is draining stays so. */
  setReady(id: string, isReady: boolean, nowMs: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.state === "draining") return;
    this.#turn(entry, isReady ? "ready" : "out", nowMs);
  }

  /**
   * It is to go: it takes no new load, and is gone when it has no more to do or `delayMs` have passed. `tick` says so.
   * @param delayMs 0: at the next tick, whatever it has to do
   */
  drain(id: string, delayMs: number, nowMs: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.state === "draining") return;
    entry.state = "draining";
    entry.drainDeadlineMs = nowMs + delayMs;
  }

  /** It is gone, now. */
  remove(id: string): void {
    this.#entries.delete(id);
  }

  /** Removes who has drained. @returns those that are gone, with what they still had to do (cut it) */
  tick(nowMs: number): readonly Member<T>[] {
    const gone: Member<T>[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.state !== "draining") continue;
      if (entry.outstanding > 0 && entry.drainDeadlineMs > nowMs) continue;
      this.#entries.delete(entry.id);
      gone.push(entry);
    }
    return gone;
  }

  /** Gives the load to a member; undefined when nobody takes it. */
  pick(options: PickOptions): Assignment<T> | undefined {
    const { prefer, exclude, key, nowMs, random } = options;
    const preferred = prefer === undefined ? undefined : this.#entries.get(prefer);
    if (preferred?.state === "ready" && preferred.weight > 0 && exclude?.(preferred.id) !== true) {
      return this.#give(preferred);
    }
    let candidates = this.#candidates("ready", nowMs, exclude);
    if (candidates.length === 0 && this.#options.failOpen === true) {
      candidates = this.#candidates("out", nowMs, exclude);
    }
    if (candidates.length === 0) return undefined;
    const place = candidates.length === 1 ? 0 : this.#strategy(candidates, { random, key });
    return this.#give(this.#entries.get(candidates[place]!.id)!);
  }

  #candidates(state: "ready" | "out", nowMs: number, exclude: PickOptions["exclude"]): readonly Candidate[] {
    const candidates: Candidate[] = [];
    const slowStartMs = this.#options.slowStartMs ?? 0;
    for (const entry of this.#entries.values()) {
      if (entry.state !== state || entry.weight === 0 || exclude?.(entry.id) === true) continue;
      const weight = effectiveWeight(entry, nowMs, slowStartMs);
      candidates.push(weight === entry.weight ? entry : { id: entry.id, weight, outstanding: entry.outstanding });
    }
    return candidates;
  }

  #give(entry: Entry<T>): Assignment<T> {
    entry.outstanding++;
    let isDone = false;
    return {
      id: entry.id,
      target: entry.target,
      done() {
        if (isDone) return;
        isDone = true;
        entry.outstanding--;
      },
    };
  }

  #turn(entry: Entry<T>, state: "ready" | "out", nowMs: number): void {
    if (state === "ready" && entry.state !== "ready") entry.readySinceMs = nowMs;
    entry.state = state;
    entry.drainDeadlineMs = Number.POSITIVE_INFINITY;
  }
}
