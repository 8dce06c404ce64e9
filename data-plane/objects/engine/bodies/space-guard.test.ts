import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import { isEngineError } from "../engine-error.ts";
import { openSpaceGuard } from "./space-guard.ts";

const MIB = 1024 * 1024;

function disk(freeMib: number, totalMib: number) {
  const room = { freeBytes: freeMib * MIB, totalBytes: totalMib * MIB };
  const { clock } = createVirtualTime(0);
  return { room, open: () => openSpaceGuard(async () => ({ ...room }), clock) };
}

async function taken(promise: Promise<void> | undefined): Promise<string> {
  try {
    await promise;
    return promise === undefined ? "at once" : "after a look";
  } catch (error) {
    return isEngineError(error) ? error.code : String(error);
  }
}

test("writes pass without a look until the estimate reaches the reserve, then only if the disk says so", async () => {
  const { room, open } = disk(100, 10_000);
  const guard = await open();
  expect(await taken(guard.take(30 * MIB))).toBe("at once");
  expect(await taken(guard.take(30 * MIB))).toBe("after a look");
  room.freeBytes = 40 * MIB;
  expect(await taken(guard.take(60 * MIB))).toBe("InsufficientStorage");
  expect(await taken(guard.take(1))).toBe("InsufficientStorage");
  room.freeBytes = 500 * MIB;
  expect(await taken(guard.take(1))).toBe("after a look");
  expect(await taken(guard.take(1))).toBe("at once");
});

test("below the floor small bodies stay out of the log", async () => {
  const { open } = disk(300, 10_000);
  const guard = await open();
  expect(guard.mayJournal).toBe(true);
  guard.take(60 * MIB);
  expect(guard.mayJournal).toBe(false);
});

test("on a small disk the reserve is a share of it", async () => {
  const { open } = disk(20, 80);
  const guard = await open();
  expect(await taken(guard.take(9 * MIB))).toBe("at once");
  expect(await taken((await disk(9, 80).open()).take(1))).toBe("InsufficientStorage");
});
