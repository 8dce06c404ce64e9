/**
 * Which level of isolation the transactions of a history had, told from what they read.
 */
import {
  type Anomaly,
  type AnomalyClass,
  CYCLES,
  type Doubt,
  isForbidden,
  type Level,
  weakestMissed,
  withWeaker,
} from "./consistency.ts";
import { levelsWithCycle } from "./cycle-existence.ts";
import { type Cycle, findCycles, strongestEdges } from "./cycle-search.ts";
import { findDependencies, type OrderOfTime } from "./dependencies.ts";
import { findPlainAnomalies } from "./plain-anomalies.ts";
import { describeTransaction, type ListTransaction, type TransactionIndex } from "./transaction.ts";
import { inferVersions } from "./versions.ts";

export interface Expectation {
  /** Levels that are to hold; strict serializability when neither levels nor anomalies are given. */
  readonly levels?: readonly Level[];
  /** What must not occur besides. */
  readonly anomalies?: readonly AnomalyClass[];
}

export interface Found {
  readonly type: Anomaly;
  readonly transactions: readonly TransactionIndex[];
  /** For a person: what happened, and the transactions that took part. */
  readonly text: string;
}

export interface Isolation {
  /** `undecided`: nothing forbidden was found, but for one of the `doubts` that is no proof. */
  readonly verdict: "ok" | "violation" | "undecided";
  /** The anomalies that the expectation forbids. */
  readonly found: readonly Found[];
  readonly doubts: readonly Doubt[];
  /** The weakest levels that the history misses, by all the anomalies that were seen, forbidden or not. Empty when the verdict is `ok`. */
  readonly missed: readonly Level[];
}

/**
 * @param edgesMax how far to look for each kind of cycle to show; whether there is one is always found out
 * @throws Error when an element is appended to a list twice
 */
export function checkListAppend(
  history: readonly ListTransaction[],
  expectation: Expectation = {},
  { edgesMax }: { readonly edgesMax?: number } = {},
): Isolation {
  const { anomalies = [], levels = anomalies.length === 0 ? ["strict-serializable"] : [] } = expectation;
  const forbiddenLevels = withWeaker(levels);
  const classes = new Set(anomalies);
  const forbids = (anomaly: Anomaly): boolean => isForbidden(anomaly, forbiddenLevels, classes);

  const time = orderOfTime(forbids);
  const versions = inferVersions(history);
  const graph = findDependencies(history, versions, time);
  const cyclic = levelsWithCycle(graph, time);
  // Between two transactions the strongest edge names a cycle; all edges count only when that leaves a level without a name.
  const search = cyclic.length === 0 ? NO_CYCLES : findCycles(strongestEdges(graph), time, edgesMax);
  const plain = findPlainAnomalies(history, versions);
  const all: Found[] = [
    ...plain.map(({ type, transactions, text }) => ({
      type,
      transactions,
      text: explain(history, type, transactions, [text]),
    })),
    ...search.cycles.map((cycle) => foundCycle(history, cycle)),
  ];
  let isComplete = search.isComplete;
  if (unnamed(cyclic, all).length > 0) {
    const again = findCycles(graph, time, edgesMax);
    all.push(
      ...again.cycles
        .filter(({ type }) => !all.some((one) => one.type === type))
        .map((cycle) => foundCycle(history, cycle)),
    );
    isComplete &&= again.isComplete;
  }
  for (const level of unnamed(cyclic, all)) {
    const text = `There is a cycle that ${level} forbids, but none was found that is short enough to show.`;
    all.push({ type: `${level}-cycle`, transactions: [], text });
  }

  const found = all.filter(({ type }) => forbids(type));
  const doubts: Doubt[] = [
    ...(graph.size === 0 ? (["empty-transaction-graph"] as const) : []),
    ...(isComplete ? [] : (["cycle-search-limit"] as const)),
  ];
  const verdict = found.length > 0 ? "violation" : doubts.length > 0 ? "undecided" : "ok";
  return { verdict, found, doubts, missed: verdict === "ok" ? [] : weakestMissed(all.map(({ type }) => type)) };
}

const NO_CYCLES = { cycles: [], isComplete: true } as const;

/** Levels with a cycle of which no anomaly tells. */
function unnamed(cyclic: readonly Level[], found: readonly Found[]): readonly Level[] {
  const missed = new Set(weakestMissed(found.map(({ type }) => type)));
  const rest = cyclic.filter((level) => ![...withWeaker([level])].some((weaker) => missed.has(weaker)));
  // The weakest of them says the others.
  return rest.filter((level) => !rest.some((other) => other !== level && withWeaker([level]).has(other)));
}

/** The strongest order that matters for what is forbidden: the order of time holds that of clients. */
function orderOfTime(forbids: (anomaly: Anomaly) => boolean): OrderOfTime {
  if (CYCLES.some((base) => forbids(`${base}-realtime`))) return "realtime";
  return CYCLES.some((base) => forbids(`${base}-process`)) ? "process" : "none";
}

function foundCycle(history: readonly ListTransaction[], { type, edges }: Cycle): Found {
  const lines = edges.map(({ from, to, kind, because }) => `T${from} before T${to} (${kind}): ${because()}`);
  const transactions = edges.map(({ from }) => from);
  return { type, transactions, text: explain(history, type, transactions, lines) };
}

function explain(
  history: readonly ListTransaction[],
  type: Anomaly,
  transactions: readonly TransactionIndex[],
  lines: readonly string[],
): string {
  return [
    `${type}:`,
    ...lines.map((line) => `  ${line}`),
    "where",
    ...transactions.map((index) => `  ${describeTransaction(history, index)}`),
  ].join("\n");
}
