import { expect, test } from "bun:test";
import { systemRandom } from "#foundation/runtime";
import { collect, inPieces, pattern } from "../conformance/fixture.ts";
import type { StagingFiles } from "./file-operations.ts";
import { createStager, INLINE_BYTES_MAX } from "./stager.ts";

/** Files in memory, and how many are open. */
function world(mayInline = true) {
  const files = new Map<string, Uint8Array[]>();
  const state = { open: 0, files, failWrites: false };
  const stagingFiles: StagingFiles = {
    async createNew(path) {
      const pieces: Uint8Array[] = [];
      files.set(path, pieces);
      state.open++;
      return {
        async write(bytes) {
          await Promise.resolve();
          if (state.failWrites) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
          pieces.push(Uint8Array.from(bytes));
        },
        sync: async () => undefined,
        async close() {
          state.open--;
        },
      };
    },
    syncDirectory: async () => undefined,
    async remove(path) {
      files.delete(path);
    },
  };
  let body = 0;
  const stager = createStager({
    files: stagingFiles,
    random: systemRandom,
    space: { take: () => undefined, mayJournal: true },
    nextBody: () => ++body,
    mayInline: () => mayInline,
  });
  return { stager, state };
}

test("bodies up to the limit stay in memory, one byte more is a file", async () => {
  for (const [size, inMemory] of [
    [0, true],
    [INLINE_BYTES_MAX, true],
    [INLINE_BYTES_MAX + 1, false],
  ] as const) {
    const { stager, state } = world();
    for (const body of [
      await stager.stage(inPieces(pattern(size), 10_000), null),
      await stager.stageBytes(pattern(size), null),
    ]) {
      expect(body.size).toBe(size);
      const record = stager.take(body)!;
      expect(record.data !== null).toBe(inMemory);
      const stored = record.data ?? Buffer.concat(state.files.get(`staging/${record.body}`)!);
      expect(Buffer.compare(stored, pattern(size))).toBe(0);
    }
    expect(state.open).toBe(0);
  }
});

test("while the journal is full small bodies become files", async () => {
  const { stager, state } = world(false);
  for (const size of [0, 10]) {
    const record = stager.take(await stager.stage(inPieces(pattern(size), 3), null))!;
    expect(record.data).toBeNull();
    expect(Buffer.concat(state.files.get(`staging/${record.body}`)!)).toEqual(Buffer.from(pattern(size)));
  }
});

test("what waits in memory is bounded: the rest becomes files, until commits release it", async () => {
  const { stager, state } = world();
  const bytes = new Uint8Array(INLINE_BYTES_MAX);
  const records = [];
  for (let index = 0; index < 600; index++) records.push(stager.take(await stager.stageBytes(bytes, null))!);
  const inMemory = records.filter(({ data }) => data !== null);
  expect(inMemory.length * INLINE_BYTES_MAX).toBeLessThanOrEqual(64 * 1024 * 1024 + INLINE_BYTES_MAX);
  expect(state.files.size).toBe(600 - inMemory.length);
  for (const record of records) stager.release(record);
  expect(stager.take(await stager.stageBytes(bytes, null))?.data).not.toBeNull();
});

test("a hundred uploads at once keep their bytes apart", async () => {
  const { stager, state } = world();
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const bytes = pattern(700_000 + index, index + 1);
      const record = stager.take(await stager.stage(inPieces(bytes, 90_001), null))!;
      expect(Buffer.compare(Buffer.concat(state.files.get(`staging/${record.body}`)!), bytes)).toBe(0);
    }),
  );
  expect(state.open).toBe(0);
});

test("a failed write closes and removes the file, and stops the source", async () => {
  const { stager, state } = world();
  state.failWrites = true;
  let stopped = false;
  async function* source() {
    try {
      for (;;) yield new Uint8Array(100_000);
    } finally {
      stopped = true;
    }
  }
  await expect(stager.stage(source(), null)).rejects.toMatchObject({ code: "InsufficientStorage" });
  expect([state.open, state.files.size, stopped]).toEqual([0, 0, true]);
  state.failWrites = false;
  const record = stager.take(await stager.stage(inPieces(pattern(300_000), 50_000), null))!;
  expect(await collect(inPieces(Buffer.concat(state.files.get(`staging/${record.body}`)!), 1000))).toHaveLength(
    300_000,
  );
});
