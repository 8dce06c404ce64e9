/** Conformance: change records. */

import { expect, test } from "bun:test";
import type { StreamRecord, StreamViewType, TableDefinition } from "../port.ts";
import { definition, item, keys, refusal, type TableFixture, update } from "../testing/fixture.ts";

const HOUR = 60 * 60 * 1000;
let labels = 0;

export function streamCases(fixture: () => TableFixture): void {
  async function streaming(viewType: StreamViewType = "NEW_AND_OLD_IMAGES", changes: Partial<TableDefinition> = {}) {
    const label = `2030-01-01T00:00:00.${++labels}`;
    const table = definition({ keys: keys("pk:S"), stream: { label, viewType }, ...changes });
    await fixture().engine.ensure(table);
    const { tableId } = table;
    const reference = { tableId, label };
    const put = (values: Readonly<Record<string, unknown>>) =>
      fixture().engine.write({ tableId, action: { kind: "put", item: item(values) } });
    return { table, tableId, reference, put };
  }
  type Reference = Awaited<ReturnType<typeof streaming>>["reference"];

  /** All records of all shards, oldest first. */
  function records(reference: Reference): StreamRecord[] {
    const { engine } = fixture();
    return (engine.stream(reference)?.shards ?? []).flatMap(({ shardId }) => {
      const found: StreamRecord[] = [];
      for (let page = engine.readStream(reference, shardId, { from: "TRIM_HORIZON" }, 3); ; ) {
        found.push(...page.records);
        if (page.next === undefined || page.records.length === 0) return found;
        page = engine.readStream(reference, shardId, page.next, 3);
      }
    });
  }

  test("records tell what really changed, in order", async () => {
    const { engine } = fixture();
    const { tableId, reference, put } = await streaming();
    await put({ pk: "a", n: 1 });
    await put({ pk: "a", n: 1 });
    await put({ n: 1, pk: "a" });
    await put({ pk: "a", n: 2 });
    const key = item({ pk: "a" });
    await engine.write({ tableId, action: { kind: "update", key, update: update("SET n = n") } });
    await engine.transact([
      { tableId, action: { kind: "delete", key } },
      { tableId, action: { kind: "put", item: item({ pk: "b" }) } },
    ]);
    await engine.write({ tableId, action: { kind: "delete", key } });
    const found = records(reference);
    expect(found.map(({ eventName, keys, oldImage, newImage }) => ({ eventName, keys, oldImage, newImage }))).toEqual([
      { eventName: "INSERT", keys: text({ pk: "a" }), oldImage: undefined, newImage: text({ pk: "a", n: 1 }) },
      {
        eventName: "MODIFY",
        keys: text({ pk: "a" }),
        // As it was put last, although that changed nothing.
        oldImage: text({ n: 1, pk: "a" }),
        newImage: text({ pk: "a", n: 2 }),
      },
      { eventName: "REMOVE", keys: text({ pk: "a" }), oldImage: text({ pk: "a", n: 2 }), newImage: undefined },
      { eventName: "INSERT", keys: text({ pk: "b" }), oldImage: undefined, newImage: text({ pk: "b" }) },
    ]);
    expect(found.map(({ sizeBytes }) => sizeBytes)).toEqual([9, 15, 9, 6]);
    const numbers = found.map(({ sequenceNumber }) => sequenceNumber);
    expect(numbers).toEqual([...numbers].sort());
    for (const number of numbers) expect(number).toMatch(/^\d{21,}$/);
    expect(new Set(found.map(({ eventId }) => eventId)).size).toBe(4);
    expect(found[0]).toMatchObject({ eventId: expect.stringMatching(/^[0-9a-f]{32}$/), expired: false });
    expect(found[0]!.createdAt).toBe(fixture().time.clock.now());
  });

  test.each([
    ["KEYS_ONLY", false, false],
    ["NEW_IMAGE", false, true],
    ["OLD_IMAGE", true, false],
    ["NEW_AND_OLD_IMAGES", true, true],
  ] as const)("view type %s", async (viewType, showsOld, showsNew) => {
    const { reference, put } = await streaming(viewType);
    await put({ pk: "a", n: 1 });
    await put({ pk: "a", n: 2 });
    const [, changed] = records(reference);
    expect(changed?.oldImage !== undefined).toBe(showsOld);
    expect(changed?.newImage !== undefined).toBe(showsNew);
  });

  test("positions: horizon, latest, at and after a record", async () => {
    const { engine } = fixture();
    const { reference, put } = await streaming();
    for (const n of [1, 2, 3]) await put({ pk: "a", n });
    const [shard] = engine.stream(reference)!.shards;
    const { shardId } = shard!;
    const names = (position: Parameters<typeof engine.readStream>[2], limit = 10) =>
      engine.readStream(reference, shardId, position, limit).records.map(({ newImage }) => JSON.parse(newImage!).n.N);
    const second = engine.readStream(reference, shardId, { from: "TRIM_HORIZON" }, 2).records[1]!.sequenceNumber;
    expect(names({ from: "TRIM_HORIZON" }, 1)).toEqual(["1"]);
    expect(names({ from: "AT_SEQUENCE_NUMBER", sequenceNumber: second })).toEqual(["2", "3"]);
    expect(names({ from: "AFTER_SEQUENCE_NUMBER", sequenceNumber: second })).toEqual(["3"]);
    const latest = engine.streamPosition(reference, shardId, { from: "LATEST" });
    expect(names({ from: "LATEST" })).toEqual([]);
    await put({ pk: "a", n: 4 });
    expect(names(latest)).toEqual(["4"]);
    const read = (position: Parameters<typeof engine.readStream>[2]) => () =>
      engine.readStream(reference, shardId, position, 1);
    expect(await refusal(read({ from: "AT_SEQUENCE_NUMBER", sequenceNumber: "x" }))).toBe("InvalidSequenceNumber");
    expect(await refusal(() => engine.readStream(reference, "shardId-x", latest, 1))).toBe("NoSuchShard");
    expect(await refusal(() => engine.readStream({ ...reference, label: "x" }, shardId, latest, 1))).toBe(
      "NoSuchStream",
    );
  });

  test("after four hours a child shard takes over; nothing is lost or repeated", async () => {
    const { engine, time } = fixture();
    const { reference, put } = await streaming();
    for (let n = 0; n < 6; n++) {
      await put({ pk: "a", n });
      time.advance(2 * HOUR);
    }
    const { shards } = engine.stream(reference)!;
    expect(shards.length).toBe(3);
    expect(shards.map(({ parentShardId }) => parentShardId)).toEqual([
      undefined,
      shards[0]!.shardId,
      shards[1]!.shardId,
    ]);
    expect(shards.map(({ endingSequenceNumber }) => endingSequenceNumber === undefined)).toEqual([false, false, true]);
    expect(shards[0]!.shardId).toMatch(/^shardId-\d{20}-[0-9a-f]{8}$/);
    expect(records(reference).map(({ newImage }) => JSON.parse(newImage!).n.N)).toEqual(["0", "1", "2", "3", "4", "5"]);
    const first = engine.readStream(reference, shards[0]!.shardId, { from: "TRIM_HORIZON" }, 10);
    expect(first.next).toBeUndefined();
    expect(first.records.at(-1)!.sequenceNumber).toBe(shards[0]!.endingSequenceNumber!);
  });

  test("records live for a day", async () => {
    const { engine, time } = fixture();
    const { reference, put } = await streaming();
    await put({ pk: "a", n: 1 });
    const [old] = records(reference);
    const { shardId } = engine.stream(reference)!.shards[0]!;
    time.advance(13 * HOUR);
    await put({ pk: "a", n: 2 });
    time.advance(12 * HOUR);
    await engine.settle();
    expect(records(reference).map(({ newImage }) => JSON.parse(newImage!).n.N)).toEqual(["2"]);
    const position = { from: "AT_SEQUENCE_NUMBER", sequenceNumber: old!.sequenceNumber } as const;
    expect(engine.stream(reference)!.shards.some((shard) => shard.shardId === shardId)).toBe(true);
    expect(await refusal(() => engine.readStream(reference, shardId, position, 1))).toBe("RecordsTrimmed");
    time.advance(24 * HOUR);
    await engine.settle();
    expect(records(reference)).toEqual([]);
    // A closed shard without records is gone; the open one stays.
    expect(engine.stream(reference)!.shards.map((shard) => shard.shardId === shardId)).toEqual([false]);
    await put({ pk: "a", n: 3 });
    expect(records(reference).length).toBe(1);
  });

  test("a stream that ended stays readable for a day; a new one begins behind it", async () => {
    const { engine, time } = fixture();
    const { table, reference, put } = await streaming();
    await put({ pk: "a", n: 1 });
    await engine.ensure({ ...table, revision: 2, stream: undefined });
    await put({ pk: "a", n: 2 });
    const next = { label: `${reference.label} again`, viewType: "KEYS_ONLY" } as const;
    await engine.ensure({ ...table, revision: 3, stream: next });
    await put({ pk: "a", n: 3 });
    const newer = { tableId: table.tableId, label: next.label };
    expect(records(reference).length).toBe(1);
    expect(records(newer).length).toBe(1);
    expect(records(newer)[0]!.sequenceNumber > records(reference)[0]!.sequenceNumber).toBe(true);
    const { accountId, region, name: tableName } = table;
    expect(engine.streams({ accountId, region, tableName })).toMatchObject([
      { label: reference.label, status: "DISABLED", viewType: "NEW_AND_OLD_IMAGES" },
      { label: next.label, status: "ENABLED", viewType: "KEYS_ONLY", keys: table.keys },
    ]);
    await fixture().reopen();
    time.advance(25 * HOUR);
    await fixture().engine.settle();
    expect(fixture().engine.streams({ accountId, region, tableName })).toMatchObject([{ label: next.label }]);
  });

  test("the stream of a dropped table stays readable for a day", async () => {
    const { engine, time } = fixture();
    const { table, reference, put } = await streaming();
    await put({ pk: "a" });
    await engine.drop(table.tableId);
    await engine.settle();
    expect(records(reference).length).toBe(1);
    expect(engine.stream(reference)).toMatchObject({ status: "DISABLED" });
    time.advance(24 * HOUR + 1);
    await engine.settle();
    expect(engine.stream(reference)).toBeUndefined();
  });

  test("listeners hear of new records after they can be read", async () => {
    const { engine } = fixture();
    const { reference, put } = await streaming();
    const heard: number[] = [];
    const stop = engine.watchStreams((one) => {
      if (one.label === reference.label) heard.push(records(reference).length);
    });
    await put({ pk: "a" });
    await put({ pk: "a" });
    await put({ pk: "b" });
    stop();
    await put({ pk: "c" });
    expect(heard).toEqual([1, 2]);
  });

  test("sequence numbers go on over restarts", async () => {
    const { reference, put } = await streaming();
    await put({ pk: "a" });
    await fixture().reopen();
    await put({ pk: "b" });
    const numbers = records(reference).map(({ sequenceNumber }) => sequenceNumber);
    expect(numbers).toEqual([...new Set(numbers)].sort());
    expect(numbers.length).toBe(2);
  });
}

function text(values: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(item(values));
}
