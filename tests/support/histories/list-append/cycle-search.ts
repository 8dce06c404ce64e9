/**
 * Cycles to show: of each kind one, as short as it can be found, the worst kinds first.
 */
import { cyclicComponents } from "./components.ts";
import { type CycleAnomaly, type CycleBase, withClasses } from "./consistency.ts";
import type { Dependencies, Dependency, DependencyKind, OrderOfTime } from "./dependencies.ts";
import type { TransactionIndex } from "./transaction.ts";

export interface Cycle {
  readonly type: CycleAnomaly;
  /** Each leads to where the next one begins; the last to where the first one does. */
  readonly edges: readonly Dependency[];
}

export interface CycleSearch {
  readonly cycles: readonly Cycle[];
  /** Whether all was looked at; there may be cycles of other kinds otherwise. */
  readonly isComplete: boolean;
}

interface Target {
  readonly base: CycleBase;
  readonly kinds: readonly DependencyKind[];
  readonly rwMin: number;
  readonly rwMax: number;
}

const MANY = 2;

/** From worst to mildest. */
const TARGETS: readonly Target[] = [
  { base: "G0", kinds: ["ww"], rwMin: 0, rwMax: 0 },
  { base: "G1c", kinds: ["ww", "wr"], rwMin: 0, rwMax: 0 },
  { base: "G-single-item", kinds: ["ww", "wr", "rw"], rwMin: 1, rwMax: 1 },
  { base: "G-nonadjacent-item", kinds: ["ww", "wr", "rw"], rwMin: MANY, rwMax: MANY },
  { base: "G2-item", kinds: ["ww", "wr", "rw"], rwMin: MANY, rwMax: MANY },
];

/** Edges walked along in the search for one kind of cycle. Enough for all there is in most components; a second for all kinds in the others. */
const EDGES_MAX = 400_000;

/**
 * @param time cycles with edges of this order are looked for as well
 */
export function findCycles(graph: Dependencies, time: OrderOfTime, edgesMax = EDGES_MAX): CycleSearch {
  const cycles: Cycle[] = [];
  const found = new Set<CycleAnomaly>();
  let isComplete = true;
  for (const suffix of time === "none" ? ([""] as const) : (["", `-${time}`] as const)) {
    for (const target of TARGETS) {
      const type: CycleAnomaly = `${target.base}${suffix}`;
      // A worse one that is a case of this one says it already.
      if (withClasses(found).has(type)) continue;
      const kinds = new Set(suffix === "" || time === "none" ? target.kinds : [...target.kinds, time]);
      const search = searchCycle(graph, target, kinds, suffix !== "", edgesMax);
      isComplete &&= search.isComplete;
      if (search.edges === undefined) continue;
      found.add(type);
      cycles.push({ type, edges: search.edges });
    }
  }
  return { cycles, isComplete };
}

/** Where a walk has arrived, and what it has met that matters for its name. */
interface Walk {
  readonly edge: Dependency;
  readonly before: Walk | undefined;
  readonly rw: number;
  readonly wr: boolean;
  readonly adjacent: boolean;
  readonly timely: boolean;
  readonly beganWithRw: boolean;
}

function searchCycle(
  graph: Dependencies,
  target: Target,
  kinds: ReadonlySet<DependencyKind>,
  timely: boolean,
  edgesMax: number,
): { readonly edges: readonly Dependency[] | undefined; readonly isComplete: boolean } {
  const edgesFrom = (node: TransactionIndex): readonly Dependency[] =>
    (graph.get(node) ?? []).filter(({ kind }) => kinds.has(kind));
  const components = cyclicComponents(graph.keys(), (node) => edgesFrom(node).map(({ to }) => to));
  let best: readonly Dependency[] | undefined;
  let walked = 0;
  // Small ones first: they are soon looked through, and show short cycles.
  for (const component of [...components].sort((left, right) => left.length - right.length)) {
    const members = new Set(component);
    for (const start of component) {
      const cycle = shortestFrom(start, members);
      if (walked > edgesMax) return { edges: best ?? cycle, isComplete: false };
      if (cycle !== undefined && (best === undefined || cycle.length < best.length)) best = cycle;
      if (best?.length === 2) return { edges: best, isComplete: true };
    }
  }
  return { edges: best, isComplete: true };

  function shortestFrom(
    start: TransactionIndex,
    members: ReadonlySet<TransactionIndex>,
  ): readonly Dependency[] | undefined {
    const seen = new Set<string>();
    let walks: readonly (Walk | undefined)[] = [undefined];
    for (let length = 1; walks.length > 0 && (best === undefined || length < best.length); length++) {
      const longer: Walk[] = [];
      for (const before of walks) {
        for (const edge of edgesFrom(before?.edge.to ?? start)) {
          if (!members.has(edge.to)) continue;
          if (++walked > edgesMax) return undefined;
          const walk = extend(before, edge);
          if (walk.rw > target.rwMax && target.rwMax < MANY) continue;
          if (edge.to === start) {
            const edges = edgesOf(walk);
            if (baseOf(walk) === target.base && walk.timely === timely && isSimple(edges)) return edges;
            continue;
          }
          const where = [edge.to, edge.kind === "rw", walk.rw, walk.wr, walk.adjacent, walk.timely, walk.beganWithRw];
          const state = where.join();
          if (seen.has(state)) continue;
          seen.add(state);
          longer.push(walk);
        }
      }
      walks = longer;
    }
    return undefined;
  }
}

function extend(before: Walk | undefined, edge: Dependency): Walk {
  const isRw = edge.kind === "rw";
  return {
    edge,
    before,
    rw: Math.min(MANY, (before?.rw ?? 0) + (isRw ? 1 : 0)),
    wr: before?.wr === true || edge.kind === "wr",
    adjacent: before?.adjacent === true || (isRw && before?.edge.kind === "rw"),
    timely: before?.timely === true || edge.kind === "process" || edge.kind === "realtime",
    beganWithRw: before?.beganWithRw ?? isRw,
  };
}

function edgesOf(last: Walk): readonly Dependency[] {
  const edges: Dependency[] = [];
  for (let walk: Walk | undefined = last; walk !== undefined; walk = walk.before) edges.push(walk.edge);
  return edges.reverse();
}

/** A walk that meets itself is two cycles, with names of their own. */
function isSimple(edges: readonly Dependency[]): boolean {
  return new Set(edges.map(({ from }) => from)).size === edges.length;
}

/** The name of the cycle that a walk back to its start has made, but for its suffix. */
function baseOf({ edge, rw, wr, adjacent, beganWithRw }: Walk): CycleBase {
  const closes = beganWithRw && edge.kind === "rw";
  return rw === MANY
    ? adjacent || closes
      ? "G2-item"
      : "G-nonadjacent-item"
    : rw === 1
      ? "G-single-item"
      : wr
        ? "G1c"
        : "G0";
}

/** Of the edges between two transactions only the one that makes the worst cycles: ww, else wr, else rw, else that of time. */
export function strongestEdges(graph: Dependencies): Dependencies {
  const order: readonly DependencyKind[] = ["ww", "wr", "rw", "process", "realtime"];
  const strength = ({ kind }: Dependency): number => order.indexOf(kind);
  return new Map(
    [...graph].map(([from, edges]) => {
      const strongest = new Map<TransactionIndex, Dependency>();
      for (const edge of edges) {
        const other = strongest.get(edge.to);
        if (other === undefined || strength(edge) < strength(other)) strongest.set(edge.to, edge);
      }
      return [from, [...strongest.values()]];
    }),
  );
}
