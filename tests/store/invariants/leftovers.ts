/**
 * What runs on the machines that no layout has.
 */
import { COMMIT_PROXY, LOG, RESOLVER, SEQUENCER, STORAGE } from "#foundation/store-protocol";
import type { Generations } from "./generations.ts";
import type { Place } from "./watch.ts";

const KINDS = new Map<object, "component" | "log" | "storage">([
  [SEQUENCER, "component"],
  [RESOLVER, "component"],
  [COMMIT_PROXY, "component"],
  [LOG, "log"],
  [STORAGE, "storage"],
]);

export class Leftovers {
  private readonly running = new Map<string, Map<string, "component" | "log" | "storage">>();

  constructor(private readonly generations: Generations) {}

  onStart(machine: string): void {
    this.running.set(machine, new Map());
  }

  onServe(service: object, { machine, id }: Place): void {
    const kind = KINDS.get(service);
    if (kind !== undefined) this.running.get(machine)?.set(id, kind);
  }

  onEnd({ machine, id }: Place): void {
    this.running.get(machine)?.delete(id);
  }

  /**
   * What runs without belonging to the layout that holds. A storage server that belonged to one before is none: it may be the last copy that somebody looks
   * for.
   */
  list(): readonly string[] {
    const layout = this.generations.current;
    if (layout === undefined) return ["no layout holds"];
    const { sequencer, proxies, resolvers, logs } = layout;
    const wanted = new Set(
      [sequencer, ...proxies, ...resolvers.map(({ resolver }) => resolver), ...logs].map(({ id }) => id),
    );
    const found: string[] = [];
    for (const [machine, services] of this.running) {
      for (const [id, kind] of services) {
        const belongs = kind === "storage" ? this.generations.everMembers.has(id) : wanted.has(id);
        if (!belongs) found.push(`${id} on ${machine}`);
      }
    }
    return found;
  }
}
