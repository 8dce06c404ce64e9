import { expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import { assertDeterministicSource } from "#foundation/runtime/simulation";
import { keyAfter } from "../keys/index.ts";
import { Resolver, WINDOW_VERSIONS } from "./index.ts";

const EPOCH = 2n;
const START = 100n;

const point = (...bytes: number[]) => {
  const begin = Uint8Array.from(bytes);
  return { begin, end: keyAfter(begin) };
};
const range = (from: number, to: number) => ({ begin: Uint8Array.of(from), end: Uint8Array.of(to) });

function setUp() {
  const time = createVirtualTime(0);
  const resolver = new Resolver({ epoch: EPOCH, recoveryVersion: START, timers: time.timers, waitMs: 1_000 });
  return { time, resolver };
}

/** Reads and writes of one transaction that has read at the recovery version. */
const transaction = (reads: ReturnType<typeof point>[], writes: ReturnType<typeof point>[], readVersion = START) => ({
  readVersion,
  reads,
  writes,
});

const batch = (previous: bigint, version: bigint, ...transactions: ReturnType<typeof transaction>[]) => ({
  epoch: EPOCH,
  previous,
  version,
  transactions,
});

test("a range that was read conflicts with a point written in it later (phantoms)", async () => {
  const { resolver } = setUp();
  await resolver.resolve(batch(START, 200n, transaction([], [point(5)])));
  const { verdicts } = await resolver.resolve(
    batch(200n, 300n, transaction([range(1, 9)], []), transaction([range(1, 5)], []), transaction([point(5)], [])),
  );
  expect(verdicts).toEqual(["conflict", "free", "conflict"]);
});

test("of nested and overlapping written ranges each one counts", async () => {
  const { resolver } = setUp();
  await resolver.resolve(
    batch(START, 200n, transaction([], [range(1, 9)]), transaction([], [range(1, 2), range(3, 4)])),
  );
  const { verdicts } = await resolver.resolve(
    batch(200n, 300n, transaction([point(8)], []), transaction([range(0, 1)], []), transaction([range(8, 12)], [])),
  );
  expect(verdicts).toEqual(["conflict", "free", "conflict"]);
});

test("within a batch, later transactions meet what earlier ones write, but not what those that were turned down would have", async () => {
  const { resolver } = setUp();
  const { verdicts } = await resolver.resolve(
    batch(
      START,
      200n,
      transaction([], [point(1)]),
      transaction([point(1)], [point(2)]),
      transaction([point(2)], [point(3)]),
      transaction([point(3)], []),
    ),
  );
  expect(verdicts).toEqual(["free", "conflict", "free", "conflict"]);
});

test("who read before the window is too old, who read nothing is not", async () => {
  const { resolver } = setUp();
  const version = START + WINDOW_VERSIONS + 50n;
  const { verdicts } = await resolver.resolve(
    batch(
      START,
      version,
      transaction([point(1)], [], START + 49n),
      transaction([point(1)], [], START + 50n),
      transaction([], [point(1)], START),
    ),
  );
  expect(verdicts).toEqual(["too_old", "free", "free"]);
});

test("who read before the recovery version of the epoch is too old", async () => {
  const { resolver } = setUp();
  const { verdicts } = await resolver.resolve(batch(START, 200n, transaction([point(1)], [], START - 1n)));
  expect(verdicts).toEqual(["too_old"]);
});

test("an empty batch has no verdicts, also when it comes again", async () => {
  const { resolver } = setUp();
  expect(await resolver.resolve(batch(START, 200n))).toEqual({ verdicts: [] });
  expect(await resolver.resolve(batch(START, 200n))).toEqual({ verdicts: [] });
});

test("a batch that comes again gets the verdicts it got, while it waits, and afterwards", async () => {
  const { resolver } = setUp();
  const second = batch(200n, 300n, transaction([point(1)], [point(2)]), transaction([], [point(1)]));
  const early = [resolver.resolve(second), resolver.resolve(second)];
  await resolver.resolve(batch(START, 200n));
  expect(await Promise.all(early)).toEqual([{ verdicts: ["free", "free"] }, { verdicts: ["free", "free"] }]);
  // Had it been decided anew, its own write of 1 would be in its way.
  expect(await resolver.resolve(second)).toEqual({ verdicts: ["free", "free"] });
});

test("a batch that was passed and is not remembered is refused, not declared to conflict", async () => {
  const { resolver } = setUp();
  await resolver.resolve(batch(START, 300n));
  await expect(resolver.resolve(batch(START, 200n))).rejects.toMatchObject({ code: "out_of_order", detail: 300n });
});

test("who waits for a version that does not come hears so before it gives up by itself, and may come again", async () => {
  const { resolver, time } = setUp();
  const early = resolver.resolve(batch(200n, 300n));
  time.advance(1_000);
  await expect(early).rejects.toMatchObject({ code: "timed_out" });
  const again = resolver.resolve(batch(200n, 300n));
  await resolver.resolve(batch(START, 200n));
  expect(await again).toEqual({ verdicts: [] });
  expect(time.pendingTimers()).toBe(0);
});

test("6.2.2: who waits hears so before the proxy, that calls again, gives up", async () => {
  const time = createVirtualTime(0);
  const resolver = new Resolver({ epoch: EPOCH, recoveryVersion: START, timers: time.timers });
  const early = resolver.resolve(batch(200n, 300n));
  // A proxy waits for 5,000 ms.
  time.advance(4_999);
  expect(time.pendingTimers()).toBe(0);
  await expect(early).rejects.toMatchObject({ code: "timed_out" });
});

test("other epochs, versions that do not rise, and reads of the future are refused and change nothing", async () => {
  const { resolver } = setUp();
  await expect(resolver.resolve({ ...batch(START, 200n), epoch: 3n })).rejects.toMatchObject({
    code: "wrong_epoch",
    detail: EPOCH,
  });
  await expect(resolver.resolve(batch(START, START))).rejects.toMatchObject({ code: "invalid_request" });
  const ahead = batch(START, 200n, transaction([], [point(1)]), transaction([point(1)], [], 200n));
  await expect(resolver.resolve(ahead)).rejects.toMatchObject({ code: "invalid_request" });
  const { verdicts } = await resolver.resolve(batch(START, 200n, transaction([point(1)], [])));
  expect(verdicts).toEqual(["free"]);
});

test("a resolver that has ended answers nobody, also those who wait", async () => {
  const { resolver, time } = setUp();
  const early = resolver.resolve(batch(200n, 300n));
  resolver.close();
  await expect(early).rejects.toMatchObject({ code: "not_running" });
  await expect(resolver.resolve(batch(START, 200n))).rejects.toMatchObject({ code: "not_running" });
  expect(time.pendingTimers()).toBe(0);
});

test("memory stays within the window", async () => {
  const { resolver } = setUp();
  let previous = START;
  for (let n = 0; n < 3_000; n++) {
    const version = previous + WINDOW_VERSIONS / 100n;
    await resolver.resolve(batch(previous, version, transaction([], [point(n >> 8, n & 0xff)])));
    previous = version;
  }
  expect(resolver.size).toBeLessThan(600);
});

const anyPoint = fc.nat(5).map((n) => point(n));
const anyRange = fc.oneof(
  anyPoint,
  fc.tuple(fc.nat(5), fc.nat(6)).map(([from, to]) => range(from, to)),
);
const anyTransaction = fc.record({
  reads: fc.array(anyRange, { maxLength: 2 }),
  writes: fc.array(anyRange, { maxLength: 2 }),
  age: fc.nat(40),
});

test("the order in which batches come, and how often, changes no verdict", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyTransaction, { maxLength: 3 }), { minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.nat()),
      async (batches, chance) => {
        const requests = batches.map((transactions, n) => {
          const version = START + BigInt(n + 1) * 10n;
          const aged = transactions.map(({ reads, writes, age }) => {
            const readVersion = version - 1n - BigInt(age);
            return transaction(reads, writes, readVersion < START ? START : readVersion);
          });
          return batch(version - 10n, version, ...aged);
        });
        const inOrder = setUp().resolver;
        const wanted: Awaited<ReturnType<Resolver["resolve"]>>[] = [];
        for (const request of requests) wanted.push(await inOrder.resolve(request));
        const { resolver, time } = setUp();
        const shuffled = requests
          .flatMap((request, n) => [
            { request, n, key: chance.next().value },
            { request, n, key: chance.next().value },
          ])
          .sort((a, b) => a.key - b.key);
        const got = await Promise.all(shuffled.map(({ request }) => resolver.resolve(request)));
        got.forEach((reply, i) => {
          expect(reply).toEqual(wanted[shuffled[i]!.n]!);
        });
        expect(time.pendingTimers()).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});

test("nothing here touches the world but through its runtime", () => {
  assertDeterministicSource(import.meta.dir);
});
