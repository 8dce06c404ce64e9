import { expect, test } from "bun:test";
import type { PlainMutation } from "../mutations/index.ts";
import { OrderedMap } from "../ordered-map/index.ts";
import { applyEntry } from "./apply-entry.ts";
import { type Change, changeOf } from "./changes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const ONE = Uint8Array.of(1);
const EVERYTHING = [{ begin: new Uint8Array(0), end: Uint8Array.of(0xff, 0xff) }];

/** Applies one entry over a disk on which every key has the value `disk`, and tells what each key is then. */
async function applied(disk: Uint8Array | undefined, mutations: readonly PlainMutation[]) {
  const changes = new OrderedMap<Change>();
  await applyEntry(
    changes,
    mutations,
    7n,
    EVERYTHING,
    () => disk,
    () => undefined,
  );
  return (key: string) => {
    const change = changeOf(changes, bytes(key));
    return change === undefined ? disk : change.value;
  };
}

test("6.2.7: of several atomic operations on a key in one entry each sees those before it", async () => {
  const add: PlainMutation = { type: "add", key: bytes("k"), value: ONE };
  expect((await applied(Uint8Array.of(40), [add, add]))("k")).toEqual(Uint8Array.of(42));
  const set: PlainMutation = { type: "set", key: bytes("k"), value: Uint8Array.of(1) };
  expect((await applied(Uint8Array.of(40), [set, add]))("k")).toEqual(Uint8Array.of(2));
});

test("6.2.7: compare_and_clear leaves no value where it clears, and the value where it does not", async () => {
  const compare = (value: Uint8Array): PlainMutation => ({ type: "compare_and_clear", key: bytes("k"), value });
  expect((await applied(ONE, [compare(ONE)]))("k")).toBeUndefined();
  expect((await applied(ONE, [compare(Uint8Array.of(2))]))("k")).toEqual(ONE);
  expect((await applied(undefined, [compare(ONE)]))("k")).toBeUndefined();
});

test("6.2.7: clear_range leaves its end alone, and clears what the same entry has set before", async () => {
  const at = await applied(ONE, [
    { type: "set", key: bytes("b"), value: Uint8Array.of(9) },
    { type: "set", key: bytes("c"), value: Uint8Array.of(9) },
    { type: "clear_range", begin: bytes("a"), end: bytes("c") },
    { type: "set", key: bytes("bb"), value: Uint8Array.of(8) },
  ]);
  expect(["a", "b", "bb", "c"].map(at)).toEqual([undefined, undefined, Uint8Array.of(8), Uint8Array.of(9)]);
  const overDisk = await applied(ONE, [{ type: "clear_range", begin: bytes("a"), end: bytes("c") }]);
  expect(overDisk("c")).toEqual(ONE);
  expect(overDisk("b")).toBeUndefined();
});
