import { expect, test } from "bun:test";
import { EngineError, type EngineHost } from "#foundation/sql";
import { createBatchReader, type PackedCommand, packWrite } from "../messages/write-commands.ts";
import { packResults } from "../messages/write-results.ts";
import type { TableOperations } from "../records/commands.ts";
import { createWriteQueue, engineFailure } from "./write-queue.ts";

const clock = { now: () => 1_000, monotonicMs: () => 0 };

/** A host that answers batches by `answer`, which sees the texts of the keys. */
function hostOf(answer: (keys: readonly string[]) => void): { host: EngineHost<TableOperations>; batches: string[][] } {
  const batches: string[][] = [];
  const apply = async (_: string, packed: unknown): Promise<never> => {
    const keys = createBatchReader()(packed as string).commands.map(({ actions }) => String(actions[0]!.key));
    batches.push(keys);
    answer(keys);
    const results = keys.map(() => ({ outcome: "written", result: { oldSize: 0, newSize: 1 } }) as const);
    return packResults({ streams: [], results }) as never;
  };
  const host: EngineHost<TableOperations> = { apply, pending: 0, failure: undefined, close: async () => undefined };
  return { host, batches };
}

function put(key: string, length = 1): PackedCommand {
  return packWrite({
    table: 1,
    kind: "put",
    wishes: undefined,
    key: Buffer.from(key),
    text: "x".repeat(length),
    size: length,
  });
}

const codeOf = (error: unknown): unknown => {
  const failure = engineFailure(error);
  return failure instanceof Error && "code" in failure ? failure.code : failure;
};

test("what comes while a batch is under way shares the next one", async () => {
  const { host, batches } = hostOf(() => undefined);
  const queue = createWriteQueue({ host, clock, onStreams: () => undefined });
  const first = queue.submit(put("a"));
  await Promise.resolve();
  await Promise.resolve();
  await Promise.all([first, ...["b", "c", "d"].map((key) => queue.submit(put(key)))]);
  expect(batches).toEqual([["a"], ["b", "c", "d"]]);
});

test("a write that the program fails on does not take its neighbours with it", async () => {
  const { host } = hostOf((keys) => {
    if (keys.includes("poison")) throw new EngineError("Internal", "a defect");
  });
  const queue = createWriteQueue({ host, clock, onStreams: () => undefined });
  const settled = await Promise.allSettled(["a", "poison", "b"].map((key) => queue.submit(put(key))));
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("a full disk and an overloaded host are told as such, and nothing is tried twice", async () => {
  for (const [code, retryable, expected] of [
    ["SQLITE_FULL", true, "InsufficientStorage"],
    ["Overloaded", true, "Overloaded"],
    ["EngineFailed", false, "EngineFailed"],
  ] as const) {
    const { host, batches } = hostOf(() => {
      throw new EngineError(code, code, { retryable });
    });
    const failed = code === "EngineFailed" ? { ...host, failure: new Error("failed") } : host;
    const queue = createWriteQueue({ host: failed, clock, onStreams: () => undefined });
    const settled = await Promise.allSettled(["a", "b"].map((key) => queue.submit(put(key))));
    expect(settled.map((one) => (one.status === "rejected" ? codeOf(one.reason) : "fulfilled"))).toEqual([
      expected,
      expected,
    ]);
    expect(batches.length).toBe(1);
  }
});

test("long batches go in several messages; too much at once is refused and forgotten", async () => {
  const { host, batches } = hostOf(() => undefined);
  const queue = createWriteQueue({ host, clock, onStreams: () => undefined });
  const large = 3 * 1024 * 1024;
  const settled = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => queue.submit(put(`${n % 10}`, large))));
  const refused = settled.filter((one) => one.status === "rejected");
  expect(refused.map((one) => codeOf(one.reason))).toEqual(Array(9).fill("Overloaded"));
  expect(batches.every((keys) => keys.length === 1)).toBe(true);
  expect(await queue.submit(put("a", large))).toMatchObject({ outcome: "written" });
});

test("after close() nothing is taken, and what was accepted is answered", async () => {
  const { host } = hostOf(() => undefined);
  const queue = createWriteQueue({ host, clock, onStreams: () => undefined });
  const accepted = queue.submit(put("a"));
  const closing = queue.close();
  expect(codeOf(await queue.submit(put("b")).catch((error) => error))).toBe("EngineFailed");
  expect(await accepted).toMatchObject({ outcome: "written" });
  await closing;
});
