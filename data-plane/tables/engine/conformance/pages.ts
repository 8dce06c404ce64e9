/** Conformance: Query and Scan. */

import { expect, test } from "bun:test";
import { itemSize } from "#data-plane/tables/values";
import { PAGE_BYTES_MAX } from "../port.ts";
import {
  allPages,
  attribute,
  definition,
  item,
  itemsOf,
  keys,
  queryAll,
  refusal,
  scanAll,
  type TableFixture,
} from "../testing/fixture.ts";

export function pageCases(fixture: () => TableFixture): void {
  async function numbers(count: number, data = "") {
    const { engine } = fixture();
    const table = definition({ keys: keys("pk:S sk:N") });
    const { tableId } = table;
    await engine.ensure(table);
    const items = Array.from({ length: count }, (_, sk) => item({ pk: sk % 2 === 0 ? "even" : "odd", sk, data }));
    for (let at = 0; at < count; at += 100) {
      await engine.writeMany(items.slice(at, at + 100).map((one) => ({ tableId, action: { kind: "put", item: one } })));
    }
    return { engine, tableId, items };
  }

  test("the limit counts examined items, and there is a last key whenever it was reached", async () => {
    const { engine, tableId } = await numbers(10);
    const query = { tableId, hash: [attribute("even")], limit: 5 };
    const page = await engine.query(query);
    expect(page).toMatchObject({ count: 5, scannedCount: 5, lastKey: item({ pk: "even", sk: 8 }) });
    expect(await engine.query({ ...query, start: page.lastKey })).toMatchObject({ count: 0, scannedCount: 0 });
    expect(await engine.query({ ...query, limit: 6 })).not.toHaveProperty("lastKey");
  });

  test("a filter works on what was examined", async () => {
    const { engine, tableId } = await numbers(20);
    const filter = (one: { readonly sk?: unknown }) => Number((one.sk as { N: string }).N) > 12;
    const query = { tableId, hash: [attribute("even")], filter, limit: 8 };
    const page = await engine.query(query);
    expect(page).toMatchObject({ count: 1, scannedCount: 8, lastKey: item({ pk: "even", sk: 14 }) });
    expect(page.items[0]?.item).toEqual(item({ pk: "even", sk: 14, data: "" }));
    const counted = await engine.query({ ...query, countOnly: true });
    expect(counted).toMatchObject({ count: 1, scannedCount: 8, items: [] });
  });

  test("a page ends with the item that takes it over one megabyte", async () => {
    const { engine, tableId, items } = await numbers(60, "x".repeat(50_000));
    const size = itemSize(items[0]!);
    const pages = await allPages(engine.query, { tableId, hash: [attribute("even")], backward: true });
    expect(pages.map(({ count }) => count)).toEqual([21, 9]);
    expect(pages[0]!.scannedBytes).toBeGreaterThanOrEqual(PAGE_BYTES_MAX);
    expect(pages[0]!.scannedBytes - size).toBeLessThan(PAGE_BYTES_MAX);
    expect(itemsOf(pages).map(({ sk }) => sk)).toEqual(Array.from({ length: 30 }, (_, n) => attribute(58 - 2 * n)));
  });

  test("a start key need not be that of an item, but must lie in what is read", async () => {
    const { engine, tableId } = await numbers(10);
    const query = { tableId, hash: [attribute("even")] };
    const behind = await engine.query({ ...query, start: item({ pk: "even", sk: 3.5 }) });
    expect(behind.items.map(({ text }) => JSON.parse(text).sk.N)).toEqual(["4", "6", "8"]);
    const before = await engine.query({ ...query, backward: true, start: item({ pk: "even", sk: 3.5 }) });
    expect(before.items.map(({ text }) => JSON.parse(text).sk.N)).toEqual(["2", "0"]);
    const wrong = [item({ pk: "odd", sk: 3 }), item({ pk: "even" }), item({ pk: "even", sk: "three" })];
    for (const start of wrong) expect(await refusal(() => engine.query({ ...query, start }))).toBe("InvalidStartKey");
    const range = [{ op: ">", values: [attribute(4)] }] as const;
    const outside = item({ pk: "even", sk: 4 });
    expect(await refusal(() => engine.query({ ...query, range, start: outside }))).toBe("InvalidStartKey");
  });

  test("segments are disjoint and together are everything, whatever is written meanwhile", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const items = Array.from({ length: 500 }, (_, n) => item({ pk: `item ${n}` }));
    await engine.writeMany(items.map((one) => ({ tableId, action: { kind: "put", item: one } })));
    const total = 7;
    const parts: string[][] = [];
    for (let index = 0; index < total; index++) {
      const found = await scanAll(engine, { tableId, segment: { index, total }, limit: 11 });
      parts.push(found.map(({ pk }) => (pk as { S: string }).S));
      await engine.write({ tableId, action: { kind: "delete", key: item({ pk: `item ${index}` }) } });
      await engine.write({ tableId, action: { kind: "put", item: item({ pk: `item ${index}` }) } });
    }
    expect(parts.flat().sort()).toEqual(items.map(({ pk }) => (pk as { S: string }).S).sort());
    for (const part of parts) expect(part.length).toBeGreaterThan(30);
    const start = item({ pk: parts[0]![0]! });
    expect(await refusal(() => engine.scan({ tableId, segment: { index: 3, total }, start }))).toBe("InvalidStartKey");
  });

  test("a scan and writes beside it: items that are not written are seen exactly once", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const still = Array.from({ length: 300 }, (_, n) => item({ pk: `still ${n}`, n }));
    await engine.writeMany(still.map((one) => ({ tableId, action: { kind: "put", item: one } })));
    let writing = true;
    const writer = async (name: number): Promise<void> => {
      for (let turn = 0; writing; turn++) {
        await engine.write({
          tableId,
          action: { kind: "put", item: item({ pk: `moving ${name} ${turn % 20}`, turn }) },
        });
        await engine.write({
          tableId,
          action: { kind: "delete", key: item({ pk: `moving ${name} ${(turn + 7) % 20}` }) },
        });
      }
    };
    const writers = [0, 1, 2].map(writer);
    const found = await scanAll(engine, { tableId, limit: 9 });
    writing = false;
    await Promise.all(writers);
    const seen = found
      .filter(({ pk }) => (pk as { S: string }).S.startsWith("still"))
      .map(({ n }) => (n as { N: string }).N);
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  test("a hash key without items, and a table without items, are empty pages", async () => {
    const { engine, tableId } = await numbers(0);
    expect(await queryAll(engine, { tableId, hash: [attribute("x")] })).toEqual([]);
    expect(await engine.scan({ tableId, limit: 1 })).toEqual({
      items: [],
      count: 0,
      scannedCount: 0,
      scannedBytes: 0,
      fetchedSizes: [],
    });
  });
}
