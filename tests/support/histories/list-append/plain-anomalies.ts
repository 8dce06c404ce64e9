/**
 * What is wrong with single reads and appends, without any graph.
 */
import type { PlainAnomaly } from "./consistency.ts";
import { describeList, type Element, type ListTransaction, type Step, type TransactionIndex } from "./transaction.ts";
import { entry, type Versions } from "./versions.ts";

export interface Finding {
  readonly type: PlainAnomaly;
  readonly transactions: readonly TransactionIndex[];
  /** For a person; `T1` stands for the transaction with index 1. */
  readonly text: string;
}

/** @param versions of the history, as `inferVersions` has them */
export function findPlainAnomalies(
  history: readonly ListTransaction[],
  versions: ReadonlyMap<string, Versions>,
): readonly Finding[] {
  const lastAppends = lastElements(history);
  return [
    ...history.flatMap((transaction, reader) => {
      if (transaction.outcome !== "ok") return [];
      return [
        ...transaction.steps.flatMap((step) =>
          step.type === "read" ? readFindings(history, versions, lastAppends, reader, step) : [],
        ),
        ...ownFindings(transaction, reader),
      ];
    }),
    ...[...versions].flatMap(([key, { incompatible }]) =>
      incompatible.map(
        ([left, right]): Finding => ({
          type: "incompatible-order",
          transactions: [left.reader, right.reader],
          text: `T${left.reader} read ${key} as ${describeList(left.value)}, T${right.reader} as ${describeList(right.value)}`,
        }),
      ),
    ),
    ...lostUpdates(history),
    ...dirtyUpdates(history, versions),
  ];
}

type ReadStep = Extract<Step, { type: "read" }>;

/** What another transaction's elements say of one read. */
function readFindings(
  history: readonly ListTransaction[],
  versions: ReadonlyMap<string, Versions>,
  lastAppends: ReadonlyMap<string, ReadonlyMap<Element, Element>>,
  reader: TransactionIndex,
  { key, value }: ReadStep,
): readonly Finding[] {
  const { writers } = versions.get(key)!;
  const findings: Finding[] = [];
  const seen = new Set<Element>();
  const say = (type: PlainAnomaly, writer: TransactionIndex | undefined, text: string): void =>
    void findings.push({ type, transactions: writer === undefined ? [reader] : [reader, writer], text });
  for (const element of value) {
    const name = JSON.stringify(element);
    const writer = writers.get(element);
    if (writer === undefined)
      say("unwritten-read", undefined, `T${reader} read ${name} in ${key}, which nobody appended`);
    else if (history[writer]!.outcome === "failed") {
      say("G1a", writer, `T${reader} read ${name} in ${key} of T${writer}, which failed`);
    }
    if (seen.has(element)) say("duplicate-elements", writer, `T${reader} read ${name} twice in ${key}`);
    seen.add(element);
  }
  const end = value.at(-1);
  const writer = end === undefined ? undefined : writers.get(end);
  const last = end === undefined ? undefined : lastAppends.get(key)?.get(end);
  if (writer !== undefined && writer !== reader && last !== end) {
    const text = `T${reader} read ${key} up to ${JSON.stringify(end)} of T${writer}, which then appended ${JSON.stringify(last)}`;
    say("G1b", writer, text);
  }
  return findings;
}

/** For each element the last one that its transaction appended to the same list. */
function lastElements(history: readonly ListTransaction[]): ReadonlyMap<string, ReadonlyMap<Element, Element>> {
  const all = new Map<string, Map<Element, Element>>();
  for (const { steps } of history) {
    const last = new Map<string, Element>();
    for (const step of [...steps].reverse()) {
      if (step.type !== "append") continue;
      const element = entry(last, step.key, () => step.element);
      entry(all, step.key, () => new Map<Element, Element>()).set(step.element, element);
    }
  }
  return all;
}

/** Whether a transaction sees what it did itself, and does not see what it has yet to do. */
function ownFindings({ steps }: ListTransaction, index: TransactionIndex): readonly Finding[] {
  const findings: Finding[] = [];
  /** What is known of each list: its end, and whether that is all of it. */
  const known = new Map<string, { readonly end: readonly Element[]; readonly isWhole: boolean }>();
  const read = new Map<string, Set<Element>>();
  for (const step of steps) {
    const before = known.get(step.key) ?? { end: [], isWhole: false };
    if (step.type === "append") {
      if (read.get(step.key)?.has(step.element) === true) {
        const text = `T${index} read ${JSON.stringify(step.element)} in ${step.key} before it appended it`;
        findings.push({ type: "future-read", transactions: [index], text });
      }
      known.set(step.key, { ...before, end: [...before.end, step.element] });
      continue;
    }
    const from = step.value.length - before.end.length;
    const fits = before.isWhole ? from === 0 : from >= 0;
    if (!fits || before.end.some((element, i) => element !== step.value[from + i])) {
      const expected = `${before.isWhole ? "" : "what ends with "}${describeList(before.end)}`;
      const text = `T${index} read ${step.key} as ${describeList(step.value)}, not as ${expected}`;
      findings.push({ type: "internal", transactions: [index], text });
    }
    known.set(step.key, { end: step.value, isWhole: true });
    const elements = entry(read, step.key, () => new Set<Element>());
    for (const element of step.value) elements.add(element);
  }
  return findings;
}

/** Two that saw the same state of a list before either appended to it: one of them did not know of the other. */
function lostUpdates(history: readonly ListTransaction[]): readonly Finding[] {
  const byState = new Map<string, { readonly key: string; readonly transactions: TransactionIndex[] }>();
  history.forEach(({ outcome, steps }, index) => {
    if (outcome !== "ok") return;
    const read = new Map<string, readonly Element[]>();
    const appended = new Set<string>();
    for (const step of steps) {
      if (step.type === "read") {
        entry(read, step.key, () => step.value);
        continue;
      }
      const value = read.get(step.key);
      if (appended.has(step.key)) continue;
      appended.add(step.key);
      if (value === undefined) continue;
      const state = JSON.stringify([step.key, value]);
      entry(byState, state, () => ({ key: step.key, transactions: [] })).transactions.push(index);
    }
  });
  return [...byState.values()].flatMap(({ key, transactions }): Finding[] => {
    if (transactions.length < 2) return [];
    const names = transactions.map((index) => `T${index}`).join(", ");
    return [{ type: "lost-update", transactions, text: `${names} saw the same state of ${key} and appended to it` }];
  });
}

/** An append of a committed transaction on top of one that failed; those of unknown outcome in between do not matter. */
function dirtyUpdates(
  history: readonly ListTransaction[],
  versions: ReadonlyMap<string, Versions>,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [key, { order, writers }] of versions) {
    let failed: TransactionIndex | undefined;
    for (const element of order) {
      const writer = writers.get(element);
      if (writer === undefined) continue;
      const { outcome } = history[writer]!;
      if (outcome === "failed") failed = writer;
      if (outcome !== "ok") continue;
      if (failed !== undefined) {
        const text = `T${writer} appended to ${key} on top of T${failed}, which failed`;
        findings.push({ type: "dirty-update", transactions: [failed, writer], text });
      }
      failed = undefined;
    }
  }
  return findings;
}
