import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareKeys } from "../keys/index.ts";
import { OrderedMap } from "../ordered-map/index.ts";
import type { Mutation } from "../transactions/index.ts";
import {
  applyMutation,
  idempotencyKey,
  idempotencyRecord,
  idempotencyRecordsBefore,
  placeToStamp,
  readIdempotencyIndexKey,
  resolveVersionstamps,
  stampedWrites,
  stampToPlace,
} from "./index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const place = { version: 0x0102030405060708n, index: 0x090a };
const STAMP = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

test("a stamp is eight bytes of version and two of index, and sorts as the places do", () => {
  expect(placeToStamp(place)).toEqual(STAMP);
  const anyPlace = fc.record({ version: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), index: fc.nat(0xffff) });
  fc.assert(
    fc.property(anyPlace, anyPlace, (a, b) => {
      expect(stampToPlace(placeToStamp(a))).toEqual(a);
      const order = a.version === b.version ? a.index - b.index : a.version < b.version ? -1 : 1;
      expect(Math.sign(compareKeys(placeToStamp(a), placeToStamp(b)))).toBe(Math.sign(order));
    }),
  );
});

test("a stamp is filled in where the last four bytes say, and they are gone", () => {
  const operand = Uint8Array.of(0x61, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x62, 1, 0, 0, 0);
  const filled = Uint8Array.of(0x61, ...STAMP, 0x62);
  const before = operand.slice();
  const mutations: Mutation[] = [
    { type: "set_versionstamped_key", key: operand, value: bytes("v") },
    { type: "set_versionstamped_value", key: bytes("k"), value: operand },
    { type: "add", key: bytes("n"), value: Uint8Array.of(1) },
  ];
  expect(resolveVersionstamps(mutations, place)).toEqual([
    { type: "set", key: filled, value: bytes("v") },
    { type: "set", key: bytes("k"), value: filled },
    { type: "add", key: bytes("n"), value: Uint8Array.of(1) },
  ]);
  expect(operand).toEqual(before);
  expect(stampedWrites(mutations, place)).toEqual([{ begin: filled, end: Uint8Array.of(...filled, 0) }]);
});

test("a stamp that does not fit is refused, also by one byte", () => {
  const operand = (offset: number) => Uint8Array.of(0x61, ...new Uint8Array(10), offset, 0, 0, 0);
  const resolve = (key: Uint8Array) =>
    resolveVersionstamps([{ type: "set_versionstamped_key", key, value: bytes("v") }], place);
  expect(resolve(operand(1))).toHaveLength(1);
  expect(() => resolve(operand(2))).toThrow(RangeError);
  expect(() => resolve(Uint8Array.of(0, 0, 0))).toThrow(RangeError);
});

test("mutations see those before them: a set, then atomic operations, then a cleared range with its end left alone", () => {
  const map = new OrderedMap<Uint8Array>();
  applyMutation(map, { type: "set", key: bytes("a"), value: Uint8Array.of(1) });
  applyMutation(map, { type: "add", key: bytes("a"), value: Uint8Array.of(1) });
  applyMutation(map, { type: "add", key: bytes("a"), value: Uint8Array.of(1) });
  expect(map.get(bytes("a"))).toEqual(Uint8Array.of(3));
  applyMutation(map, { type: "compare_and_clear", key: bytes("a"), value: Uint8Array.of(3) });
  expect(map.get(bytes("a"))).toBeUndefined();
  applyMutation(map, { type: "compare_and_clear", key: bytes("a"), value: Uint8Array.of(3) });
  applyMutation(map, { type: "set", key: bytes("b"), value: bytes("") });
  applyMutation(map, { type: "set", key: bytes("c"), value: bytes("") });
  applyMutation(map, { type: "clear_range", begin: bytes("a"), end: bytes("c") });
  expect(Array.from(map.entries(), ([key]) => key)).toEqual([bytes("c")]);
  applyMutation(map, { type: "clear", key: bytes("c") });
  expect(map.isEmpty).toBe(true);
});

test("an idempotency id is found by itself and by age, and records before a version are those of older commits", () => {
  const id = bytes("once");
  const map = new OrderedMap<Uint8Array>();
  for (const mutation of idempotencyRecord(id, place)) applyMutation(map, mutation);
  expect(stampToPlace(map.get(idempotencyKey(id))!)).toEqual(place);
  expect([...map.entries(idempotencyRecordsBefore(place.version))]).toEqual([]);
  const [[key]] = [...map.entries(idempotencyRecordsBefore(place.version + 1n))] as [[Uint8Array, Uint8Array]];
  expect(readIdempotencyIndexKey(key)).toEqual({ id, place });
});
