import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Client, type Ref, RpcError } from "#foundation/rpc";
import type { Runtime } from "#foundation/runtime";
import { type CrashKind, simulate, type World } from "#foundation/runtime/simulation";
import type { LOG, LogEntry, STORAGE } from "#foundation/store-protocol";
import { applyMutation, encodeMutations, type PlainMutation } from "../mutations/index.ts";
import { OrderedMap } from "../ordered-map/index.ts";
import { openStorage, type StorageServer } from "./index.ts";

const ALL = [{ begin: new Uint8Array(), end: Uint8Array.of(0xff, 0xff) }];
const LOG_REF: Ref = { address: "log:1", id: "log" };
const key = (n: number): Uint8Array => Uint8Array.of(n);
const value = (text: string): Uint8Array => new TextEncoder().encode(text);
const set = (n: number, text: string): PlainMutation => ({ type: "set", key: key(n), value: value(text) });

/** A log that says what it is made to say. */
class FakeLog {
  entries: LogEntry[] = [];
  knownCommitted = 0n;
  finalizedEpoch = 0n;
  oldest = 0n;
  durable = 0n;
  down = false;

  append(version: bigint, ...mutations: PlainMutation[]): void {
    this.entries.push({ version, previous: this.last, data: encodeMutations(mutations) });
  }

  get last(): bigint {
    return this.entries.at(-1)?.version ?? 0n;
  }

  clientFor(runtime: Runtime): Client<typeof LOG> {
    const client: Partial<Client<typeof LOG>> = {
      pull: async ({ after, entriesMax }, options) => {
        if (this.down) throw new RpcError("unreachable", "Down.");
        if (after < this.oldest) throw new RpcError("version_too_old", "Gone.", this.oldest);
        const entries = this.entries.filter(({ version }) => version > after).slice(0, entriesMax);
        const upTo = entries.at(-1)?.version ?? (after > this.last ? after : this.last);
        if (entries.length === 0) await pause(runtime, 20, options?.signal);
        return { entries, upTo, knownCommitted: this.knownCommitted, finalizedEpoch: this.finalizedEpoch };
      },
      pop: async ({ durable }) => {
        if (durable > this.durable) this.durable = durable;
      },
    };
    return client as Client<typeof LOG>;
  }
}

function pause(runtime: Runtime, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = runtime.timers.after(ms, resolve);
    signal?.addEventListener("abort", () => {
      timer.cancel();
      resolve();
    });
  });
}

interface Bench {
  readonly world: World;
  readonly log: FakeLog;
  /** Whatever gives to this server: to be filled in. */
  readonly source: Partial<Client<typeof STORAGE>>;
  server(): StorageServer;
  restart(kind: CrashKind): Promise<void>;
  /** Everything of a range of one version, from both ends. */
  read(version: bigint, epoch?: bigint): Promise<readonly (readonly [number, string])[]>;
}

/** A server on a simulated machine, beside a log of ours. */
function onMachine(run: (bench: Bench) => Promise<void>, seed = 1, failures: unknown[] = []): void {
  const log = new FakeLog();
  const source: Partial<Client<typeof STORAGE>> = {};
  let server: StorageServer | undefined;
  const { failure } = simulate({
    seed,
    machines: {
      storage: async (runtime) => {
        server = undefined;
        if (!(await runtime.disk.exists("/data"))) await runtime.disk.makeDirectory("/data");
        await runtime.disk.syncDirectory("/");
        const options = { id: "s1", directory: "/data", flushMs: 100, windowVersions: 1_000n };
        server = await openStorage(runtime, {
          ...options,
          logOf: () => log.clientFor(runtime),
          storageOf: () => source as Client<typeof STORAGE>,
          onFailure: (error) => failures.push(error),
        });
      },
    },
    scenario: async (world) => {
      await world.until("it is open", () => server !== undefined);
      const bench: Bench = {
        world,
        log,
        source,
        server: () => server!,
        restart: async (kind) => {
          server = undefined;
          world.machine("storage").restart(kind);
          await world.until("it is open again", () => server !== undefined);
        },
        read: (version, epoch = 1n) => readAll(server!, version, epoch),
      };
      await run(bench);
      await server!.close();
    },
  });
  if (failure !== undefined) throw failure;
}

async function readAll(
  server: StorageServer,
  version: bigint,
  epoch: bigint,
): Promise<readonly (readonly [number, string])[]> {
  const request = { epoch, ...ALL[0]!, version, bytesMax: 1e9 };
  const { pairs } = await server.getRange({ ...request, limit: 1e6, reverse: false });
  const backwards = await server.getRange({ ...request, limit: 1e6, reverse: true });
  expect([...backwards.pairs].reverse()).toEqual([...pairs]);
  // Page by page it is the same.
  const paged = [];
  for (let begin = request.begin; ; ) {
    const page = await server.getRange({ ...request, begin, limit: 3, reverse: false });
    paged.push(...page.pairs);
    if (!page.more) break;
    begin = Uint8Array.of(...page.pairs.at(-1)!.key, 0);
  }
  expect(paged).toEqual([...pairs]);
  for (const pair of pairs) expect((await server.get({ epoch, key: pair.key, version })).value).toEqual(pair.value);
  return pairs.map((pair) => [pair.key[0]!, new TextDecoder().decode(pair.value)] as const);
}

async function begin({ server, log }: Bench, epoch: bigint, recoveryVersion: bigint, finalized = true): Promise<void> {
  await server().lock({ epoch, director: `d${epoch}` });
  await server().unlock({ epoch, previousEpoch: epoch - 1n, recoveryVersion, logs: [LOG_REF], ranges: ALL });
  if (finalized) log.finalizedEpoch = epoch;
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error: RpcError) => error.code,
  );

describe("reads", () => {
  test("see each version as it was, in memory and on the disk", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      const { log, world } = bench;
      log.append(100n, set(1, "a"), set(2, "b"), set(3, "c"));
      log.append(200n, { type: "clear_range", begin: key(1), end: key(3) }, set(2, "B"));
      log.append(300n, { type: "clear", key: key(2) }, set(4, "d"));
      expect(await bench.read(150n)).toEqual([
        [1, "a"],
        [2, "b"],
        [3, "c"],
      ]);
      expect(await bench.read(200n)).toEqual([
        [2, "B"],
        [3, "c"],
      ]);
      expect(await bench.read(300n)).toEqual([
        [3, "c"],
        [4, "d"],
      ]);
      log.knownCommitted = 300n;
      log.append(1_300n, set(5, "e"));
      await world.until("the disk has it", () => log.durable === 300n);
      expect(await bench.read(300n)).toEqual([
        [3, "c"],
        [4, "d"],
      ]);
      expect(await bench.read(1_300n)).toEqual([
        [3, "c"],
        [4, "d"],
        [5, "e"],
      ]);
      expect(await codeOf(bench.read(299n))).toBe("version_too_old");
    }));

  test("wait for their version, and give up after a second", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      const read = bench.read(100n);
      await bench.world.sleep(500);
      bench.log.append(100n, set(1, "a"));
      expect(await read).toEqual([[1, "a"]]);
      expect(await codeOf(bench.read(101n))).toBe("version_too_new");
    }));

  test("of another epoch, of other keys, and of a locked server are refused", () =>
    onMachine(async (bench) => {
      const { server } = bench;
      expect(await codeOf(server().get({ epoch: 0n, key: key(1), version: 0n }))).toBe("not_running");
      await server().lock({ epoch: 1n, director: "d1" });
      await server().unlock({
        epoch: 1n,
        previousEpoch: 0n,
        recoveryVersion: 0n,
        logs: [LOG_REF],
        ranges: [{ begin: key(5), end: key(9) }],
      });
      bench.log.append(10n, set(4, "no"), set(5, "yes"), { type: "clear_range", begin: key(0), end: key(5) });
      const range = { epoch: 1n, version: 10n, limit: 10, bytesMax: 1_000, reverse: false };
      expect((await server().getRange({ ...range, begin: key(5), end: key(9) })).pairs).toHaveLength(1);
      expect(await codeOf(server().getRange({ ...range, begin: key(4), end: key(9) }))).toBe("invalid_request");
      expect(await codeOf(server().get({ epoch: 1n, key: key(4), version: 10n }))).toBe("invalid_request");
      expect(await codeOf(server().get({ epoch: 2n, key: key(5), version: 10n }))).toBe("wrong_epoch");
      expect(await codeOf(server().getRange({ ...range, begin: key(5), end: key(9), limit: 0 }))).toBe(
        "invalid_request",
      );
      await server().lock({ epoch: 2n, director: "d2" });
      expect(await codeOf(server().get({ epoch: 2n, key: key(5), version: 10n }))).toBe("not_running");
    }));

  test("a range that was begun sees nothing of what becomes durable meanwhile", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      for (let n = 0; n < 50; n++) bench.log.append(BigInt(n + 1), set(n, "old"));
      await bench.read(50n);
      bench.log.append(60n, { type: "clear_range", begin: key(0), end: key(100) });
      bench.log.append(2_000n);
      bench.log.knownCommitted = 2_000n;
      const reading = bench.read(55n);
      await bench.server().flush();
      await reading.catch((error: RpcError) => expect(error.code).toBe("version_too_old"));
      expect(await bench.read(2_000n)).toEqual([]);
    }));
});

describe("epochs", () => {
  test("a lock holds against older ones, and other directors of the same, also after a restart", () =>
    onMachine(async (bench) => {
      await bench.server().lock({ epoch: 3n, director: "d" });
      for (const kind of ["process", "power"] as const) {
        await bench.restart(kind);
        expect(await codeOf(bench.server().lock({ epoch: 2n, director: "x" }))).toBe("newer_epoch");
        expect(await codeOf(bench.server().lock({ epoch: 3n, director: "x" }))).toBe("newer_epoch");
        expect(await bench.server().lock({ epoch: 3n, director: "d" })).toMatchObject({ epoch: 3n, mode: "locked" });
      }
      const unlock = { previousEpoch: 0n, recoveryVersion: 0n, logs: [LOG_REF], ranges: ALL };
      expect(await codeOf(bench.server().unlock({ epoch: 2n, ...unlock }))).toBe("wrong_epoch");
      expect(await codeOf(bench.server().unlock({ epoch: 3n, ...unlock, logs: [] }))).toBe("invalid_request");
    }));

  test("what is after the recovery version is taken back, and what the new logs say holds", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      bench.log.append(100n, set(1, "kept"));
      bench.log.append(200n, set(1, "never acknowledged"), set(2, "neither"));
      await bench.read(200n);
      await bench.server().lock({ epoch: 2n, director: "d2" });
      bench.log.entries.pop();
      bench.log.append(1_000n, set(3, "new"));
      await begin(bench, 2n, 100n);
      expect(await bench.read(1_000n, 2n)).toEqual([
        [1, "kept"],
        [3, "new"],
      ]);
    }));

  test("who has missed an epoch goes on from its disk: of what was in memory, that epoch may have dropped something", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      bench.log.append(100n, set(1, "kept"));
      bench.log.append(200n, set(1, "never acknowledged"), set(2, "neither"));
      await bench.read(200n);
      // Epoch 2 was recovered up to 100 and has committed; this server was away.
      bench.log.entries.pop();
      bench.log.append(1_000n, set(3, "of epoch 2"));
      bench.log.append(2_000n, set(4, "of epoch 3"));
      await begin(bench, 3n, 1_000n);
      expect(await bench.read(2_000n, 3n)).toEqual([
        [1, "kept"],
        [3, "of epoch 2"],
        [4, "of epoch 3"],
      ]);
    }));

  test("nothing of an epoch is made durable before its layout is committed", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n, false);
      bench.log.append(100n, set(1, "a"));
      bench.log.append(9_000n, set(2, "b"));
      bench.log.knownCommitted = 9_000n;
      await bench.read(9_000n);
      await bench.world.sleep(1_000);
      expect(bench.log.durable).toBe(0n);
      await bench.server().finalize({ epoch: 1n });
      await bench.world.until("the disk has it", () => bench.log.durable === 8_000n);
    }));

  test("a disk that is beyond the recovery version is not served", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      bench.log.append(5_000n, set(1, "a"));
      bench.log.append(9_000n, set(1, "b"));
      bench.log.knownCommitted = 9_000n;
      await bench.world.until("the disk has it", () => bench.log.durable === 8_000n);
      await bench.server().lock({ epoch: 2n, director: "d2" });
      const unlock = { epoch: 2n, previousEpoch: 1n, logs: [LOG_REF], ranges: ALL };
      expect(await codeOf(bench.server().unlock({ ...unlock, recoveryVersion: 7_999n }))).toBe("corrupt");
    }));

  test("a server whose process ended goes on where it was, by itself", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      for (let n = 1; n <= 20; n++) bench.log.append(BigInt(n * 500), set(n, `${n}`));
      bench.log.knownCommitted = 10_000n;
      const before = await bench.read(10_000n);
      for (const kind of ["power", "process"] as const) {
        await bench.restart(kind);
        expect(await bench.read(10_000n)).toEqual(before);
      }
    }));

  test("one that has been away for too long says so, and does not answer with what is old", () =>
    onMachine(async (bench) => {
      bench.log.append(100n, set(1, "a"));
      bench.log.oldest = 100n;
      await begin(bench, 1n, 0n);
      expect(await codeOf(bench.read(100n))).toBe("version_too_new");
      expect(await bench.server().info({ from: "test" })).toMatchObject({ mode: "behind", appliedVersion: 0n });
    }));

  test("a log that leaves something out ends the server", () => {
    const failures: unknown[] = [];
    onMachine(
      async (bench) => {
        await begin(bench, 1n, 0n);
        bench.log.entries.push({ version: 100n, previous: 50n, data: encodeMutations([]) });
        await bench.world.until("it has ended", () => failures.length > 0);
        expect(await codeOf(bench.read(100n))).toBe("not_running");
      },
      1,
      failures,
    );
    expect(String(failures[0])).toContain("version 100 after 50");
  });
});

describe("a copy", () => {
  test("gives what is on the disk, page by page, also when a page is asked for again, and nothing that comes later", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      bench.log.append(100n, set(1, "a"), set(2, "b"), { type: "set", key: key(3), value: new Uint8Array(2_000_000) });
      bench.log.append(5_000n, set(4, "later"));
      bench.log.knownCommitted = 5_000n;
      await bench.world.until("the disk has it", () => bench.log.durable === 4_000n);
      const { copy, version } = await bench.server().openCopy({ epoch: 1n, ranges: ALL });
      expect(version).toBe(4_000n);
      bench.log.append(9_000n, { type: "clear_range", begin: key(0), end: key(9) });
      bench.log.knownCommitted = 9_000n;
      await bench.world.until("the disk has that too", () => bench.log.durable === 8_000n);
      const first = await bench.server().readCopy({ copy, next: 0 });
      expect(await bench.server().readCopy({ copy, next: 0 })).toBe(first);
      expect(await codeOf(bench.server().readCopy({ copy, next: 7 }))).toBe("invalid_request");
      const second = first.done ? { pairs: [] } : await bench.server().readCopy({ copy, next: first.next });
      expect([...first.pairs, ...second.pairs].map((pair) => pair.key[0])).toEqual([1, 2, 3]);
      await bench.server().closeCopy({ copy });
      expect(await codeOf(bench.server().readCopy({ copy, next: first.next }))).toBe("no_such_copy");
      expect(await codeOf(bench.server().openCopy({ epoch: 2n, ranges: ALL }))).toBe("wrong_epoch");
    }));

  test("that nobody reads on is given up", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      const copies = [];
      for (let n = 0; n < 4; n++) copies.push(await bench.server().openCopy({ epoch: 1n, ranges: ALL }));
      expect(await codeOf(bench.server().openCopy({ epoch: 1n, ranges: ALL }))).toBe("overloaded");
      await bench.world.sleep(31_000);
      expect(await codeOf(bench.server().readCopy({ copy: copies[0]!.copy, next: 0 }))).toBe("no_such_copy");
      await bench.server().openCopy({ epoch: 1n, ranges: ALL });
    }));

  test("fills a locked server, whatever it had, which then follows the logs from there; also after a loss of power", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      bench.log.append(100n, set(9, "old"));
      await bench.read(100n);
      const pages = [[set(1, "a")], [set(2, "b")]];
      Object.assign(bench.source, {
        openCopy: async () => ({ copy: 7, version: 4_000n }),
        readCopy: async ({ next }: { next: number }) => ({
          pairs: pages[next]!.map((one) => ({ key: key(next + 1), value: (one as { value: Uint8Array }).value })),
          next: next + 1,
          done: next === 1,
        }),
        closeCopy: async () => undefined,
      });
      const fill = { epoch: 2n, source: LOG_REF, ranges: ALL };
      expect(await codeOf(bench.server().fill(fill))).toBe("wrong_epoch");
      expect(await codeOf(bench.server().fill({ ...fill, epoch: 1n }))).toBe("not_running");
      await bench.server().lock({ epoch: 2n, director: "d2" });
      expect(await bench.server().fill(fill)).toEqual({ version: 4_000n });
      await bench.restart("power");
      expect(await bench.server().lock({ epoch: 2n, director: "d2" })).toMatchObject({ durableVersion: 4_000n });
      bench.log.entries = [{ version: 5_000n, previous: 4_000n, data: encodeMutations([set(3, "c")]) }];
      await begin(bench, 2n, 4_000n);
      expect(await bench.read(5_000n, 2n)).toEqual([
        [1, "a"],
        [2, "b"],
        [3, "c"],
      ]);
    }));

  test("is broken off when another director locks the server", () =>
    onMachine(async (bench) => {
      Object.assign(bench.source, {
        openCopy: async () => ({ copy: 7, version: 4_000n }),
        readCopy: async ({ next }: { next: number }) => {
          await bench.world.sleep(100);
          return { pairs: [], next: next + 1, done: false };
        },
        closeCopy: async () => undefined,
      });
      await bench.server().lock({ epoch: 1n, director: "d1" });
      const filling = codeOf(bench.server().fill({ epoch: 1n, source: LOG_REF, ranges: ALL }));
      await bench.world.sleep(500);
      expect(await bench.server().lock({ epoch: 2n, director: "d2" })).toMatchObject({ epoch: 2n, durableVersion: 0n });
      expect(await filling).toBe("newer_epoch");
    }));
});

describe("watches", () => {
  test("end when the value is another, and not for other keys; or after their time", () =>
    onMachine(async (bench) => {
      await begin(bench, 1n, 0n);
      bench.log.append(100n, set(1, "a"));
      await bench.read(100n);
      const watch = { epoch: 1n, key: key(1), version: 100n, value: value("a"), waitMs: 60_000 };
      let ended = 0;
      const waiting = bench
        .server()
        .watch(watch)
        .then(({ changed }) => {
          ended++;
          return changed;
        });
      bench.log.append(200n, set(2, "x"), set(1, "a"));
      await bench.read(200n);
      expect(ended).toBe(0);
      bench.log.append(300n, { type: "clear_range", begin: key(0), end: key(5) });
      expect(await waiting).toBe(true);
      expect(await bench.server().watch(watch)).toEqual({ changed: true });
      expect(await bench.server().watch({ ...watch, value: undefined, waitMs: 100 })).toEqual({ changed: false });
      const given = bench.server().watch({ ...watch, value: undefined });
      await bench.world.sleep(10);
      await bench.server().lock({ epoch: 2n, director: "d2" });
      expect(await given).toEqual({ changed: false });
    }));
});

describe("whatever happens", () => {
  type Step =
    | { readonly do: "write"; readonly mutations: readonly PlainMutation[]; readonly gap: number }
    | { readonly do: "commit" }
    | { readonly do: "flush" }
    | { readonly do: "recover" }
    | { readonly do: "restart"; readonly kind: CrashKind }
    | { readonly do: "read"; readonly back: number };

  const anyKey = fc.nat(12).map(key);
  const anyValue = fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => new Uint8Array(bytes));
  const mutation: fc.Arbitrary<PlainMutation> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant("set" as const), key: anyKey, value: anyValue }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("clear" as const), key: anyKey }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("clear_range" as const), begin: anyKey, end: anyKey }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom("add", "byte_max", "compare_and_clear"),
        key: anyKey,
        value: anyValue,
      }),
    },
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("write" as const),
        mutations: fc.array(mutation, { maxLength: 4 }),
        gap: fc.integer({ min: 1, max: 900 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("read" as const), back: fc.nat(1_500) }) },
    { weight: 2, arbitrary: fc.constantFrom<Step>({ do: "commit" }, { do: "flush" }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("restart" as const),
        kind: fc.constantFrom("power" as const, "process" as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("recover" as const) }) },
  );

  test("every version that is served is as a naive map has it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(1_000), (steps, seed) =>
        onMachine(async (bench) => {
          let epoch = 1n;
          const states = new Map([[0n, new OrderedMap<Uint8Array>()]]);
          const versions = [0n];
          await begin(bench, epoch, 0n);
          for (const one of steps) {
            const last = versions.at(-1)!;
            if (one.do === "write") {
              const version = last + BigInt(one.gap);
              bench.log.append(version, ...one.mutations);
              const state = states.get(last)!.snapshot();
              for (const each of one.mutations) applyMutation(state, each);
              states.set(version, state);
              versions.push(version);
            } else if (one.do === "commit") {
              bench.log.knownCommitted = last;
            } else if (one.do === "flush") {
              await bench.server().flush();
            } else if (one.do === "restart") {
              await bench.restart(one.kind);
            } else if (one.do === "recover") {
              // What is not known to be committed may be lost.
              await bench.server().lock({ epoch: epoch + 1n, director: `d${epoch + 1n}` });
              const recovery = versions.filter((version) => version <= bench.log.knownCommitted).at(-1)!;
              bench.log.entries = bench.log.entries.filter(({ version }) => version <= recovery);
              versions.splice(versions.indexOf(recovery) + 1);
              await begin(bench, ++epoch, recovery);
            } else {
              const asked = last > BigInt(one.back) ? last - BigInt(one.back) : 0n;
              const expected = states.get(versions.filter((version) => version <= asked).at(-1)!)!;
              await compare(bench, epoch, asked, expected, last);
            }
          }
        }, seed),
      ),
      { numRuns: 60 },
    );
  });
});

/** Holds everything that can be read of a version against a map; a version may be too old when it has left the window. */
async function compare(
  { server, log }: Bench,
  epoch: bigint,
  version: bigint,
  expected: OrderedMap<Uint8Array>,
  last: bigint,
): Promise<void> {
  const request = { epoch, ...ALL[0]!, version, limit: 100, bytesMax: 1e6 };
  try {
    const { pairs } = await server().getRange({ ...request, reverse: false });
    const all = [...expected.entries()].map(([key, value]) => ({ key, value }));
    expect(pairs.map(copyOf)).toEqual(all);
    const reversed = await server().getRange({ ...request, reverse: true });
    expect(reversed.pairs.map(copyOf).reverse()).toEqual(all);
    for (let n = 0; n <= 12; n++) {
      const { value: found } = await server().get({ epoch, key: key(n), version });
      expect(hex(found)).toBe(hex(expected.get(key(n))));
    }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    expect(error.code).toBe("version_too_old");
    expect(version < last - 1_000n || version < log.knownCommitted).toBe(true);
  }
}

function copyOf(pair: { readonly key: Uint8Array; readonly value: Uint8Array }): {
  key: Uint8Array;
  value: Uint8Array;
} {
  return { key: new Uint8Array(pair.key), value: new Uint8Array(pair.value) };
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString("hex");
}
