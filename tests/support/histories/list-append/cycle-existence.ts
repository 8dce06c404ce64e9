/**
 * Which levels of isolation a cycle rules out, exactly and in time that grows with the edges. Which cycle it is, `cycle-search.ts` looks for.
 */
import { cyclicComponents } from "./components.ts";
import type { Level } from "./consistency.ts";
import type { Dependencies, DependencyKind, OrderOfTime } from "./dependencies.ts";
import type { TransactionIndex } from "./transaction.ts";

interface CycleRule {
  readonly level: Level;
  readonly kinds: readonly DependencyKind[];
  /**
   * Whether an rw edge may stand between two others of these kinds, but not next to another rw edge: such a cycle is what snapshots forbid (Cerone and
   * Gotsman, "Analysing snapshot isolation", 2018, theorem 10).
   */
  readonly loneRw?: true;
}

const BY_TIME: Readonly<Record<OrderOfTime, readonly CycleRule[]>> = {
  none: [
    { level: "read-uncommitted", kinds: ["ww"] },
    { level: "read-committed", kinds: ["ww", "wr"] },
    { level: "snapshot-isolation", kinds: ["ww", "wr"], loneRw: true },
    { level: "repeatable-read", kinds: ["ww", "wr", "rw"] },
    { level: "serializable", kinds: ["ww", "wr", "rw"] },
  ],
  process: [
    { level: "strong-session-read-uncommitted", kinds: ["ww", "process"] },
    { level: "strong-session-read-committed", kinds: ["ww", "wr", "process"] },
    { level: "strong-session-snapshot-isolation", kinds: ["ww", "wr", "process"], loneRw: true },
    { level: "strong-session-serializable", kinds: ["ww", "wr", "rw", "process"] },
  ],
  realtime: [
    { level: "strong-read-uncommitted", kinds: ["ww", "realtime"] },
    { level: "strong-read-committed", kinds: ["ww", "wr", "realtime"] },
    { level: "strong-snapshot-isolation", kinds: ["ww", "wr", "realtime"], loneRw: true },
    { level: "strict-serializable", kinds: ["ww", "wr", "rw", "realtime"] },
  ],
};

/** Levels that forbid a cycle of this graph, in the order from weak to strong. */
export function levelsWithCycle(graph: Dependencies, time: OrderOfTime): readonly Level[] {
  const rules = time === "none" ? BY_TIME.none : [...BY_TIME.none, ...BY_TIME[time]];
  // The last one allows every edge: without a cycle there, which is how it should be, there is none anywhere.
  if (!hasCycle(graph, rules.at(-1)!)) return [];
  return rules.filter((rule) => hasCycle(graph, rule)).map(({ level }) => level);
}

function hasCycle(graph: Dependencies, { kinds, loneRw }: CycleRule): boolean {
  const allowed = new Set(kinds);
  // Nodes of the walk: a transaction, and whether the last edge was an rw. As one number: twice the index, plus one after an rw.
  const next = (node: number): readonly number[] => {
    const afterRw = node % 2 === 1;
    const edges = graph.get(Math.floor(node / 2) as TransactionIndex) ?? [];
    return edges.flatMap(({ to, kind }) => {
      if (allowed.has(kind)) return [2 * to];
      return loneRw === true && kind === "rw" && !afterRw ? [2 * to + 1] : [];
    });
  };
  const roots = [...graph.keys()].map((index) => 2 * index);
  return cyclicComponents(roots, next).length > 0;
}
