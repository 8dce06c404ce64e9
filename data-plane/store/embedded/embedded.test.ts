/** The store in a directory of its own, on a real disk. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemRuntime } from "#foundation/runtime";
import type { StoreBackend } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { keyAfter } from "../keys/index.ts";
import type { Mutation, Transaction } from "../transactions/index.ts";
import { openEmbedded, StoreOpenError } from "./index.ts";

const runtime = createSystemRuntime((name, error) => {
  throw new Error(`${name} failed`, { cause: error });
});
const root = mkdtempSync(join(tmpdir(), "embedded-"));
const open = new Set<StoreBackend>();
let count = 0;

afterEach(async () => {
  for (const store of open) await store.close();
  open.clear();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const newPath = () => join(root, String(++count));

async function openStore(path: string): Promise<StoreBackend> {
  const store = await openEmbedded(runtime, { path });
  open.add(store);
  return store;
}

async function reopen(store: StoreBackend, path: string): Promise<StoreBackend> {
  await store.close();
  open.delete(store);
  return openStore(path);
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);
const point = (key: string) => ({ begin: bytes(key), end: keyAfter(bytes(key)) });
const set = (key: string, value: string): Mutation => ({ type: "set", key: bytes(key), value: bytes(value) });
const transaction = (parts: Partial<Transaction>): Transaction => ({
  readVersion: undefined,
  reads: [],
  writes: [],
  mutations: [],
  idempotencyId: new Uint8Array(0),
  ...parts,
});
const write = (key: string, value: string) => transaction({ mutations: [set(key, value)], writes: [point(key)] });
const readNow = async (store: StoreBackend, key: string) =>
  text(await store.get(bytes(key), await store.getReadVersion()));
const LIMITS = { limit: 100, bytesMax: 1_000_000, reverse: false };

async function failureOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    if (error instanceof StoreOpenError) return error.failure;
    throw error;
  }
}

test("what was committed is there when the store is opened again, at versions above all there were", async () => {
  const path = newPath();
  let store = await openStore(path);
  let last = 0n;
  for (let round = 0; round < 3; round++) {
    const { version } = await store.commit(write(`key${round}`, `value${round}`));
    expect(version > last).toBe(true);
    last = version;
    store = await reopen(store, path);
    expect((await store.getReadVersion()) > last).toBe(true);
    for (let before = 0; before <= round; before++) expect(await readNow(store, `key${before}`)).toBe(`value${before}`);
  }
});

test("reads are of their version; ranges have limits and both directions", async () => {
  const store = await openStore(newPath());
  const first = await store.commit(transaction({ mutations: [set("a", "1"), set("b", "2"), set("c", "3")] }));
  const second = await store.commit(transaction({ mutations: [{ type: "clear", key: bytes("b") }] }));
  expect(text(await store.get(bytes("b"), first.version))).toBe("2");
  expect(await store.get(bytes("b"), second.version)).toBeUndefined();
  const range = async (version: bigint, limits: Partial<typeof LIMITS>) => {
    const { pairs, more } = await store.getRange(bytes(""), bytes("zz"), version, { ...LIMITS, ...limits });
    return [...pairs.map(({ key, value }) => `${text(key)}${text(value)}`), more];
  };
  expect(await range(first.version, {})).toEqual(["a1", "b2", "c3", false]);
  expect(await range(second.version, {})).toEqual(["a1", "c3", false]);
  expect(await range(first.version, { limit: 2, reverse: true })).toEqual(["c3", "b2", true]);
  expect(await store.getRange(bytes("b"), bytes("a"), first.version, LIMITS)).toEqual({ pairs: [], more: false });
  expect(await failureOf(store.getRange(bytes("a"), bytes("b"), first.version, { ...LIMITS, limit: 0 }))).toBe(
    "range_limits_invalid",
  );
  const everything = await store.getRange(bytes(""), Uint8Array.of(0xff, 0xff, 0xff), first.version, LIMITS);
  expect(everything.pairs.length).toBe(5);
});

test("of two that have read what the other writes one commits", async () => {
  const store = await openStore(newPath());
  const readVersion = await store.getReadVersion();
  const attempt = (reads: string, writes: string) =>
    store.commit({ ...write(writes, "x"), readVersion, reads: [point(reads)] });
  const results = await Promise.allSettled([attempt("a", "b"), attempt("b", "a")]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(results[1]).toMatchObject({ reason: { code: "not_committed" } });
});

test("a transaction with an id is applied once, whoever asks again and when, also after a restart", async () => {
  const path = newPath();
  let store = await openStore(path);
  const one = transaction({
    mutations: [{ type: "add", key: bytes("n"), value: Uint8Array.of(1, 0) }],
    writes: [point("n")],
    idempotencyId: bytes("once"),
  });
  const readVersion = await store.getReadVersion();
  const place = await store.commit(one);
  expect(await store.commit(one)).toEqual(place);
  expect(await store.commit({ ...one, readVersion, reads: [point("n")] })).toEqual(place);
  store = await reopen(store, path);
  const together = { ...one, idempotencyId: bytes("together") };
  const places = await Promise.all([store.commit(one), ...[1, 2, 3].map(() => store.commit(together))]);
  expect(places[0]).toEqual(place);
  expect(new Set(places.slice(1).map(({ version, index }) => `${version} ${index}`)).size).toBe(1);
  expect(await store.get(bytes("n"), await store.getReadVersion())).toEqual(Uint8Array.of(2, 0));
});

test("a watch ends when its key changes, when it is aborted, and when the store is closed", async () => {
  const store = await openStore(newPath());
  const { version } = await store.commit(write("a", "1"));
  const never = new AbortController().signal;
  const changed = store.watch(bytes("a"), bytes("1"), version, never);
  await store.commit(write("a", "2"));
  await changed;
  await store.watch(bytes("a"), bytes("1"), version, never);
  const controller = new AbortController();
  const aborted = failureOf(store.watch(bytes("a"), bytes("2"), version, controller.signal));
  controller.abort();
  expect(await aborted).toBe("operation_cancelled");
  const closed = failureOf(store.watch(bytes("a"), bytes("2"), version, never));
  await store.close();
  expect(await closed).toBe("operation_cancelled");
});

test("what is given out and taken in is a copy", async () => {
  const store = await openStore(newPath());
  const value = bytes("abc");
  const { version } = await store.commit(transaction({ mutations: [{ type: "set", key: bytes("k"), value }] }));
  value.fill(0);
  const read = await store.get(bytes("k"), version);
  expect(text(read)).toBe("abc");
  read!.fill(0);
  const { pairs } = await store.getRange(bytes("k"), bytes("l"), version, LIMITS);
  pairs[0]!.value.fill(0);
  expect(text(await store.get(bytes("k"), version))).toBe("abc");
});

test("limits and reserved keys are refused by name", async () => {
  const store = await openStore(newPath());
  const commit = (parts: Partial<Transaction>) => failureOf(store.commit(transaction(parts)));
  expect(await commit({ mutations: [{ type: "clear", key: new Uint8Array(10_001) }] })).toBe("key_too_large");
  expect(await commit({ mutations: [{ type: "set", key: bytes("a"), value: new Uint8Array(100_001) }] })).toBe(
    "value_too_large",
  );
  expect(await commit({ reads: [point("a")] })).toBe("client_invalid_operation");
  expect(await commit({ reads: [point("a")], idempotencyId: bytes("i") })).toBe("client_invalid_operation");
  expect(await commit({ mutations: [{ type: "clear", key: Uint8Array.of(0xff, 1) }] })).toBe(
    "client_invalid_operation",
  );
});

test("a directory is used by one at a time, and free again once it is closed", async () => {
  const path = newPath();
  const store = await openStore(path);
  expect(await failureOf(openEmbedded(runtime, { path }))).toBe("in_use");
  await reopen(store, `${path}/`);
});

test("a directory of somebody else's, or a file, is refused and left as it is", async () => {
  const path = newPath();
  mkdirSync(path);
  writeFileSync(join(path, "notes.txt"), "mine");
  expect(await failureOf(openEmbedded(runtime, { path }))).toBe("foreign");
  expect(readdirSync(path)).toEqual(["notes.txt"]);
  expect(await failureOf(openEmbedded(runtime, { path: join(path, "notes.txt") }))).toBe("foreign");
  writeFileSync(join(path, "format"), "something else\n");
  expect(await failureOf(openEmbedded(runtime, { path }))).toBe("foreign");
});

test("the path is absolute, and what is missing of it is made", async () => {
  await expect(openEmbedded(runtime, { path: "here" })).rejects.toThrow("absolute");
  await openStore(join(newPath(), "further", "down"));
});

test("a store of a newer program is refused and left as it is", async () => {
  const path = newPath();
  await (await openStore(path)).close();
  expect(readFileSync(join(path, "format"), "utf8")).toBe("biplane store, format 1\n");
  writeFileSync(join(path, "format"), "biplane store, format 2\n");
  expect(await failureOf(openEmbedded(runtime, { path }))).toBe("newer_format");
});

test("a store whose log was lost, or is that of another, is not opened as if nothing had been", async () => {
  const path = newPath();
  const other = newPath();
  for (const each of [path, other]) {
    const store = await openStore(each);
    await store.commit(write("a", each));
    await store.close();
  }
  const before = readFileSync(join(path, "log", "state"));
  rmSync(join(path, "log", "state"));
  expect(await failureOf(openEmbedded(runtime, { path }))).toBe("corrupt");
  before[before.length - 1]! ^= 1;
  writeFileSync(join(path, "log", "state"), before);
  expect(await failureOf(openEmbedded(runtime, { path }))).toBe("corrupt");
});

test("everything is refused once it is closed, and commits under way are waited for", async () => {
  const path = newPath();
  const store = await openStore(path);
  const commits = Promise.all([1, 2, 3].map((n) => store.commit(write(`k${n}`, "x"))));
  await store.close();
  await commits;
  const key = bytes("k1");
  for (const call of [
    store.getReadVersion(),
    store.get(key, 0n),
    store.getRange(key, key, 0n, LIMITS),
    store.commit(write("a", "b")),
    store.watch(key, undefined, 0n, new AbortController().signal),
  ]) {
    expect(await failureOf(call)).toBe("client_invalid_operation");
  }
  const again = await openStore(path);
  for (const n of [1, 2, 3]) expect(await readNow(again, `k${n}`)).toBe("x");
});
