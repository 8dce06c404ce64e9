/** The backends of each route: whose turn it is, and who is left out for a moment because they could not be reached. */
import type { EdgeBackend } from "#contracts";
import { type Assignment, type Backend, Balancer } from "#foundation/proxy";
import type { Clock, Random } from "#foundation/runtime";
import { backendKey, type RoutingTable } from "./routing-table.ts";

/** A backend as a request goes to it. */
export interface EdgeTarget {
  readonly key: string;
  readonly backend: Backend;
}

/** A backend that refused a connection gets no new ones for so long, unless there is no other. */
const OUT_MS = 2_000;

interface Group {
  readonly balancer: Balancer<EdgeTarget>;
  keys: ReadonlySet<string>;
}

export class Backends {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #groups = new Map<string, Group>();
  /** By key: until when it is left out, on the monotonic clock. */
  readonly #out = new Map<string, number>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Takes over the backends of a table. @returns keys of those that no route has any more */
  apply(table: RoutingTable): readonly string[] {
    const before = this.#keys();
    const seen = new Set<string>();
    const nowMs = this.#clock.monotonicMs();
    for (const { key, route } of table.routes) {
      seen.add(key);
      let group = this.#groups.get(key);
      if (group === undefined) {
        group = { balancer: new Balancer({ strategy: "least-outstanding" }), keys: new Set() };
        this.#groups.set(key, group);
      }
      const keys = new Set(route.backends.map(backendKey));
      for (const gone of group.keys) if (!keys.has(gone)) group.balancer.remove(gone);
      for (const backend of route.backends) {
        const name = backendKey(backend);
        if (!group.keys.has(name)) group.balancer.add(name, targetOf(backend), { nowMs });
      }
      group.keys = keys;
    }
    for (const key of [...this.#groups.keys()]) if (!seen.has(key)) this.#groups.delete(key);
    const after = this.#keys();
    for (const key of [...this.#out.keys()]) if (!after.has(key)) this.#out.delete(key);
    return [...before].filter((key) => !after.has(key));
  }

  /** @param tried not these, unless there is no other */
  pick(routeKey: string, tried: ReadonlySet<string>): Assignment<EdgeTarget> | undefined {
    const balancer = this.#groups.get(routeKey)?.balancer;
    if (balancer === undefined) return undefined;
    const nowMs = this.#clock.monotonicMs();
    const options = { nowMs, random: this.#random };
    const isOut = (key: string): boolean => (this.#out.get(key) ?? 0) > nowMs;
    return (
      balancer.pick({ ...options, exclude: (key) => tried.has(key) || isOut(key) }) ??
      balancer.pick({ ...options, exclude: (key) => tried.has(key) })
    );
  }

  /** It could not be reached. */
  refused(key: string): void {
    this.#out.set(key, this.#clock.monotonicMs() + OUT_MS);
  }

  #keys(): Set<string> {
    const keys = new Set<string>();
    for (const group of this.#groups.values()) for (const key of group.keys) keys.add(key);
    return keys;
  }
}

const targetOf = (backend: EdgeBackend): EdgeTarget => ({
  key: backendKey(backend),
  backend: { address: { kind: "tcp", host: backend.host, port: backend.port } },
});
