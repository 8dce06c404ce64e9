/**
 * Who must come before whom (Adya's direct serialisation graph), with the order of clients or of time on top.
 */
import type { Element, ListTransaction, TransactionIndex } from "./transaction.ts";
import { entry, type Versions } from "./versions.ts";

/**
 * - `ww`: appended the element right after the other one's.
 * - `wr`: read a list that ends with the other one's element.
 * - `rw`: appended the element right after those that the other one read.
 * - `process`: the next transaction of the same client.
 * - `realtime`: begun after the other one had ended.
 */
export type DependencyKind = "ww" | "wr" | "rw" | "process" | "realtime";

export interface Dependency {
  readonly from: TransactionIndex;
  readonly to: TransactionIndex;
  readonly kind: DependencyKind;
  /** For a person; `T1` stands for the transaction with index 1. */
  readonly because: () => string;
}

/** Which order counts besides that of the data. */
export type OrderOfTime = "none" | "process" | "realtime";

/** By `from`. At most one of each kind between two transactions. */
export type Dependencies = ReadonlyMap<TransactionIndex, readonly Dependency[]>;

export function findDependencies(
  history: readonly ListTransaction[],
  versions: ReadonlyMap<string, Versions>,
  time: OrderOfTime,
): Dependencies {
  const graph = new Map<TransactionIndex, Dependency[]>();
  const seen = new Set<string>();
  const add = (dependency: Dependency): void => {
    const { from, to, kind } = dependency;
    // A transaction that failed has no place; one has no place before itself.
    if (from === to || history[from]!.outcome === "failed" || history[to]!.outcome === "failed") return;
    const name = `${from} ${to} ${kind}`;
    if (seen.has(name)) return;
    seen.add(name);
    entry(graph, from, () => []).push(dependency);
  };
  const readers = readersByEnd(history);
  history.forEach((transaction, index) => {
    for (const step of transaction.steps) {
      const { writers, order, places } = versions.get(step.key)!;
      if (step.type === "read") {
        const element = transaction.outcome === "ok" ? step.value.at(-1) : undefined;
        const writer = element === undefined ? undefined : writers.get(element);
        if (element === undefined || writer === undefined) continue;
        add({
          from: writer,
          to: index,
          kind: "wr",
          because: () => `T${index} read ${say(element)} in ${step.key}, which T${writer} appended`,
        });
        continue;
      }
      // What no read shows was appended after all that reads show, if at all. One that was not appended has nothing after it that
      // depends on it, so that it closes no circle.
      const place = places.get(step.element) ?? order.length;
      const previous = order[place - 1];
      const writer = previous === undefined ? undefined : writers.get(previous);
      if (previous !== undefined && writer !== undefined) {
        add({
          from: writer,
          to: index,
          kind: "ww",
          because: () => `T${index} appended ${say(step.element)} to ${step.key} after ${say(previous)} of T${writer}`,
        });
      }
      for (const reader of readers.get(step.key)?.get(previous) ?? []) {
        add({
          from: reader,
          to: index,
          kind: "rw",
          because: () => `T${reader} did not see ${say(step.element)}, which T${index} appended to ${step.key}`,
        });
      }
    }
  });
  if (time === "process") addOrderOfClients(history, add);
  if (time === "realtime") addOrderOfTime(history, add);
  return graph;
}

/** By key and by the element that a read ends with, undefined for the empty list. */
function readersByEnd(
  history: readonly ListTransaction[],
): ReadonlyMap<string, ReadonlyMap<Element | undefined, ReadonlySet<TransactionIndex>>> {
  const readers = new Map<string, Map<Element | undefined, Set<TransactionIndex>>>();
  history.forEach(({ outcome, steps }, index) => {
    if (outcome !== "ok") return;
    for (const step of steps) {
      if (step.type !== "read") continue;
      const byEnd = entry(readers, step.key, () => new Map<Element | undefined, Set<TransactionIndex>>());
      entry(byEnd, step.value.at(-1), () => new Set()).add(index);
    }
  });
  return readers;
}

function addOrderOfClients(history: readonly ListTransaction[], add: (dependency: Dependency) => void): void {
  const last = new Map<string | number, TransactionIndex>();
  for (const to of inOrderOfBegin(history)) {
    const { client, outcome } = history[to]!;
    const from = last.get(client);
    if (from !== undefined) {
      add({ from, to, kind: "process", because: () => `client ${client} asked for T${to} after T${from}` });
    }
    // One of unknown outcome may come much later than its client's next.
    if (outcome === "ok") last.set(client, to);
  }
}

/**
 * Only from the latest to have ended: what ended before them comes first by way of them. That is about as many edges from each transaction as there are
 * clients.
 */
function addOrderOfTime(history: readonly ListTransaction[], add: (dependency: Dependency) => void): void {
  const before = new Map<TransactionIndex, readonly TransactionIndex[]>();
  const latest = new Set<TransactionIndex>();
  const begins = inOrderOfBegin(history);
  const ends = history.flatMap(({ outcome }, index) => (outcome === "ok" ? [index] : []));
  ends.sort((left, right) => history[left]!.ended - history[right]!.ended);
  let next = 0;
  for (const to of begins) {
    for (; next < ends.length && history[ends[next]!]!.ended < history[to]!.begun; next++) {
      const ended = ends[next]!;
      for (const earlier of before.get(ended) ?? []) latest.delete(earlier);
      latest.add(ended);
    }
    before.set(to, [...latest]);
    for (const from of latest) {
      add({ from, to, kind: "realtime", because: () => `T${from} had ended when T${to} began` });
    }
  }
}

function inOrderOfBegin(history: readonly ListTransaction[]): readonly TransactionIndex[] {
  const indexes = history.flatMap(({ outcome }, index) => (outcome === "failed" ? [] : [index]));
  return indexes.sort((left, right) => history[left]!.begun - history[right]!.begun);
}

function say(element: Element): string {
  return JSON.stringify(element);
}
