/** A deliberately naive table: the oracle of the property test. A list of items, walked and sorted for everything. */
import { applyUpdate, matches } from "#data-plane/tables/expressions";
import {
  attributeOf,
  compareText,
  compareValues,
  equalItems,
  type Item,
  itemSize,
  typeOf,
} from "#data-plane/tables/values";
import type { IndexDefinition, ItemWrite, KeyDefinition, QueryRequest, TableDefinition } from "../port.ts";

export interface NaiveRecord {
  readonly event: "INSERT" | "MODIFY" | "REMOVE";
  readonly keys: Item;
  readonly old?: Item;
  readonly new?: Item;
}

export type NaiveOutcome =
  | { readonly done: true; readonly old?: Item; readonly new?: Item }
  | { readonly done: false; readonly refused: string };

export class NaiveTable {
  items: Item[] = [];
  readonly records: NaiveRecord[] = [];
  definition: TableDefinition;

  constructor(definition: TableDefinition) {
    this.definition = definition;
  }

  find(key: Item): Item | undefined {
    return this.items.find((item) => sameKey(this.definition.keys, item, key));
  }

  /** What a write does, or would do. */
  decide({ action, condition }: Pick<ItemWrite, "action" | "condition">): NaiveOutcome {
    const key = keyOf(this.definition.keys, action.kind === "put" ? action.item : action.key);
    const old = this.find(key);
    if (condition !== undefined && !matches(condition, old)) return { done: false, refused: "ConditionFailed" };
    let after: Item | undefined;
    if (action.kind === "put") after = action.item;
    if (action.kind === "update") {
      try {
        after = applyUpdate(action.update, old, key).item;
      } catch {
        return { done: false, refused: "InvalidUpdate" };
      }
    }
    if (after !== undefined && itemSize(after) > 400 * 1024) return { done: false, refused: "ItemTooLarge" };
    if (after !== undefined && this.#isAgainstAnIndex(after)) return { done: false, refused: "IndexKeyInvalid" };
    return { done: true, ...(old === undefined ? {} : { old }), ...(after === undefined ? {} : { new: after }) };
  }

  apply(write: Pick<ItemWrite, "action" | "condition">): NaiveOutcome {
    const outcome = this.decide(write);
    if (!outcome.done) return outcome;
    const { action } = write;
    const key = keyOf(this.definition.keys, action.kind === "put" ? action.item : action.key);
    this.items = this.items.filter((item) => !sameKey(this.definition.keys, item, key));
    if (outcome.new !== undefined) this.items.push(outcome.new);
    this.#record(key, outcome.old, outcome.new);
    return outcome;
  }

  /** Items that an index (or the table) shows, in no order, whole. */
  shownBy(index: IndexDefinition | undefined): Item[] {
    if (index === undefined) return this.items;
    const attributes = [...index.keys.hash, ...index.keys.range];
    return this.items.filter((item) =>
      attributes.every(({ name, type }) => {
        const value = attributeOf(item, name);
        // An index that came later passes over items that could not be stored now.
        return value !== undefined && typeOf(value) === type && Object.values(value)[0] !== "";
      }),
    );
  }

  query({ hash, range = [] }: Pick<QueryRequest, "hash" | "range">, index?: IndexDefinition): Item[] {
    const definition = index?.keys ?? this.definition.keys;
    const found = this.shownBy(index).filter(
      (item) =>
        definition.hash.every(({ name }, at) => compareValues(item[name]!, hash[at]!) === 0) &&
        range.every((one, at) => meets(item, definition.range[at]!.name, one)),
    );
    return found.sort((a, b) => this.compare(definition, a, b));
  }

  /** By the range key of what is read. */
  compare({ range }: KeyDefinition, a: Item, b: Item): number {
    for (const { name } of range) {
      const order = compareValues(a[name]!, b[name]!) ?? 0;
      if (order !== 0) return order;
    }
    return 0;
  }

  project(item: Item, index: IndexDefinition | undefined): Item {
    if (index === undefined || index.projection.type === "ALL") return item;
    const { keys } = this.definition;
    const shown = [...keys.hash, ...keys.range, ...index.keys.hash, ...index.keys.range].map(({ name }) => name);
    if (index.projection.type === "INCLUDE") shown.push(...index.projection.attributes);
    return Object.fromEntries(Object.entries(item).filter(([name]) => shown.includes(name)));
  }

  #isAgainstAnIndex(item: Item): boolean {
    const { localIndexes, globalIndexes } = this.definition;
    return [...localIndexes, ...globalIndexes].some(({ keys: { hash, range } }) =>
      [...hash, ...range].some(({ name, type }) => {
        const value = attributeOf(item, name);
        return value !== undefined && (typeOf(value) !== type || Object.values(value)[0] === "");
      }),
    );
  }

  #record(keys: Item, old: Item | undefined, after: Item | undefined): void {
    if (old === undefined && after === undefined) return;
    if (old !== undefined && after !== undefined && equalItems(old, after)) return;
    const event = old === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY";
    this.records.push({ event, keys, ...(old ? { old } : {}), ...(after ? { new: after } : {}) });
  }
}

export function keyOf({ hash, range }: KeyDefinition, item: Item): Item {
  return Object.fromEntries([...hash, ...range].map(({ name }) => [name, item[name]!]));
}

function sameKey({ hash, range }: KeyDefinition, a: Item, b: Item): boolean {
  return [...hash, ...range].every(({ name }) => compareValues(a[name]!, b[name]!) === 0);
}

function meets(item: Item, name: string, { op, values }: NonNullable<QueryRequest["range"]>[number]): boolean {
  const value = item[name]!;
  const first = values[0]!;
  const order = compareValues(value, first)!;
  switch (op) {
    case "=":
      return order === 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "BETWEEN":
      return order >= 0 && compareValues(value, values[1]!)! <= 0;
    case "begins_with": {
      if ("S" in value && "S" in first) return value.S.startsWith(first.S);
      if (!("B" in value && "B" in first)) throw new TypeError("begins_with is about strings and binary");
      const bytes = Buffer.from(value.B, "base64");
      const prefix = Buffer.from(first.B, "base64");
      return bytes.subarray(0, prefix.length).equals(prefix);
    }
  }
}

/** Items in an order that depends on nothing but themselves. */
export function sorted(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => compareText(canonical(a), canonical(b)));
}

function canonical(item: Item): string {
  return JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
}
