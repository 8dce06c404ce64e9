import { expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import type { StoreErrorName } from "../errors/index.ts";
import type { Mutation, Transaction } from "../transactions/index.ts";
import { createMemoryStore, type MemoryStoreOptions } from "./index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);
const set = (key: string, value: string): Mutation => ({ type: "set", key: bytes(key), value: bytes(value) });
const point = (key: string) => ({ begin: bytes(key), end: bytes(`${key}\0`) });
const NO_LIMITS = { limit: 1_000, bytesMax: 1_000_000, reverse: false };

function world(options?: MemoryStoreOptions) {
  const time = createVirtualTime(0);
  return { time, store: createMemoryStore(time, options) };
}

function transaction(parts: Partial<Transaction>): Transaction {
  return { readVersion: undefined, reads: [], writes: [], mutations: [], idempotencyId: new Uint8Array(0), ...parts };
}

const write = (...mutations: Mutation[]) =>
  transaction({
    mutations,
    writes: mutations.map((mutation) =>
      mutation.type === "clear_range" ? mutation : { begin: mutation.key, end: Uint8Array.of(...mutation.key, 0) },
    ),
  });

async function failure(promise: Promise<unknown>): Promise<StoreErrorName | undefined> {
  return promise.then(
    () => undefined,
    (error) => error.code,
  );
}

test("a reader sees what was committed up to its version and nothing after", async () => {
  const { store } = world();
  const first = await store.commit(write(set("a", "1"), set("b", "1")));
  const second = await store.commit(write(set("a", "2"), { type: "clear", key: bytes("b") }));
  expect(second.version).toBeGreaterThan(first.version);
  expect(text(await store.get(bytes("a"), first.version))).toBe("1");
  expect(text(await store.get(bytes("a"), second.version))).toBe("2");
  expect((await store.getRange(bytes(""), bytes("z"), first.version, NO_LIMITS)).pairs).toHaveLength(2);
  expect((await store.getRange(bytes(""), bytes("z"), second.version, NO_LIMITS)).pairs).toHaveLength(1);
  expect(await store.getReadVersion()).toBe(second.version);
});

test("versions follow the clock in microseconds, and go on when commits are faster", async () => {
  const { store, time } = world();
  const first = await store.commit(write(set("a", "1")));
  expect((await store.commit(write(set("a", "2")))).version).toBe(first.version + 1n);
  time.advance(3);
  expect(await store.getReadVersion()).toBe(3_000n);
  expect((await store.commit(write(set("a", "3")))).version).toBe(3_001n);
});

test("a limit of pairs or of bytes ends a range read, from either end, and says whether there is more", async () => {
  const { store } = world();
  const { version } = await store.commit(write(set("a", "1"), set("b", "2"), set("c", "3")));
  const read = async (limit: number, bytesMax: number, reverse: boolean) => {
    const { pairs, more } = await store.getRange(bytes("a"), bytes("d"), version, { limit, bytesMax, reverse });
    return [pairs.map(({ key }) => text(key)).join(""), more];
  };
  expect(await read(2, 99, false)).toEqual(["ab", true]);
  expect(await read(3, 99, false)).toEqual(["abc", false]);
  expect(await read(2, 99, true)).toEqual(["cb", true]);
  expect(await read(9, 1, false)).toEqual(["a", true]);
  expect(await read(9, 3, true)).toEqual(["cb", true]);
  expect(await failure(read(0, 9, false))).toBe("range_limits_invalid");
});

test("what was read and then written by another is not committed; blind writes are", async () => {
  const { store } = world();
  const readVersion = await store.getReadVersion();
  await store.commit(write(set("a", "1")));
  const stale = { readVersion, reads: [point("a")] };
  expect(await failure(store.commit(transaction({ ...stale, ...write(set("b", "1")), ...stale })))).toBe(
    "not_committed",
  );
  expect(await failure(store.commit(transaction({ readVersion, reads: [point("b")] })))).toBeUndefined();
  await store.commit(write(set("a", "2")));
});

test("reads outside the window are too old or in the future, and so are commits", async () => {
  const { store, time } = world();
  const { version } = await store.commit(write(set("a", "1")));
  expect(await failure(store.get(bytes("a"), version + 1n))).toBe("future_version");
  time.advance(5_001);
  await store.getReadVersion();
  expect(await failure(store.get(bytes("a"), version))).toBe("transaction_too_old");
  const stale = transaction({ ...write(set("b", "1")), readVersion: version, reads: [point("c")] });
  expect(await failure(store.commit(stale))).toBe("transaction_too_old");
  expect(await failure(store.commit({ ...stale, readVersion: 10n ** 12n }))).toBe("future_version");
  expect(text(await store.get(bytes("a"), await store.getReadVersion()))).toBe("1");
});

test("every version stays readable when asked for", async () => {
  const { store, time } = world({ window: "all" });
  const { version } = await store.commit(write(set("a", "1")));
  time.advance(3_600_000);
  await store.commit(write(set("a", "2")));
  expect(text(await store.get(bytes("a"), version))).toBe("1");
});

test("a versionstamped key conflicts with whoever has read where it came to be", async () => {
  const { store } = world();
  const readVersion = await store.getReadVersion();
  const key = Uint8Array.of(0x61, ...new Uint8Array(10), 1, 0, 0, 0);
  await store.commit(transaction({ mutations: [{ type: "set_versionstamped_key", key, value: bytes("v") }] }));
  const reads = [{ begin: bytes("a"), end: bytes("b") }];
  expect(await failure(store.commit(transaction({ ...write(set("x", "1")), readVersion, reads })))).toBe(
    "not_committed",
  );
});

test("an idempotency id is applied once, until it is forgotten", async () => {
  const { store, time } = world({ idempotencyWindow: 60_000_000n });
  const once = transaction({
    mutations: [{ type: "add", key: bytes("n"), value: Uint8Array.of(1) }],
    idempotencyId: bytes("id"),
  });
  const place = await store.commit(once);
  time.advance(10_000);
  expect(await store.commit(once)).toEqual(place);
  expect((await store.get(bytes("n"), await store.getReadVersion()))?.[0]).toBe(1);
  expect(store.contents()).toHaveLength(3);
  time.advance(61_000);
  await store.commit(write(set("a", "")));
  expect(store.contents()).toHaveLength(2);
});

test("a watch ends with the change of its key, at once when it is late, and not by others", async () => {
  const { store } = world();
  const { version } = await store.commit(write(set("a", "1")));
  const { signal } = new AbortController();
  let ended = 0;
  const watch = store.watch(bytes("a"), bytes("1"), version, signal).then(() => ended++);
  await store.commit(write(set("b", "1"), set("a", "1")));
  expect(ended).toBe(0);
  await store.commit(write({ type: "clear", key: bytes("a") }));
  await watch;
  await store.watch(bytes("a"), undefined, version, signal);
  await store.commit(write(set("a", "1")));
  // It is as it was, and has been otherwise.
  await store.watch(bytes("a"), bytes("1"), version, signal);
});

test("a watch can be given up, and ends with the store", async () => {
  const { store } = world();
  const abort = new AbortController();
  const given = store.watch(bytes("a"), undefined, 0n, abort.signal);
  const left = store.watch(bytes("a"), undefined, 0n, new AbortController().signal);
  abort.abort();
  expect(await failure(given)).toBe("operation_cancelled");
  await store.close();
  expect(await failure(left)).toBe("operation_cancelled");
  expect(await failure(store.getReadVersion())).toBe("client_invalid_operation");
});

test("a transaction beyond the limits, or with reads and no read version, is refused", async () => {
  const { store } = world();
  expect(await failure(store.commit(write({ type: "clear", key: new Uint8Array(10_001) })))).toBe("key_too_large");
  const stamped = transaction({
    mutations: [{ type: "set_versionstamped_value", key: bytes("a"), value: bytes("12345") }],
  });
  expect(await failure(store.commit(stamped))).toBe("client_invalid_operation");
  expect(await failure(store.commit(transaction({ reads: [point("a")] })))).toBe("client_invalid_operation");
  expect(store.contents()).toEqual([]);
});

test("who changes what was read does not change what is stored", async () => {
  const { store } = world();
  const { version } = await store.commit(write(set("a", "1")));
  (await store.get(bytes("a"), version))![0] = 0;
  (await store.getRange(bytes("a"), bytes("b"), version, NO_LIMITS)).pairs[0]!.value[0] = 0;
  expect(text(await store.get(bytes("a"), version))).toBe("1");
});
