import { expect, test } from "bun:test";
import { createBufferPool } from "../../memory/buffer-pool.ts";
import { pattern } from "../conformance/fixture.ts";
import type { StagedFile } from "./file-operations.ts";
import { GatheredWriter } from "./gathered-writer.ts";

const BUFFER_BYTES = 16 * 1024;

/** A file in memory whose writes end when the test lets them. */
function memoryFile() {
  const written: Uint8Array[] = [];
  const state = { held: undefined as Promise<void> | undefined, fails: false };
  const file: StagedFile = {
    async write(bytes) {
      await state.held;
      if (state.fails) throw new Error("broken disk");
      written.push(Uint8Array.from(bytes));
    },
    sync: async () => undefined,
    close: async () => undefined,
  };
  return { file, state, lengths: () => written.map(({ length }) => length), bytes: () => Buffer.concat(written) };
}

function world(buffers: number) {
  const pool = createBufferPool({ create: () => new Uint8Array(BUFFER_BYTES), max: buffers, kept: buffers });
  const open = () => {
    const disk = memoryFile();
    return { ...disk, writer: new GatheredWriter(disk.file, pool, () => undefined) };
  };
  return { pool, open };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("bytes are written in whole buffers, the rest at the end", async () => {
  const { open, pool } = world(4);
  const { writer, lengths, bytes } = open();
  const body = pattern(3 * BUFFER_BYTES + 1234);
  for (let at = 0; at < body.length; at += 1000) await writer.append(body.subarray(at, at + 1000));
  await writer.finish();
  await writer.abandon();
  expect(lengths()).toEqual([BUFFER_BYTES, BUFFER_BYTES, BUFFER_BYTES, 1234]);
  expect(Buffer.compare(bytes(), body)).toBe(0);
  expect(pool.lent).toBe(0);
});

test("a few bytes need no buffer of the pool", async () => {
  const { open, pool } = world(1);
  const { writer, lengths } = open();
  for (let index = 0; index < 8; index++) await writer.append(pattern(1024));
  expect(pool.lent).toBe(0);
  await writer.finish();
  expect(lengths()).toEqual([8192]);
});

test("writers that stand still hold up nobody: their buffers are written in whole blocks and lent to others", async () => {
  const { open, pool } = world(2);
  const still = [open(), open()];
  for (const { writer } of still) await writer.append(pattern(12_500));
  const moving = open();
  const body = pattern(10 * BUFFER_BYTES + 1);
  await moving.writer.append(body);
  await moving.writer.finish();
  expect(Buffer.compare(moving.bytes(), body)).toBe(0);
  expect(still[0]!.lengths()).toEqual([12_288]);
  for (const { writer, bytes } of still) {
    await writer.append(pattern(9_000, 2));
    await writer.finish();
    expect(Buffer.compare(bytes(), Buffer.concat([pattern(12_500), pattern(9_000, 2)]))).toBe(0);
  }
  expect(pool.lent).toBe(0);
});

test("a hundred writers with three buffers all come to their end", async () => {
  const { open, pool } = world(3);
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const { writer, bytes } = open();
      const body = pattern(40_000 + 977 * index, index);
      for (let at = 0; at < body.length; at += 3_000 + index) {
        await writer.append(body.subarray(at, at + 3_000 + index));
        if ((at + index) % 3 === 0) await turn();
      }
      await writer.finish();
      await writer.abandon();
      expect(Buffer.compare(bytes(), body)).toBe(0);
    }),
  );
  expect(pool.lent).toBe(0);
});

test("a writer is at most two buffers ahead of its file", async () => {
  const { open, pool } = world(10);
  const { writer, state } = open();
  const gate = Promise.withResolvers<void>();
  state.held = gate.promise;
  let appended = false;
  const appending = writer.append(pattern(5 * BUFFER_BYTES)).then(() => {
    appended = true;
  });
  await turn();
  expect([appended, pool.lent]).toEqual([false, 2]);
  gate.resolve();
  await appending;
  await writer.finish();
});

test("a failed write is told, and all buffers come back", async () => {
  const { open, pool } = world(4);
  const { writer, state } = open();
  state.fails = true;
  await expect(writer.append(pattern(5 * BUFFER_BYTES))).rejects.toThrow("broken disk");
  await expect(writer.finish()).rejects.toThrow("broken disk");
  await writer.abandon();
  expect(pool.lent).toBe(0);
});

test("a failure while giving a buffer back is told at the end", async () => {
  const { open, pool } = world(1);
  const still = open();
  still.state.fails = true;
  await still.writer.append(pattern(12_500));
  const other = open();
  await other.writer.append(pattern(12_500));
  await expect(still.writer.finish()).rejects.toThrow("broken disk");
  await other.writer.abandon();
  expect(pool.lent).toBe(0);
});
