/** What shares a version, what is under way at once, and that every client gets one answer. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { RpcError } from "#foundation/rpc";
import {
  EPOCH,
  FIRST,
  type Gate,
  holdCalls,
  key,
  point,
  RECOVERY,
  runSystem,
  type System,
  settle,
  write,
  written,
} from "./scripted-system.ts";

const sizes = (system: System) => written(system.logs[0]!).map((mutations) => mutations.length);

test("what comes within one turn shares a version; what comes while it is under way shares the next", async () => {
  const held = holdCalls("log0.push");
  const system = await runSystem({ gate: held.gate, limits: { batchLatencyMs: 1_000 } });
  const commits = [1, 2, 3].map((n) => system.commit(write(key(n))));
  await settle(system);
  for (let n = 4; n < 20; n++) {
    commits.push(system.commit(write(key(n))));
    await settle(system);
  }
  held.open();
  const places = await Promise.all(commits);
  expect(sizes(system)).toEqual([3, 16]);
  expect(places.map(({ index }) => index)).toEqual([0, 1, 2, ...Array.from({ length: 16 }, (_, i) => i)]);
});

test("a batch that takes long does not hold up the next beyond the latency, and those after it wait at most for a place", async () => {
  const held = holdCalls("log0.push");
  const system = await runSystem({ gate: held.gate, limits: { batchLatencyMs: 10, batchesMax: 3 } });
  for (let n = 1; n <= 5; n++) {
    void system.commit(write(key(n)));
    await system.time.advanceSettled(9);
    expect(held.held()).toBe(Math.min(n, 2 + Number(n > 2)) - Number(n > 1 && n <= 3));
    await system.time.advanceSettled(1);
    expect(held.held()).toBe(Math.min(n, 3));
  }
  held.open();
  await settle(system);
  expect(sizes(system)).toEqual([1, 1, 1, 2]);
});

test("a batch has at most so many transactions and bytes, unless one alone has more", async () => {
  const system = await runSystem({ limits: { batchCountMax: 3, batchBytesMax: 1_000 } });
  const value = (bytes: number) => new Uint8Array(bytes);
  await Promise.all([1, 2, 3, 4].map((n) => system.commit(write(key(n)))));
  expect(sizes(system)).toEqual([3, 1]);
  await Promise.all([400, 400, 400, 5_000, 10].map((bytes, n) => system.commit(write(key(n), value(bytes)))));
  expect(sizes(system).slice(2)).toEqual([2, 1, 1, 1]);
});

test("more than may wait is refused at once", async () => {
  const held = holdCalls("log0.push");
  const system = await runSystem({ gate: held.gate, limits: { pendingCountMax: 2 } });
  const commits = [system.commit(write(key(1))), system.commit(write(key(2)))];
  await expect(system.commit(write(key(3)))).rejects.toMatchObject({ code: "not_running" });
  held.open();
  await Promise.all(commits);
  await system.commit(write(key(4)));
});

test("silence is filled with empty versions, once something was committed", async () => {
  const system = await runSystem({ limits: { idleMs: 1_000 } });
  await system.time.advanceSettled(5_000);
  expect(sizes(system)).toEqual([]);
  await system.commit(write(key(1)));
  await system.time.advanceSettled(999);
  expect(sizes(system)).toEqual([1]);
  await system.time.advanceSettled(2_001);
  expect(sizes(system)).toEqual([1, 0, 0, 0]);
  const { version } = await system.proxy.readVersion({ epoch: EPOCH });
  expect(version).toBe(FIRST + 8_000_000n);
  system.proxy.close();
  expect(system.time.pendingTimers()).toBe(0);
});

/** One transaction of a client: reads and writes of few keys. */
const anyTransaction = fc.record({
  at: fc.nat(40),
  reads: fc.array(fc.nat(5), { maxLength: 2 }),
  writes: fc.array(fc.nat(5), { minLength: 1, maxLength: 2 }),
});

interface Answer {
  readonly n: number;
  readonly code: string;
  readonly place?: { readonly version: bigint; readonly index: number };
}

test("onslaught: every client gets exactly one answer, each proxy's in the order of versions; what is said to be committed is on all logs, what is said not to be on none", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyTransaction, { minLength: 1, maxLength: 40 }),
      fc.infiniteStream(fc.nat(99)),
      fc.constantFrom(0, 0, 1, 4),
      fc.constantFrom(1, 3),
      fc.constantFrom(1, 2),
      async (transactions, chance, failPercent, logs, proxies) => {
        const draw = () => chance.next().value;
        let sleep: (ms: number) => Promise<void> = async () => {};
        // Calls take up to 9 ms in both directions; a few fail, before or after they had their effect.
        const gate: Gate = async (_call, _after) => {
          await sleep(draw() % 10);
          if (draw() < failPercent) throw new RpcError(draw() < 50 ? "unreachable" : "timed_out", "by chance");
        };
        const limits = { batchLatencyMs: 3, batchCountMax: 5, batchesMax: 3, backoffMs: 1 };
        const system = await runSystem({ gate, logs, proxies, splits: [key(2)], limits });
        sleep = (ms) => new Promise((resolve) => system.time.timers.after(ms, resolve));
        const answers: Answer[] = [];
        const proxyOf = (n: number) => n % proxies;
        transactions.forEach(({ at, reads, writes }, n) => {
          system.time.timers.after(at, () => {
            const mutations = writes.map((one) => ({ type: "set", key: key(one), value: key(n) }) as const);
            system
              .commit(
                {
                  readVersion: RECOVERY,
                  reads: reads.map((one) => point(key(one))),
                  writes: writes.map((one) => point(key(one))),
                  mutations,
                },
                proxyOf(n),
              )
              .then(
                (place) => answers.push({ n, code: "committed", place }),
                (error: RpcError) => answers.push({ n, code: error.code }),
              );
          });
        });
        await system.time.advanceSettled(5_000);
        for (const proxy of system.proxies) proxy.close();
        await system.time.advanceSettled(60_000);

        expect(answers.map(({ n }) => n).sort((a, b) => a - b)).toEqual(transactions.map((_, n) => n));
        for (const proxy of system.proxies.keys()) {
          const places = answers.flatMap(({ n, place }) =>
            place === undefined || proxyOf(n) !== proxy ? [] : [place.version * 100_000n + BigInt(place.index)],
          );
          expect(places).toEqual([...places].sort((a, b) => (a < b ? -1 : 1)));
          expect(new Set(places).size).toBe(places.length);
        }
        const on = (n: number) =>
          system.logs.filter((log) =>
            written(log).some((mutations) => mutations.some((one) => one.type === "set" && one.value[0] === n)),
          ).length;
        for (const { n, code } of answers) {
          if (code === "committed") expect([n, on(n)]).toEqual([n, logs]);
          else if (code !== "commit_unknown_result") expect([n, code, on(n)]).toEqual([n, code, 0]);
        }
        if (failPercent === 0) expect(system.failures).toEqual([]);
        const codes = new Set(answers.map(({ code }) => code));
        if (system.failures.length === 0) expect(codes.has("commit_unknown_result")).toBe(false);
        // All logs hold the same chain.
        const [first] = system.logs;
        for (const log of system.logs) {
          const shared = Math.min(log.pushes.length, first!.pushes.length);
          expect(log.pushes.slice(0, shared).map(({ version }) => version)).toEqual(
            first!.pushes.slice(0, shared).map(({ version }) => version),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});
