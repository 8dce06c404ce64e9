import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import { definition, item, openTableFixture, refusal, update } from "../testing/fixture.ts";
import { openDiskGuard } from "./disk-guard.ts";

const MIB = 1024 * 1024;

test("what is written counts until the next look; the reserve is kept", async () => {
  const time = createVirtualTime(0);
  let freeBytes = 100 * MIB;
  const guard = await openDiskGuard(async () => ({ freeBytes, totalBytes: 1000 * MIB }), time.timers);
  expect(guard.mayWrite(10 * MIB)).toBe(true);
  expect(guard.mayWrite(10 * MIB)).toBe(false);
  await time.advanceSettled(1_000);
  expect(guard.mayWrite(10 * MIB)).toBe(true);
  freeBytes = 64 * MIB;
  await time.advanceSettled(1_000);
  expect(guard.mayWrite(1)).toBe(false);
  guard.close();
  expect(time.pendingTimers()).toBe(0);
});

test("a small disk keeps an eighth; a look that fails changes nothing", async () => {
  const time = createVirtualTime(0);
  let fails = false;
  const room = async () => {
    if (fails) throw new Error("gone");
    return { freeBytes: 10 * MIB, totalBytes: 40 * MIB };
  };
  const guard = await openDiskGuard(room, time.timers);
  expect(guard.mayWrite(MIB)).toBe(true);
  fails = true;
  await time.advanceSettled(5_000);
  expect(guard.mayWrite(MIB / 4)).toBe(true);
  expect(guard.mayWrite(MIB)).toBe(false);
  guard.close();
});

test("on a full disk items can be deleted and read, not written", async () => {
  let freeBytes = 1000 * MIB;
  const fixture = await openTableFixture("inline", { room: async () => ({ freeBytes, totalBytes: 2000 * MIB }) });
  const { engine, time } = fixture;
  try {
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const key = item({ pk: "a" });
    const put = () => engine.write({ tableId, action: { kind: "put", item: key } });
    await put();
    freeBytes = 10 * MIB;
    await time.advanceSettled(1_000);
    const set = update("SET n = :n", { ":n": 1 });
    const change = () => engine.write({ tableId, action: { kind: "update", key, update: set } });
    expect([await refusal(put), await refusal(change)]).toEqual(["InsufficientStorage", "InsufficientStorage"]);
    expect(await refusal(() => engine.transact([{ tableId, action: { kind: "put", item: key } }]))).toBe(
      "InsufficientStorage",
    );
    expect(engine.get(tableId, key)).toBeDefined();
    expect(await engine.write({ tableId, action: { kind: "delete", key } })).toMatchObject({ newSize: 0 });
    freeBytes = 1000 * MIB;
    await time.advanceSettled(1_000);
    await put();
  } finally {
    await fixture.close();
  }
});
