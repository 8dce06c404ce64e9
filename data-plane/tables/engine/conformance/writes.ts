/** Conformance: single writes and reads. */

import { expect, test } from "bun:test";
import { ITEM_BYTES_MAX, type WriteResult } from "../port.ts";
import {
  attribute,
  condition,
  definition,
  item,
  keys,
  refusal,
  type TableFixture,
  update,
} from "../testing/fixture.ts";

export function writeCases(fixture: () => TableFixture): void {
  test("put, get, replace and delete", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const key = item({ pk: "a" });
    expect(engine.get(tableId, key)).toBeUndefined();
    const first = item({ pk: "a", n: 1 });
    expect(await engine.write({ tableId, action: { kind: "put", item: first } })).toEqual({ oldSize: 0, newSize: 6 });
    const stored = engine.get(tableId, key);
    expect([stored?.text, stored?.size, stored?.parse()]).toEqual([JSON.stringify(first), 6, first]);
    const second = item({ pk: "a", text: "longer" });
    const wishes = { old: true, new: true };
    expect(await engine.write({ tableId, action: { kind: "put", item: second }, wishes })).toEqual({
      oldSize: 6,
      newSize: 13,
      old: JSON.stringify(first),
      new: JSON.stringify(second),
    });
    expect(await engine.write({ tableId, action: { kind: "delete", key }, wishes })).toEqual({
      oldSize: 13,
      newSize: 0,
      old: JSON.stringify(second),
    });
    expect(await engine.write({ tableId, action: { kind: "delete", key }, wishes })).toEqual({
      oldSize: 0,
      newSize: 0,
    });
    expect(engine.get(tableId, key)).toBeUndefined();
    expect(engine.statistics(tableId)).toEqual({ itemCount: 0, sizeBytes: 0, indexes: [] });
  });

  test("attribute names and values of every kind come back as they were", async () => {
    const { engine } = fixture();
    const table = definition({ keys: keys("__proto__:B toString:N") });
    const { tableId } = table;
    await engine.ensure(table);
    const text =
      '{"__proto__":{"B":"AAEC/w=="},"toString":{"N":"-1.5"},"":{"S":""},"constructor":{"M":{"__proto__":{"L":[]}}},' +
      '"\\n\\"\\u0000":{"SS":["a","\\ud83d\\ude00"]},"ü":{"S":"日本\\u2028"},"null":{"NULL":true}}';
    const whole = JSON.parse(text);
    await engine.write({ tableId, action: { kind: "put", item: whole } });
    const key = JSON.parse('{"__proto__":{"B":"AAEC/w=="},"toString":{"N":"-1.5"}}');
    expect(engine.get(tableId, key)?.text).toBe(JSON.stringify(whole));
    const set = update("SET #u = :v", { "#u": "ü", ":v": "neu" });
    const updated = await engine.write({
      tableId,
      action: { kind: "update", key, update: set },
      wishes: { new: true },
    });
    expect(updated).toHaveProperty("new", JSON.stringify(whole).replace("日本\u2028", "neu"));
  });

  test("an update makes the item when it is missing, unless it only takes away", async () => {
    const { engine } = fixture();
    const table = definition({ keys: keys("pk:S sk:N") });
    const { tableId } = table;
    await engine.ensure(table);
    const key = item({ pk: "a", sk: 7 });
    const remove = update("REMOVE x");
    await engine.write({ tableId, action: { kind: "update", key, update: remove } });
    expect(engine.get(tableId, key)).toBeUndefined();
    const add = update("ADD n :one", { ":one": 1 });
    await engine.write({ tableId, action: { kind: "update", key, update: add } });
    await engine.write({ tableId, action: { kind: "update", key, update: add } });
    expect(engine.get(tableId, key)?.parse()).toEqual(item({ pk: "a", sk: 7, n: 2 }));
  });

  test("a condition that fails changes nothing and shows the item when that is wished", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const absent = condition("attribute_not_exists(pk)");
    const put = (n: number, wishes = {}): Promise<WriteResult> =>
      engine.write({ tableId, action: { kind: "put", item: item({ pk: "a", n }) }, condition: absent, wishes });
    expect(await put(1)).toEqual({ oldSize: 0, newSize: 6 });
    expect(await put(2)).toEqual({ refused: "ConditionFailed", oldSize: 6 });
    expect(await put(3, { oldOnFailure: true })).toEqual({
      refused: "ConditionFailed",
      oldSize: 6,
      old: JSON.stringify(item({ pk: "a", n: 1 })),
    });
    const exists = condition("attribute_exists(pk)");
    const key = item({ pk: "missing" });
    expect(
      await engine.write({
        tableId,
        action: { kind: "delete", key },
        condition: exists,
        wishes: { oldOnFailure: true },
      }),
    ).toEqual({ refused: "ConditionFailed", oldSize: 0 });
    expect(engine.get(tableId, item({ pk: "a" }))?.parse()).toEqual(item({ pk: "a", n: 1 }));
  });

  test("updates that the item does not allow are refused with DynamoDB's words", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    await engine.write({ tableId, action: { kind: "put", item: item({ pk: "a", text: "x" }) } });
    const key = item({ pk: "a" });
    const add = update("ADD #t :one", { "#t": "text", ":one": 1 });
    expect(await engine.write({ tableId, action: { kind: "update", key, update: add } })).toEqual({
      refused: "InvalidUpdate",
      message: "An operand in the update expression has an incorrect data type",
    });
    const grow = update("SET big = :v", { ":v": "x".repeat(ITEM_BYTES_MAX) });
    expect(await engine.write({ tableId, action: { kind: "update", key, update: grow } })).toEqual({
      refused: "ItemTooLarge",
    });
    expect(engine.get(tableId, key)?.parse()).toEqual(item({ pk: "a", text: "x" }));
  });

  test("one write that is refused does not disturb its neighbours in the same commit", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const results = await engine.writeMany(
      Array.from({ length: 25 }, (_, n) => ({
        tableId,
        action: { kind: "put", item: item({ pk: `k${n}`, n }) } as const,
        ...(n % 3 === 0 ? { condition: condition("attribute_exists(pk)") } : {}),
      })),
    );
    expect(results.map((one) => one.refused ?? "done")).toEqual(
      Array.from({ length: 25 }, (_, n) => (n % 3 === 0 ? "ConditionFailed" : "done")),
    );
    expect(engine.statistics(tableId).itemCount).toBe(16);
  });

  test("64 callers who add one again and again lose nothing", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const key = item({ pk: "counter" });
    const add = update("ADD n :one", { ":one": 1 });
    const caller = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++)
        await engine.write({ tableId, action: { kind: "update", key, update: add } });
    };
    await Promise.all(Array.from({ length: 64 }, caller));
    expect(engine.get(tableId, key)?.parse()).toEqual(item({ pk: "counter", n: 1280 }));
  });

  test("optimistic locking: of those who saw the same version exactly one wins", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const key = item({ pk: "document" });
    await engine.write({ tableId, action: { kind: "put", item: item({ pk: "document", version: 0, total: 0 }) } });
    const caller = async (): Promise<void> => {
      for (let done = 0; done < 5; ) {
        const seen = engine.get(tableId, key)!.parse();
        const version = Number((seen.version as { N: string }).N);
        const total = Number((seen.total as { N: string }).N);
        const next = item({ pk: "document", version: version + 1, total: total + 1 });
        const unchanged = condition("version = :seen", { ":seen": version });
        const result = await engine.write({ tableId, action: { kind: "put", item: next }, condition: unchanged });
        if (result.refused === undefined) done++;
      }
    };
    await Promise.all(Array.from({ length: 16 }, caller));
    expect(engine.get(tableId, key)?.parse()).toEqual(item({ pk: "document", version: 80, total: 80 }));
  });

  test("an acknowledged write is seen by the next read, whoever reads", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const seen: (string | undefined)[] = [];
    const caller = async (name: string): Promise<void> => {
      for (let turn = 0; turn < 30; turn++) {
        const one = item({ pk: name, turn });
        await engine.write({ tableId, action: { kind: "put", item: one } });
        seen.push(
          engine.get(tableId, item({ pk: name }))?.text === JSON.stringify(one) ? undefined : `${name} ${turn}`,
        );
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, n) => caller(`caller${n}`)));
    expect(seen.filter((one) => one !== undefined)).toEqual([]);
  });

  test("getMany reads several tables", async () => {
    const { engine } = fixture();
    const [one, other] = [definition(), definition({ keys: keys("id:N") })];
    await engine.ensure(one);
    await engine.ensure(other);
    await engine.write({ tableId: one.tableId, action: { kind: "put", item: item({ pk: "a" }) } });
    await engine.write({ tableId: other.tableId, action: { kind: "put", item: item({ id: 5 }) } });
    const found = engine.getMany([
      { tableId: one.tableId, key: item({ pk: "a" }) },
      { tableId: one.tableId, key: item({ pk: "b" }) },
      { tableId: other.tableId, key: { id: attribute(5) } },
    ]);
    expect(found.map((stored) => stored?.parse())).toEqual([item({ pk: "a" }), undefined, item({ id: 5 })]);
  });

  test("getMany ends where the items are larger than was asked for", async () => {
    const { engine } = fixture();
    const { tableId, ...table } = definition();
    await engine.ensure({ tableId, ...table });
    const items = ["a", "b", "c"].map((pk) => item({ pk, padding: "x".repeat(100) }));
    for (const one of items) await engine.write({ tableId, action: { kind: "put", item: one } });
    const read = (bytesMax?: number) =>
      engine.getMany(
        items.map((key) => ({ tableId, key })),
        bytesMax,
      );
    const size = read()[0]!.size;
    expect(read(size).map((stored) => stored?.size)).toEqual([size, size, undefined]);
    expect(read(2 * size).map((stored) => stored?.size)).toEqual([size, size, size]);
  });

  test("a table that is not there is an error", async () => {
    const { engine } = fixture();
    const { tableId } = definition();
    const key = item({ pk: "a" });
    expect(await refusal(() => engine.get(tableId, key))).toBe("NoSuchTable");
    expect(await refusal(() => engine.write({ tableId, action: { kind: "delete", key } }))).toBe("NoSuchTable");
    expect(await refusal(() => engine.scan({ tableId }))).toBe("NoSuchTable");
    expect(await refusal(() => engine.statistics(tableId))).toBe("NoSuchTable");
  });

  test("large items and many of them at once", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const large = (n: number) => item({ pk: `k${n}`, data: String(n % 10).repeat(380_000) });
    await engine.writeMany(
      Array.from({ length: 25 }, (_, n) => ({ tableId, action: { kind: "put", item: large(n) } as const })),
    );
    for (let n = 0; n < 25; n++) {
      expect(engine.get(tableId, item({ pk: `k${n}` }))?.text === JSON.stringify(large(n))).toBe(true);
    }
  });
}
