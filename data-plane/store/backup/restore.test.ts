import { expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime, systemRandom } from "#foundation/runtime";
import type { KeyValue, StoreBackend } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { compareKeys } from "../keys/index.ts";
import { createMemoryStore, type MemoryStore } from "../memory/index.ts";
import { applyMutation, encodeMutations, type PlainMutation } from "../mutations/index.ts";
import { OrderedMap } from "../ordered-map/index.ts";
import { BackupError } from "./backup-error.ts";
import {
  encodeEntries,
  encodeManifest,
  encodePairs,
  KEYS_END,
  MANIFEST_NAME,
  type Manifest,
  sha256,
} from "./format.ts";
import type { BackupPlace } from "./place.ts";
import { type RestoreOptions, restore } from "./restore.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const time = createVirtualTime(0);
const runtime = { ...time, random: systemRandom };

function memoryPlace(): BackupPlace & { readonly objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>();
  return {
    objects,
    put: async (name, object) => void objects.set(name, object),
    get: async (name) => objects.get(name),
    list: async () => [...objects.keys()],
    remove: async (name) => void objects.delete(name),
  };
}

/** Every version of a store of two teams, as it is kept: the state when each team was copied, and what was written since the first of both. */
async function backupOf(
  history: readonly (readonly PlainMutation[])[],
  copiedAt: readonly [number, number],
  end: number,
) {
  const place = memoryPlace();
  const stateAt = (version: number): OrderedMap<Uint8Array> => {
    const state = new OrderedMap<Uint8Array>();
    for (const mutations of history.slice(0, version)) for (const one of mutations) applyMutation(state, one);
    return state;
  };
  const ranges = [
    { begin: bytes(""), end: bytes("b") },
    { begin: bytes("b"), end: KEYS_END },
  ];
  const parts: Manifest["parts"][number][] = [];
  const put = async (name: string, part: Uint8Array, items: number, team: number | undefined): Promise<void> => {
    await place.put(name, part);
    parts.push({ name, bytes: part.length, sha256: sha256(part), items, team });
  };
  for (const [team, range] of ranges.entries()) {
    const pairs = [...stateAt(copiedAt[team]!).entries(range)].map(([key, value]) => ({ key, value }));
    await put(`team${team}`, encodePairs(pairs), pairs.length, team);
  }
  const first = Math.min(...copiedAt);
  const entries = history
    .map((mutations, i) => ({ version: BigInt(i + 1), data: encodeMutations(mutations) }))
    .slice(first);
  await put("entries", encodeEntries(entries), entries.length, undefined);
  const teams = ranges.map((range, team) => ({ ...range, version: BigInt(copiedAt[team]!) }));
  await place.put(MANIFEST_NAME, encodeManifest({ epoch: 1n, version: BigInt(end), teams, parts }));
  const expected = [...stateAt(end).entries({ begin: bytes(""), end: KEYS_END })].map(([key, value]) => ({
    key,
    value,
  }));
  return { place, expected };
}

function contentsOf(store: MemoryStore): readonly KeyValue[] {
  return store.contents().filter(({ key }) => compareKeys(key, KEYS_END) < 0);
}

async function failureOf(store: StoreBackend, options: RestoreOptions): Promise<string | undefined> {
  try {
    await restore(runtime, store, options);
    return undefined;
  } catch (error) {
    if (error instanceof BackupError) return error.code;
    throw error;
  }
}

const set = (key: string, value: string): PlainMutation => ({ type: "set", key: bytes(key), value: bytes(value) });
const HISTORY = [[set("a", "1"), set("c", "1")], [set("a", "2")], [set("c", "2"), set("\u00ff", "3")]];

const key = fc.oneof(
  fc.constantFrom("a", "aa", "b", "c", "d").map(bytes),
  fc.constantFrom(Uint8Array.of(0xff), Uint8Array.of(0xff, 1)),
);
const mutation: fc.Arbitrary<PlainMutation> = fc.oneof(
  fc.record({
    type: fc.constantFrom("set", "add", "append_if_fits", "byte_max", "compare_and_clear"),
    key,
    value: fc.uint8Array({ minLength: 1, maxLength: 2 }),
  }),
  fc.record({ type: fc.constant("clear" as const), key }),
  fc
    .tuple(key, key)
    .map(([a, b]) => (compareKeys(a, b) < 0 ? { begin: a, end: b } : { begin: b, end: a }))
    .map((range) => ({ type: "clear_range" as const, ...range })),
);

test("whenever the teams were copied, what is restored is the state at the version of the backup, without the system's keys", async () => {
  const versions = fc.tuple(fc.nat(8), fc.nat(8), fc.nat(8));
  const history = fc.array(fc.array(mutation, { maxLength: 4 }), { minLength: 8, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(history, versions, fc.constantFrom(1, 40, 10_000), async (written, [a, b, more], batchBytes) => {
      const end = Math.min(Math.max(a, b) + more, 8);
      const { place, expected } = await backupOf(written, [a, b], end);
      const store = createMemoryStore(runtime);
      await restore(runtime, store, { place, batchBytes });
      expect(contentsOf(store)).toEqual(expected);
    }),
  );
});

test("a part that is missing or changed is found before anything is written, also when all was to be cleared", async () => {
  for (const part of ["team0", "team1", "entries", MANIFEST_NAME]) {
    for (const damage of ["missing", "short", "flipped"] as const) {
      const { place } = await backupOf(HISTORY, [1, 2], 3);
      const whole = place.objects.get(part)!;
      const flipped = new Uint8Array(whole);
      flipped[flipped.length - 1]! ^= 1;
      if (damage === "missing") place.objects.delete(part);
      else place.objects.set(part, damage === "short" ? whole.subarray(0, -1) : flipped);
      const store = createMemoryStore(runtime);
      await commit(store, set("kept", "yes"));
      const failure = await failureOf(store, { place, clear: true });
      expect(failure).toBe(part === MANIFEST_NAME && damage === "missing" ? "no_backup" : "damaged");
      expect(contentsOf(store)).toEqual([{ key: bytes("kept"), value: bytes("yes") }]);
    }
  }
});

test("a store that is not empty stays as it is, unless it is to be cleared", async () => {
  const { place, expected } = await backupOf(HISTORY, [2, 1], 3);
  const store = createMemoryStore(runtime);
  await commit(store, set("b", "before"));
  expect(await failureOf(store, { place })).toBe("store_not_empty");
  expect(contentsOf(store).length).toBe(1);
  expect(await failureOf(store, { place, clear: true })).toBeUndefined();
  expect(contentsOf(store)).toEqual(expected);
});

test("a batch whose result is unknown is sent again, and takes effect once", async () => {
  const add = (name: string): PlainMutation => ({ type: "add", key: bytes(name), value: Uint8Array.of(1) });
  const { place, expected } = await backupOf([[add("a")], [add("a"), add("c")], [add("c")], [add("a")]], [0, 1], 4);
  const store = createMemoryStore(runtime);
  let calls = 0;
  const unsure: StoreBackend = {
    ...store,
    commit: async (transaction) => {
      const call = ++calls;
      if (call % 3 === 1) throw new StoreError("cluster_version_changed", "another epoch");
      const place = await store.commit(transaction);
      if (call % 3 === 2) throw new StoreError("commit_unknown_result", "lost");
      return place;
    },
  };
  const done = restore(runtime, unsure, { place, batchBytes: 1 });
  let ended = false;
  void done.finally(() => {
    ended = true;
  });
  while (!ended) {
    await time.advanceSettled(100);
  }
  await done;
  expect(contentsOf(store)).toEqual(expected);
  expect(calls).toBeGreaterThan(10);
});

async function commit(store: StoreBackend, mutation: PlainMutation): Promise<void> {
  await store.commit({
    readVersion: undefined,
    reads: [],
    writes: [{ begin: bytes(""), end: KEYS_END }],
    mutations: [mutation],
    idempotencyId: bytes(""),
  });
}
