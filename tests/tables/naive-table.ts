/** A table as the documentation describes it: a list of items, looked through from end to end. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type Action, apply, type Condition, holds } from "./naive-expressions.ts";
import { fingerprint, type Item, order, pick, type Random } from "./naive-values.ts";

export type KeyType = "S" | "N" | "B";

export interface KeyPart {
  readonly name: string;
  readonly type: KeyType;
}

export interface Key {
  readonly hash: KeyPart;
  readonly range?: KeyPart;
}

export interface Schema {
  readonly key: Key;
  /** By name. */
  readonly indexes: ReadonlyMap<string, Key & { readonly kind: "global" | "local" }>;
}

export function randomSchema(random: Random): Schema {
  const part = (name: string): KeyPart => ({ name, type: pick(random, ["S", "N", "B"] as const) });
  const hash = part("pk");
  const key: Key = random() < 0.8 ? { hash, range: part("sk") } : { hash };
  const global: Key = random() < 0.6 ? { hash: part("g"), range: part("h") } : { hash: part("g") };
  return {
    key,
    indexes: new Map([
      ["global", { ...global, kind: "global" as const }],
      ...(key.range === undefined ? [] : [["local", { hash, range: part("r"), kind: "local" as const }] as const]),
    ]),
  };
}

/** Few values, so that keys meet. */
export function randomKeyValue(random: Random, { type }: KeyPart): AttributeValue {
  switch (type) {
    case "S":
      return { S: pick(random, ["a", "ab", "b", "\uffff", "\u{10000}"]) };
    case "N":
      return { N: pick(random, ["-10", "-1.5", "0", "2", "10"]) };
    case "B":
      return { B: Uint8Array.from(pick(random, [[0], [1], [1, 0], [255]])) };
  }
}

/** The parts of all keys, each once. */
export function keyParts({ key, indexes }: Schema): readonly KeyPart[] {
  const parts = [key, ...indexes.values()].flatMap(({ hash, range }) => (range === undefined ? [hash] : [hash, range]));
  return [...new Map(parts.map((part) => [part.name, part])).values()];
}

/** A condition on the range key of a query. */
export interface RangeCondition {
  readonly operator: "=" | "<" | "<=" | ">" | ">=" | "BETWEEN";
  readonly values: readonly AttributeValue[];
}

export interface Question {
  readonly index: string | undefined;
  readonly hash: AttributeValue;
  readonly range: RangeCondition | undefined;
  readonly filter: Condition | undefined;
}

export class NaiveTable {
  readonly schema: Schema;
  #items: Item[] = [];

  constructor(schema: Schema) {
    this.schema = schema;
  }

  keyOf(item: Item): Item {
    const { hash, range } = this.schema.key;
    return Object.fromEntries([hash, ...(range === undefined ? [] : [range])].map(({ name }) => [name, item[name]!]));
  }

  get(key: Item): Item | undefined {
    return this.#items.find((item) => this.#hasKey(item, key));
  }

  /** @returns the item before, or `failed` */
  put(item: Item, condition: Condition | undefined): { readonly old: Item | undefined } | "failed" {
    const old = this.get(item);
    if (condition !== undefined && !holds(condition, old ?? {})) return "failed";
    this.#replace(item, item);
    return { old };
  }

  /** @throws Inapplicable */
  update(
    key: Item,
    actions: readonly Action[],
    condition: Condition | undefined,
    upsert: boolean,
  ): { readonly old: Item | undefined; readonly item: Item | undefined } | "failed" {
    const old = this.get(key);
    if (condition !== undefined && !holds(condition, old ?? {})) return "failed";
    if (old === undefined && !upsert) return "failed";
    // Taking away brings nothing into being.
    if (old === undefined && actions.every(({ kind }) => kind === "remove" || kind === "delete"))
      return { old, item: undefined };
    const item = apply(actions, old ?? this.keyOf(key));
    this.#replace(key, item);
    return { old, item };
  }

  delete(key: Item, condition: Condition | undefined): { readonly old: Item | undefined } | "failed" {
    const old = this.get(key);
    if (condition !== undefined && !holds(condition, old ?? {})) return "failed";
    this.#items = this.#items.filter((item) => item !== old);
    return { old };
  }

  /** Ascending by the range key; items with equal keys in any order. */
  query({ index, hash, range, filter }: Question): readonly Item[] {
    const key = index === undefined ? this.schema.key : this.schema.indexes.get(index)!;
    return this.scan(index, filter)
      .filter((item) => fingerprint(item[key.hash.name]!) === fingerprint(hash))
      .filter((item) => range === undefined || inRange(item[key.range!.name]!, range))
      .toSorted((a, b) => (key.range === undefined ? 0 : order(a[key.range.name]!, b[key.range.name]!)!));
  }

  /** Items that an index has: those with all of its key. */
  scan(index: string | undefined, filter: Condition | undefined): readonly Item[] {
    const key = index === undefined ? this.schema.key : this.schema.indexes.get(index)!;
    return this.#items.filter(
      (item) =>
        item[key.hash.name] !== undefined &&
        (key.range === undefined || item[key.range.name] !== undefined) &&
        (filter === undefined || holds(filter, item)),
    );
  }

  #replace(key: Item, item: Item): void {
    this.#items = [...this.#items.filter((one) => !this.#hasKey(one, key)), structuredClone(item)];
  }

  #hasKey(item: Item, key: Item): boolean {
    return Object.keys(this.keyOf(item)).every((name) => fingerprint(item[name]!) === fingerprint(key[name]!));
  }
}

function inRange(value: AttributeValue, { operator, values }: RangeCondition): boolean {
  const sign = order(value, values[0]!)!;
  switch (operator) {
    case "=":
      return sign === 0;
    case "<":
      return sign < 0;
    case "<=":
      return sign <= 0;
    case ">":
      return sign > 0;
    case ">=":
      return sign >= 0;
    case "BETWEEN":
      return sign >= 0 && order(value, values[1]!)! <= 0;
  }
}
