/** Embedded stores on simulated machines: disks that fail, and time that passes. */
import { expect, test } from "bun:test";
import { type Runtime, sleep } from "#foundation/runtime";
import { assertDeterministicSource, simulate, type World } from "#foundation/runtime/simulation";
import type { StoreBackend } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { IDEMPOTENCY_KEYS } from "../mutations/index.ts";
import type { Transaction } from "../transactions/index.ts";
import { IDS_KEPT_VERSIONS, openEmbedded } from "./index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const LIMITS = { limit: 100, bytesMax: 1_000_000, reverse: false };

const write = (key: string, parts: Partial<Transaction> = {}): Transaction => ({
  readVersion: undefined,
  reads: [],
  writes: [],
  mutations: [{ type: "set", key: bytes(key), value: bytes("x") }],
  idempotencyId: new Uint8Array(0),
  ...parts,
});

/** Runs on the only machine of a world; `open` opens the store of it. */
function onMachine(run: (open: () => Promise<StoreBackend>, runtime: Runtime, world: World) => Promise<void>): void {
  const world = Promise.withResolvers<World>();
  let done = false;
  const { failure } = simulate({
    seed: 1,
    machines: {
      m: async (runtime) => {
        const open = () => openEmbedded(runtime, { path: "/store", takeLock: () => ({ release() {} }) });
        await run(open, runtime, await world.promise);
        done = true;
      },
    },
    scenario: async (given) => {
      world.resolve(given);
      await given.until("the test has ended", () => done);
    },
  });
  if (failure !== undefined) throw failure;
}

const keysOf = async (store: StoreBackend) => {
  const version = await store.getReadVersion();
  const { pairs } = await store.getRange(bytes(""), bytes("~"), version, LIMITS);
  return pairs.map(({ key }) => new TextDecoder().decode(key));
};

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "ok",
    (error: unknown) => (error instanceof StoreError ? error.code : String(error)),
  );

test("when the disk fails, the result of what was being committed is unknown, everything after is refused, and opening it again helps", () =>
  onMachine(async (open, _runtime, world) => {
    const store = await open();
    await store.commit(write("before"));
    world.machine("m").disk.failNext("sync", "EIO");
    expect(await codeOf(store.commit(write("during")))).toBe("commit_unknown_result");
    const failure = await store.commit(write("after")).catch((error: StoreError) => error);
    expect(failure).toMatchObject({ code: "operation_failed", retryable: false });
    expect((failure as StoreError).message).toContain("close it and open it again");
    expect(await codeOf(store.getReadVersion())).toBe("operation_failed");
    await store.close();
    const again = await open();
    const keys = await keysOf(again);
    expect(keys).toContain("before");
    expect(keys).not.toContain("after");
    await again.commit(write("later"));
    await again.close();
  }));

test("idempotency ids are known for ten minutes, and then leave nothing behind", () =>
  onMachine(async (open, { timers }) => {
    const store = await open();
    const id = { idempotencyId: bytes("id") };
    const ids = async () => {
      const version = await store.getReadVersion();
      return (await store.getRange(IDEMPOTENCY_KEYS.begin, IDEMPOTENCY_KEYS.end, version, LIMITS)).pairs.length;
    };
    const place = await store.commit(write("a", id));
    await sleep(timers, Number(IDS_KEPT_VERSIONS) / 1_000 - 60_000);
    expect(await store.commit(write("a", id))).toEqual(place);
    expect(await ids()).toBe(2);
    await sleep(timers, 120_000);
    expect(await ids()).toBe(0);
    expect((await store.commit(write("a", id))).version > place.version).toBe(true);
    expect(await ids()).toBe(2);
    await store.close();
  }));

test("a store that nobody writes to moves on: what was read too long ago is too old, what is read now is not", () =>
  onMachine(async (open, { timers }) => {
    const store = await open();
    const { version } = await store.commit(write("a"));
    await sleep(timers, 4_000);
    expect(await store.get(bytes("a"), version)).toEqual(bytes("x"));
    await sleep(timers, 4_000);
    expect(await codeOf(store.get(bytes("a"), version))).toBe("transaction_too_old");
    const reads = [{ begin: bytes("b"), end: bytes("c") }];
    expect(await codeOf(store.commit(write("b", { readVersion: version, reads })))).toBe("transaction_too_old");
    const now = await store.getReadVersion();
    expect(await store.get(bytes("a"), now)).toEqual(bytes("x"));
    await store.commit(write("b", { readVersion: now, reads }));
    await store.close();
  }));

test("nothing here touches the world but through its runtime", () => {
  assertDeterministicSource(import.meta.dir, ["crash/victim.ts", "crash/kill-loop.ts"]);
});
