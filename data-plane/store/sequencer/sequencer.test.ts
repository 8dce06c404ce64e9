import { expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import { assertDeterministicSource } from "#foundation/runtime/simulation";
import { createSequencer } from "./index.ts";
import { ANSWERS_KEPT, PROXIES_MAX, VersionChain } from "./version-chain.ts";

const EPOCH = 4n;
const start = { recoveryVersion: 100n, firstVersion: 1_000n };

function setUp() {
  const time = createVirtualTime(0);
  return { time, sequencer: createSequencer({ epoch: EPOCH, clock: time.clock, ...start }) };
}

test("versions are microseconds since the start, and never the same", async () => {
  const { time, sequencer } = setUp();
  const next = (request: number) => sequencer.nextCommitVersion({ epoch: EPOCH, proxy: "p", request });
  expect(await next(1)).toEqual({ previous: 100n, version: 1_000n });
  expect(await next(2)).toEqual({ previous: 1_000n, version: 1_001n });
  time.advance(3);
  expect(await next(3)).toEqual({ previous: 1_001n, version: 4_000n });
});

test("the same request of the same proxy gets the same answer, and no version is lost by it", async () => {
  const { time, sequencer } = setUp();
  const next = (proxy: string, request: number) => sequencer.nextCommitVersion({ epoch: EPOCH, proxy, request });
  const first = await next("p", 7);
  time.advance(50);
  expect(await next("p", 7)).toEqual(first);
  const other = await next("q", 7);
  expect(other.previous).toBe(first.version);
});

test("what is read is what was reported last, not what was given", async () => {
  const { sequencer } = setUp();
  const read = async () => (await sequencer.readVersion({ epoch: EPOCH })).version;
  expect(await read()).toBe(100n);
  const { version } = await sequencer.nextCommitVersion({ epoch: EPOCH, proxy: "p", request: 1 });
  const later = await sequencer.nextCommitVersion({ epoch: EPOCH, proxy: "q", request: 1 });
  expect(await read()).toBe(100n);
  await sequencer.reportCommitted({ epoch: EPOCH, version: later.version });
  await sequencer.reportCommitted({ epoch: EPOCH, version });
  expect(await read()).toBe(later.version);
});

test("a version that was never given cannot be committed", async () => {
  const { sequencer } = setUp();
  const refused = sequencer.reportCommitted({ epoch: EPOCH, version: 5_000n });
  await expect(refused).rejects.toMatchObject({ code: "invalid_request" });
});

test("other epochs are refused by their number", async () => {
  const { sequencer } = setUp();
  const wrong = { code: "wrong_epoch", detail: EPOCH };
  await expect(sequencer.readVersion({ epoch: 3n })).rejects.toMatchObject(wrong);
  await expect(sequencer.nextCommitVersion({ epoch: 5n, proxy: "p", request: 1 })).rejects.toMatchObject(wrong);
  await expect(sequencer.reportCommitted({ epoch: 5n, version: 1n })).rejects.toMatchObject(wrong);
});

test("memory is bounded: old answers are forgotten and not given anew", () => {
  const chain = new VersionChain(start, 0n);
  for (let request = 0; request <= ANSWERS_KEPT; request++) chain.next("p", request, 0n);
  expect(() => chain.next("p", 0, 0n)).toThrow("long ago");
  expect(chain.next("p", 1, 0n).version).toBe(1_001n);
  for (let n = 1; n < PROXIES_MAX; n++) chain.next(`q${n}`, 0, 0n);
  expect(() => chain.next("one more", 0, 0n)).toThrow("more proxies");
});

test("whatever is asked, repeated and reported: one chain without holes, in rising order", () => {
  const call = fc.record({ proxy: fc.constantFrom("a", "b", "c"), repeat: fc.boolean(), after: fc.nat(3_000) });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 100 }), (calls) => {
      const chain = new VersionChain(start, 0n);
      const requests: Record<string, number> = { a: 0, b: 0, c: 0 };
      const answers = new Map<string, unknown>();
      let now = 0n;
      let last = start.recoveryVersion;
      for (const { proxy, repeat, after } of calls) {
        now += BigInt(after);
        const request = repeat && requests[proxy]! > 0 ? requests[proxy]! : ++requests[proxy]!;
        const link = chain.next(proxy, request, now);
        const before = answers.get(`${proxy}${request}`);
        if (before !== undefined) {
          expect(link).toEqual(before as typeof link);
          continue;
        }
        answers.set(`${proxy}${request}`, link);
        expect(link.previous).toBe(last);
        expect(link.version > last).toBe(true);
        last = link.version;
      }
    }),
  );
});

test("nothing here touches the world but through its runtime", () => {
  assertDeterministicSource(import.meta.dir);
});
