/** Random tables, writes and reads, on the engine and on a naive model side by side; what can be seen of both must agree, and every index with its table. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import {
  type AttributeValue,
  equalItems,
  type Item,
  itemSize,
  normalizeNumber,
  type ScalarKeyType,
} from "#data-plane/tables/values";
import type { IndexDefinition, ItemWrite, KeyDefinition, QueryRequest, TableDefinition, WriteResult } from "./port.ts";
import { auditDatabase } from "./testing/audit-database.ts";
import {
  allPages,
  condition,
  definition,
  itemsOf,
  openTableFixture,
  type TableFixture,
  update,
} from "./testing/fixture.ts";
import { keyOf, NaiveTable, sorted } from "./testing/naive-table.ts";

/** Values of key attributes, few so that they meet again, with what order and escaping may stumble over. */
const POOLS: Readonly<Record<ScalarKeyType, readonly AttributeValue[]>> = {
  S: ["a", "aa", "ab", "b", "a\u0000", "a\u0000b", "\u0000", "\uFFFF", "😀", "é"].map((S) => ({ S })),
  N: ["0", "1", "-1", "10", "-10", "1.5", "-1.5", "99", "100", "1E+125", "1E-130", "-9.9E+125"].map((N) => ({
    N: normalizeNumber(N),
  })),
  B: ["AA==", "AAA=", "AAE=", "/w==", "//8=", "YQ==", "YWE="].map((B) => ({ B })),
};
const TYPES = ["S", "N", "B"] as const;
const keyType = fc.constantFrom(...TYPES);
const picks = fc.nat(1000);

/** Attributes besides the table's key; indexes are over some of them. */
const FREE = ["a", "b", "c", "d"] as const;
const freeValue = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(keyType, picks).map(([type, pick]) => from(POOLS[type], pick)) },
  { weight: 1, arbitrary: fc.constantFrom<AttributeValue>({ BOOL: true }, { NULL: true }, { L: [{ N: "1" }] }) },
  { weight: 1, arbitrary: fc.constantFrom<AttributeValue>({ NS: ["1", "2"] }, { M: { x: { S: "y" } } }, { S: "" }) },
);
const free = fc.dictionary(fc.constantFrom(...FREE), freeValue, { maxKeys: 4 });

interface Shape {
  readonly types: readonly [ScalarKeyType, ScalarKeyType | undefined];
  readonly freeTypes: readonly ScalarKeyType[];
  readonly localIndexes: readonly { readonly range: number; readonly projection: number }[];
  readonly globalIndexes: readonly { readonly hash: number; readonly range: number; readonly projection: number }[];
  readonly stream: boolean;
}
const shape: fc.Arbitrary<Shape> = fc.record({
  types: fc.tuple(keyType, fc.option(keyType, { nil: undefined })),
  freeTypes: fc.array(keyType, { minLength: 4, maxLength: 4 }),
  localIndexes: fc.array(fc.record({ range: fc.nat(3), projection: fc.nat(2) }), { maxLength: 2 }),
  globalIndexes: fc.array(fc.record({ hash: fc.nat(14), range: fc.nat(14), projection: fc.nat(2) }), { maxLength: 2 }),
  stream: fc.boolean(),
});

const CONDITIONS = [
  undefined,
  undefined,
  condition("attribute_not_exists(a)"),
  condition("attribute_exists(a) AND NOT a = b"),
  condition("b > :v OR contains(c, :v)", { ":v": "a" }),
  condition("size(d) < :n", { ":n": 3 }),
];
const UPDATES = [
  update("SET a = :v", { ":v": "b" }),
  update("SET a = :v, b = :w REMOVE c", { ":v": 1, ":w": "aa" }),
  update("REMOVE a, b"),
  update("ADD a :n", { ":n": 5 }),
  update("SET a = b, b = a"),
  update("SET c = if_not_exists(c, :n), d = :n", { ":n": 7 }),
  update("SET d.x = :v", { ":v": "z" }),
];

const write = fc.record({
  do: fc.constantFrom("put" as const, "put" as const, "update" as const, "delete" as const),
  hash: fc.nat(3),
  range: picks,
  rest: free,
  condition: picks,
  update: picks,
});

const step = fc.oneof(
  { weight: 8, arbitrary: write },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("transact" as const),
      writes: fc.array(write, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("index" as const), hash: fc.nat(14), projection: fc.nat(2) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("query" as const),
      index: picks,
      hash: picks,
      range: picks,
      op: fc.constantFrom("=", "<", "<=", ">", ">=", "BETWEEN", "begins_with", undefined),
      values: fc.tuple(picks, picks),
      backward: fc.boolean(),
      limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("scan" as const),
      index: picks,
      total: fc.integer({ min: 1, max: 4 }),
      limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type QueryStep = Extract<Step, { do: "query" }>;
type WriteStep = Extract<Step, { do: "put" | "update" | "delete" }>;
type TransactStep = Extract<Step, { do: "transact" }>;

/** About a second; a night's worth is `BIPLANE_MODEL_RUNS=10000`. */
const RUNS = Number(process.env.BIPLANE_MODEL_RUNS ?? "60");

let fixture: TableFixture;
beforeAll(async () => {
  fixture = await openTableFixture("inline");
});
afterAll(() => fixture.close());

test("the engine does what the naive model does", async () => {
  await fc.assert(
    fc.asyncProperty(shape, fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), async (form, steps) => {
      const model = new NaiveTable(tableOf(form));
      await fixture.engine.ensure(model.definition);
      for (const one of steps) {
        if (one.do === "query") await compareQuery(model, one);
        else if (one.do === "scan") await compareScan(model, one);
        else if (one.do === "transact") await compareTransaction(model, one);
        else if (one.do === "index") await changeIndexes(model, form, one);
        else await compareWrite(model, one);
      }
      await compareWhole(model);
    }),
    { numRuns: RUNS },
  );
  expect(auditDatabase(join(fixture.directory, "tables.db"))).toEqual([]);
}, 60_000);

function from<Value>(pool: readonly Value[], pick: number): Value {
  return pool[pick % pool.length]!;
}

function tableOf(form: Shape): TableDefinition {
  const [hashType, rangeType] = form.types;
  const range = rangeType === undefined ? [] : [{ name: "sk", type: rangeType }];
  const attribute = (pick: number) => ({ name: from(FREE, pick), type: from(form.freeTypes, pick % 4) });
  /** Bits of `pick` say which attributes, in which order they stand in `FREE`. */
  const several = (pick: number) => FREE.flatMap((_, at) => (((pick + 1) >> at) & 1 ? [attribute(at)] : []));
  const projection = (pick: number): IndexDefinition["projection"] =>
    from([{ type: "ALL" }, { type: "KEYS_ONLY" }, { type: "INCLUDE", attributes: ["d", "none"] }] as const, pick);
  const hash = [{ name: "pk", type: hashType }];
  return definition({
    keys: { hash, range },
    localIndexes:
      range.length === 0
        ? []
        : form.localIndexes.map((index, at) => ({
            name: `local${at}`,
            keys: { hash, range: [attribute(index.range)] },
            projection: projection(index.projection),
          })),
    globalIndexes: form.globalIndexes.map((index, at) => ({
      name: `global${at}`,
      indexId: `index-${at}`,
      keys: { hash: several(index.hash), range: several(index.range).filter((_, place) => place < 4) },
      projection: projection(index.projection),
    })),
    ...(form.stream ? { stream: { label: "2030-01-01T00:00:00.000", viewType: "NEW_AND_OLD_IMAGES" } } : {}),
  });
}

/** What a step asks for, and the key of the item that it is about. */
function writeOf(
  model: NaiveTable,
  one: WriteStep,
): { readonly key: Item; readonly write: Omit<ItemWrite, "tableId"> } {
  const { keys } = model.definition;
  const key = Object.fromEntries([
    ...keys.hash.map(({ name, type }) => [name, from(POOLS[type], one.hash)]),
    ...keys.range.map(({ name, type }) => [name, from(POOLS[type], one.range)]),
  ]) as Item;
  const action: ItemWrite["action"] =
    one.do === "put"
      ? { kind: "put", item: { ...one.rest, ...key } }
      : one.do === "update"
        ? { kind: "update", key, update: from(UPDATES, one.update) }
        : { kind: "delete", key };
  return { key, write: { action, condition: from(CONDITIONS, one.condition) } };
}

const WISHES = { old: true, new: true, oldOnFailure: true };

/** All or nothing: the model decides each on what is there before the first is done. */
async function compareTransaction(model: NaiveTable, { writes }: TransactStep): Promise<void> {
  const { tableId } = model.definition;
  const asked: ReturnType<typeof writeOf>[] = [];
  for (const one of writes.map((step) => writeOf(model, step))) {
    if (!asked.some(({ key }) => equalItems(key, one.key))) asked.push(one);
  }
  const before = asked.map(({ key }) => model.find(key));
  const decided = asked.map(({ write }) => model.decide(write));
  const found = await fixture.engine.transact(asked.map(({ write }) => ({ ...write, tableId, wishes: WISHES })));
  const isDone = decided.every(({ done }) => done);
  expect(found.outcome).toBe(isDone ? "done" : "cancelled");
  if (found.outcome === "done") {
    for (const [at, result] of found.results.entries()) compareOutcome(result, decided[at]!, before[at]);
  }
  if (found.outcome === "cancelled") {
    for (const [at, reason] of found.reasons.entries()) {
      if (reason !== undefined) compareOutcome(reason, decided[at]!, before[at]);
      else expect(decided[at]!.done).toBe(true);
    }
  }
  if (isDone) for (const { write } of asked) model.apply(write);
}

let lateIndexes = 0;

/** Removes the oldest global index and adds one over attributes that items may have with other types already. */
async function changeIndexes(
  model: NaiveTable,
  form: Shape,
  { hash, projection }: Extract<Step, { do: "index" }>,
): Promise<void> {
  const name = `late${++lateIndexes}`;
  const [shaped] = tableOf({ ...form, globalIndexes: [{ hash, range: 0, projection }] }).globalIndexes;
  const added = { ...shaped!, name, indexId: name, keys: { ...shaped!.keys, range: [] } };
  const { definition: before } = model;
  const globalIndexes = [...before.globalIndexes.slice(1), added];
  model.definition = { ...before, revision: before.revision + 1, globalIndexes };
  await fixture.engine.ensure(model.definition);
  await fixture.engine.settle();
}

async function compareWrite(model: NaiveTable, one: WriteStep): Promise<void> {
  const { tableId } = model.definition;
  const { key, write } = writeOf(model, one);
  const before = model.find(key);
  const expected = model.apply(write);
  const found = await fixture.engine.write({ ...write, tableId, wishes: WISHES });
  compareOutcome(found, expected, before);
  const stored = fixture.engine.get(tableId, key);
  expect(stored?.parse()).toEqual(model.find(key));
  if (stored !== undefined) expect(stored.size).toBe(itemSize(stored.parse()));
}

function compareOutcome(found: WriteResult, expected: ReturnType<NaiveTable["apply"]>, before: Item | undefined): void {
  const parsed = (text: string | undefined): Item | undefined => (text === undefined ? undefined : JSON.parse(text));
  if (!expected.done) {
    expect(found.refused).toBe(expected.refused as never);
    if (found.refused === "ConditionFailed") expect(parsed(found.old)).toEqual(before);
    return;
  }
  expect(found.refused).toBeUndefined();
  if (found.refused !== undefined) return;
  expect(parsed(found.old)).toEqual(expected.old);
  expect(parsed(found.new)).toEqual(expected.new);
  expect([found.oldSize, found.newSize]).toEqual([sizeOf(expected.old), sizeOf(expected.new)]);
}

function sizeOf(item: Item | undefined): number {
  return item === undefined ? 0 : itemSize(item);
}

function indexOf(
  { definition: { localIndexes, globalIndexes } }: NaiveTable,
  pick: number,
): IndexDefinition | undefined {
  return from([undefined, ...localIndexes, ...globalIndexes], pick);
}

async function compareQuery(model: NaiveTable, one: QueryStep): Promise<void> {
  const index = indexOf(model, one.index);
  const keys = index?.keys ?? model.definition.keys;
  // Mostly the hash key of an item that is there.
  const known = model.shownBy(index);
  const example = known.length > 0 ? from(known, one.hash) : undefined;
  const request: QueryRequest = {
    tableId: model.definition.tableId,
    ...(index === undefined ? {} : { index: index.name }),
    hash: keys.hash.map(({ name, type }) => example?.[name] ?? from(POOLS[type], one.hash)),
    range: rangeOf(keys, one, example),
    backward: one.backward,
    ...(one.limit === undefined ? {} : { limit: one.limit }),
  };
  const pages = await allPages(fixture.engine.query, request);
  const found = itemsOf(pages);
  const expected = model.query(request, index).map((item) => model.project(item, index));
  expect(sorted(found)).toEqual(sorted(expected));
  for (let at = 1; at < found.length; at++) {
    const order = model.compare(keys, found[at - 1]!, found[at]!);
    expect(one.backward ? -order : order).toBeLessThanOrEqual(0);
  }
  for (const page of pages) {
    expect(page.scannedCount).toBe(page.count);
    expect(page.scannedBytes).toBe(page.items.reduce((sum, { text }) => sum + itemSize(JSON.parse(text)), 0));
    if (one.limit !== undefined) expect(page.count).toBeLessThanOrEqual(one.limit);
    if (page.lastKey !== undefined) expect(page.count).toBe(one.limit!);
  }
}

/** Conditions on all range attributes, `=` on all but the last. */
function rangeOf(keys: KeyDefinition, one: QueryStep, example: Item | undefined): NonNullable<QueryRequest["range"]> {
  if (one.op === undefined || keys.range.length === 0) return [];
  const used = keys.range.slice(0, 1 + (one.range % keys.range.length));
  return used.map(({ name, type }, at) => {
    const first = from(POOLS[type], one.values[0]);
    if (at < used.length - 1) return { op: "=", values: [example?.[name] ?? first] };
    const op = one.op === "begins_with" && type === "N" ? "=" : one.op!;
    if (op !== "BETWEEN") return { op, values: [first] };
    // The service refuses bounds in the wrong order.
    const second = from(POOLS[type], one.values[1]);
    const ordered =
      new NaiveTable(definition()).compare(
        { hash: [], range: [{ name, type }] },
        { [name]: first },
        { [name]: second },
      ) <= 0;
    return { op, values: ordered ? [first, second] : [second, first] };
  });
}

async function compareScan(model: NaiveTable, one: Extract<Step, { do: "scan" }>): Promise<void> {
  const index = indexOf(model, one.index);
  const found: Item[] = [];
  for (let segment = 0; segment < one.total; segment++) {
    const pages = await allPages(fixture.engine.scan, {
      tableId: model.definition.tableId,
      ...(index === undefined ? {} : { index: index.name }),
      ...(one.total === 1 ? {} : { segment: { index: segment, total: one.total } }),
      ...(one.limit === undefined ? {} : { limit: one.limit }),
    });
    found.push(...itemsOf(pages));
  }
  const expected = model.shownBy(index).map((item) => model.project(item, index));
  expect(sorted(found)).toEqual(sorted(expected));
}

async function compareWhole(model: NaiveTable): Promise<void> {
  const { tableId, localIndexes, globalIndexes, stream, keys } = model.definition;
  const statistics = fixture.engine.statistics(tableId);
  expect(statistics.itemCount).toBe(model.items.length);
  expect(statistics.sizeBytes).toBe(model.items.reduce((sum, item) => sum + itemSize(item), 0));
  for (const index of [...localIndexes, ...globalIndexes]) {
    const shown = model.shownBy(index).map((item) => model.project(item, index));
    expect(statistics.indexes.find(({ name }) => name === index.name)).toMatchObject({
      itemCount: shown.length,
      sizeBytes: shown.reduce((sum, item) => sum + itemSize(item), 0),
    });
  }
  if (stream === undefined) return;
  const reference = { tableId, label: stream.label };
  const [shard] = fixture.engine.stream(reference)!.shards;
  const page = fixture.engine.readStream(reference, shard!.shardId, { from: "TRIM_HORIZON" }, 1000);
  expect(page.records.length).toBe(model.records.length);
  page.records.forEach((record, at) => {
    const expected = model.records[at]!;
    expect(record.eventName).toBe(expected.event);
    expect(equalItems(JSON.parse(record.keys), keyOf(keys, expected.keys))).toBe(true);
    expect(record.oldImage === undefined ? undefined : JSON.parse(record.oldImage)).toEqual(expected.old);
    expect(record.newImage === undefined ? undefined : JSON.parse(record.newImage)).toEqual(expected.new);
  });
}
