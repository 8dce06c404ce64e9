/**
 * What the reads say of each list: in which order its elements were appended, and by whom (Kingsbury and Alvaro, "Elle: inferring isolation anomalies from
 * experimental observations", 2020, §4.2).
 */
import type { Element, ListTransaction, TransactionIndex } from "./transaction.ts";

export interface Versions {
  /** Elements in the order of the longest read, each once. */
  readonly order: readonly Element[];
  readonly places: ReadonlyMap<Element, number>;
  readonly writers: ReadonlyMap<Element, TransactionIndex>;
  /** Two reads of which neither begins the other, when there are such. */
  readonly incompatible: readonly (readonly [KeyRead, KeyRead])[];
}

export interface KeyRead {
  readonly reader: TransactionIndex;
  readonly value: readonly Element[];
}

/**
 * From the reads of transactions whose outcome is `ok`.
 *
 * @throws Error when an element is appended to a list twice: nothing can be inferred then
 */
export function inferVersions(history: readonly ListTransaction[]): ReadonlyMap<string, Versions> {
  const reads = new Map<string, KeyRead[]>();
  const writers = new Map<string, Map<Element, TransactionIndex>>();
  history.forEach((transaction, index) => {
    for (const step of transaction.steps) {
      if (step.type === "append") {
        const byElement = entry(writers, step.key, () => new Map<Element, TransactionIndex>());
        if (byElement.has(step.element)) {
          throw new Error(`${JSON.stringify(step.element)} is appended to ${step.key} twice.`);
        }
        byElement.set(step.element, index);
      } else {
        const ofKey = entry(reads, step.key, () => []);
        if (transaction.outcome === "ok") ofKey.push({ reader: index, value: step.value });
      }
    }
  });
  const keys = new Set([...reads.keys(), ...writers.keys()]);
  return new Map([...keys].map((key) => [key, versionsOf(reads.get(key) ?? [], writers.get(key) ?? new Map())]));
}

function versionsOf(reads: readonly KeyRead[], writers: ReadonlyMap<Element, TransactionIndex>): Versions {
  const byLength = [...reads].sort((left, right) => left.value.length - right.value.length);
  const incompatible: (readonly [KeyRead, KeyRead])[] = [];
  for (let i = 1; i < byLength.length; i++) {
    if (!isPrefix(byLength[i - 1]!.value, byLength[i]!.value)) incompatible.push([byLength[i - 1]!, byLength[i]!]);
  }
  const order = [...new Set(byLength.at(-1)?.value ?? [])];
  return { order, places: new Map(order.map((element, place) => [element, place])), writers, incompatible };
}

function isPrefix(short: readonly Element[], long: readonly Element[]): boolean {
  return short.every((element, i) => element === long[i]);
}

/** The value of a key, made when there is none. */
export function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
