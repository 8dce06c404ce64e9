/** Conformance: local and global indexes. */

import { expect, test } from "bun:test";
import { itemSize } from "#data-plane/tables/values";
import type { GlobalIndexDefinition, IndexDefinition, TableDefinition } from "../port.ts";
import {
  attribute,
  definition,
  item,
  keys,
  queryAll,
  refusal,
  scanAll,
  type TableFixture,
  update,
} from "../testing/fixture.ts";

const ALL = { type: "ALL" } as const;

function globalIndex(name: string, on: string, projection: IndexDefinition["projection"] = ALL): GlobalIndexDefinition {
  return { name, indexId: `id of ${name}`, keys: keys(on), projection };
}

export function indexCases(fixture: () => TableFixture): void {
  async function ensured(changes: Partial<TableDefinition>) {
    const { engine } = fixture();
    const table = definition(changes);
    await engine.ensure(table);
    const put = (values: Readonly<Record<string, unknown>>, wishes = {}) =>
      engine.write({ tableId: table.tableId, action: { kind: "put", item: item(values) }, wishes });
    return { engine, table, tableId: table.tableId, put };
  }

  test("a global index shows the items that have its keys, duplicates included, and follows every change", async () => {
    const { engine, tableId, put } = await ensured({ globalIndexes: [globalIndex("by-g", "g:S n:N")] });
    await put({ pk: "a", g: "x", n: 2 });
    await put({ pk: "b", g: "x", n: 1 });
    await put({ pk: "c", g: "x", n: 1 });
    await put({ pk: "d", g: "x" });
    await put({ pk: "e", n: 1 });
    const shown = async () =>
      (await queryAll(engine, { tableId, index: "by-g", hash: [attribute("x")], limit: 1 })).map(
        ({ pk }) => (pk as { S: string }).S,
      );
    expect((await shown()).at(-1)).toBe("a");
    expect((await shown()).sort()).toEqual(["a", "b", "c"]);
    await engine.write({ tableId, action: { kind: "delete", key: item({ pk: "b" }) } });
    const set = update("SET n = :n", { ":n": 1 });
    await engine.write({ tableId, action: { kind: "update", key: item({ pk: "d" }), update: set } });
    await engine.write({ tableId, action: { kind: "update", key: item({ pk: "c" }), update: update("REMOVE g") } });
    expect(await shown()).toEqual(["d", "a"]);
    expect(engine.statistics(tableId).indexes).toEqual([
      { name: "by-g", indexId: "id of by-g", status: "active", itemCount: 2, sizeBytes: 2 * 8 },
    ]);
  });

  test("projections really restrict", async () => {
    const { engine, tableId, put } = await ensured({
      globalIndexes: [
        globalIndex("keys", "g:S", { type: "KEYS_ONLY" }),
        globalIndex("some", "g:S", { type: "INCLUDE", attributes: ["a", "none"] }),
      ],
    });
    await put({ pk: "p", g: "x", a: 1, b: 2 });
    const [onlyKeys] = await queryAll(engine, { tableId, index: "keys", hash: [attribute("x")] });
    expect(onlyKeys).toEqual(item({ pk: "p", g: "x" }));
    const page = await engine.scan({ tableId, index: "some" });
    expect(JSON.parse(page.items[0]!.text)).toEqual(item({ pk: "p", g: "x", a: 1 }));
    expect(page.scannedBytes).toBe(itemSize(item({ pk: "p", g: "x", a: 1 })));
  });

  test("a local index: whole items on wish, sizes of collections", async () => {
    const local: IndexDefinition = { name: "by-l", keys: keys("pk:S l:N"), projection: { type: "KEYS_ONLY" } };
    const { engine, tableId, put } = await ensured({ keys: keys("pk:S sk:S"), localIndexes: [local] });
    const wishes = { collection: true };
    const one = { pk: "p", sk: "1", l: 5, more: "x" };
    const size = itemSize(item(one));
    const entry = itemSize(item({ pk: "p", sk: "1", l: 5 }));
    expect(await put(one, wishes)).toMatchObject({ collectionSize: size + entry });
    expect(await put({ pk: "p", sk: "2" }, wishes)).toMatchObject({ collectionSize: size + entry + 6 });
    const query = { tableId, index: "by-l", hash: [attribute("p")] };
    const page = await engine.query({ ...query, wholeItems: true });
    expect(page).toMatchObject({ count: 1, scannedBytes: entry, fetchedSizes: [size] });
    expect(JSON.parse(page.items[0]!.text)).toEqual(item(one));
    expect(await engine.query(query)).toMatchObject({ fetchedSizes: [], scannedBytes: entry });
    const key = item({ pk: "p", sk: "1" });
    expect(await engine.write({ tableId, action: { kind: "delete", key }, wishes })).toMatchObject({
      collectionSize: 6,
    });
  });

  test("key attributes of a wrong type, empty or too long are refused, and nothing is stored", async () => {
    const { engine, tableId, put } = await ensured({ globalIndexes: [globalIndex("by-g", "g:S r:B")] });
    const refused = { refused: "IndexKeyInvalid", index: "by-g" } as const;
    const wrong = { ...refused, attribute: "g", expected: "S", actual: "N", problem: "type" } as const;
    expect(await put({ pk: "p", g: 5 })).toEqual(wrong);
    expect(await put({ pk: "p", g: "" })).toMatchObject({ ...refused, attribute: "g", problem: "empty" });
    expect(await put({ pk: "p", r: new Uint8Array(1025) })).toMatchObject({ ...refused, problem: "size" });
    expect(await put({ pk: "p", g: "x".repeat(2049) })).toMatchObject({ ...refused, problem: "size" });
    expect(await put({ pk: "p", g: "x".repeat(2048), r: new Uint8Array(1024) })).toMatchObject({ oldSize: 0 });
    const set = update("SET g = :v", { ":v": true });
    expect(
      await engine.write({ tableId, action: { kind: "update", key: item({ pk: "p" }), update: set } }),
    ).toMatchObject({ ...refused, actual: "BOOL" });
  });

  test("what an index had to write is told on wish", async () => {
    const { engine, tableId, put } = await ensured({
      globalIndexes: [globalIndex("all", "g:S"), globalIndex("keys", "g:S", { type: "KEYS_ONLY" })],
    });
    const wishes = { indexes: true };
    const changes = async (result: ReturnType<typeof put>) => (await result) as { indexes?: unknown };
    expect((await changes(put({ pk: "p", a: 1 }, wishes))).indexes).toEqual([]);
    expect((await changes(put({ pk: "p", g: "x", a: 1 }, wishes))).indexes).toEqual([
      { name: "all", oldSize: 0, newSize: 8, moved: false },
      { name: "keys", oldSize: 0, newSize: 5, moved: false },
    ]);
    expect((await changes(put({ pk: "p", g: "x", a: 22 }, wishes))).indexes).toEqual([
      { name: "all", oldSize: 8, newSize: 8, moved: false },
    ]);
    expect((await changes(put({ pk: "p", g: "yy", a: 22 }, wishes))).indexes).toEqual([
      { name: "all", oldSize: 8, newSize: 9, moved: true },
      { name: "keys", oldSize: 5, newSize: 6, moved: true },
    ]);
    const gone = engine.write({ tableId, action: { kind: "delete", key: item({ pk: "p" }) }, wishes });
    expect((await changes(gone)).indexes).toEqual([
      { name: "all", oldSize: 9, newSize: 0, moved: false },
      { name: "keys", oldSize: 6, newSize: 0, moved: false },
    ]);
  });

  test("keys of several attributes: equality from the left, one range condition on the last", async () => {
    const { engine, tableId, put } = await ensured({
      globalIndexes: [globalIndex("many", "a:S+b:N x:S+y:N+z:S")],
    });
    let pk = 0;
    for (const a of ["1", "2"]) {
      for (const x of ["p", "pq"]) {
        for (const y of [1, 2, 10]) for (const z of ["u", "v"]) await put({ pk: `${pk++}`, a, b: 7, x, y, z });
      }
    }
    await put({ pk: "without z", a: "1", b: 7, x: "p", y: 1 });
    const query = { tableId, index: "many", hash: [attribute("1"), attribute(7)] };
    const names = async (range: Parameters<typeof engine.query>[0]["range"]) =>
      (await queryAll(engine, { ...query, range, limit: 2 })).map(({ x, y, z }) =>
        [x, y, z].map((value) => Object.values(value!)[0]).join(" "),
      );
    expect(await names([])).toEqual(
      ["p", "pq"].flatMap((x) => [1, 2, 10].flatMap((y) => ["u", "v"].map((z) => `${x} ${y} ${z}`))),
    );
    const equal = { op: "=", values: [attribute("p")] } as const;
    expect(await names([equal, { op: ">=", values: [attribute(2)] }])).toEqual(["p 2 u", "p 2 v", "p 10 u", "p 10 v"]);
    const two = { op: "=", values: [attribute(2)] } as const;
    expect(await names([equal, two, { op: "begins_with", values: [attribute("v")] }])).toEqual(["p 2 v"]);
    expect((await names([{ op: "begins_with", values: [attribute("p")] }])).length).toBe(12);
  });

  test("an index is added to a table with items, beside writes, over restarts", async () => {
    const made = await ensured({ keys: keys("pk:S") });
    const { table, tableId } = made;
    const items = Array.from({ length: 700 }, (_, n) => item({ pk: `k${n}`, g: n % 5 === 0 ? 5 : `g${n % 3}`, n }));
    await made.engine.writeMany(items.map((one) => ({ tableId, action: { kind: "put", item: one } })));
    const grown = { ...table, revision: 2, globalIndexes: [globalIndex("late", "g:S n:N")] };
    await fixture().engine.ensure(grown);
    const query = { tableId, index: "late", hash: [attribute("g1")] };
    expect(await refusal(() => fixture().engine.query(query))).toBe("IndexNotReady");
    expect(fixture().engine.statistics(tableId).indexes).toMatchObject([{ name: "late", status: "building" }]);
    await fixture().reopen();
    const { engine } = fixture();
    const changed = Array.from({ length: 150 }, (_, n) => item({ pk: `k${n * 4}`, g: "g1", n: -n }));
    const settling = engine.settle();
    await engine.writeMany(changed.map((one) => ({ tableId, action: { kind: "put", item: one } })));
    for (let n = 1; n < 100; n += 4) {
      await engine.write({ tableId, action: { kind: "delete", key: item({ pk: `k${n}` }) } });
    }
    await settling;
    await engine.settle();
    const whole = await scanAll(engine, { tableId });
    const expected = whole.filter(({ g }) => "S" in g! && g.S === "g1").map(({ n }) => Number((n as { N: string }).N));
    const found = (await queryAll(engine, { ...query, limit: 50 })).map(({ n }) => Number((n as { N: string }).N));
    expect(found).toEqual(expected.sort((a, b) => a - b));
    expect(found.length).toBeGreaterThan(250);
    expect(engine.statistics(tableId).indexes).toMatchObject([
      { status: "active", itemCount: whole.filter(({ g }) => "S" in g!).length },
    ]);
  });

  test("an index is removed, and made again under its name", async () => {
    const { engine, table, tableId, put } = await ensured({ globalIndexes: [globalIndex("by-g", "g:S")] });
    for (let n = 0; n < 300; n++) await put({ pk: `k${n}`, g: "x" });
    await engine.ensure({ ...table, revision: 2, globalIndexes: [] });
    const query = { tableId, index: "by-g", hash: [attribute("x")] };
    expect(await refusal(() => engine.query(query))).toBe("NoSuchIndex");
    const again = { ...globalIndex("by-g", "g:S"), indexId: "another" };
    await engine.ensure({ ...table, revision: 3, globalIndexes: [again] });
    await engine.settle();
    expect((await queryAll(engine, query)).length).toBe(300);
    expect(engine.statistics(tableId).indexes).toEqual([
      { name: "by-g", indexId: "another", status: "active", itemCount: 300, sizeBytes: expect.any(Number) },
    ]);
  });
}
