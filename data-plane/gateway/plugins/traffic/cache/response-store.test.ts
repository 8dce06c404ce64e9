import { expect, test } from "bun:test";
import fc from "fast-check";
import { HeaderFields } from "../../../message/header-fields.ts";
import { ResponseStore, variantKey } from "./response-store.ts";
import { type StoredResponse, storedResponse } from "./stored-response.ts";

const NO_FIELDS = HeaderFields.of();

function response(bytes: number, mark = ""): StoredResponse {
  return storedResponse(200, ["X-Mark", mark], new Uint8Array(bytes), { askedAtMs: 0, cameAtMs: 0, wallMs: 0 });
}

test("what was not used for longest makes room", () => {
  const store = new ResponseStore(40_000);
  store.put("a", [], "", response(10_000));
  store.put("b", [], "", response(10_000));
  store.put("c", [], "", response(10_000));
  store.get("a", NO_FIELDS, []);
  store.put("d", [], "", response(10_000));
  expect(["a", "b", "c", "d"].map((key) => store.get(key, NO_FIELDS, []) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test("what is larger than everything is not kept, and takes the place of nothing but what it would replace", () => {
  const store = new ResponseStore(10_000);
  store.put("a", [], "", response(10));
  store.put("b", [], "", response(10));
  store.put("a", [], "", response(20_000));
  expect(store.get("a", NO_FIELDS, [])).toBeUndefined();
  expect(store.get("b", NO_FIELDS, [])).toBeDefined();
});

test("ever new values of a field push out each other only", () => {
  const store = new ResponseStore(10_000_000);
  store.put("other", [], "", response(10));
  for (let i = 0; i < 1_000; i++) store.put("a", ["x"], String(i), response(10, String(i)));
  expect(store.get("other", NO_FIELDS, [])).toBeDefined();
  expect(store.get("a", HeaderFields.of(["x", "999"]), [])?.fields[1]).toBe("999");
  expect(store.get("a", HeaderFields.of(["x", "0"]), [])).toBeUndefined();
  expect(store.bytes).toBeLessThan(64 * 2_000 + 2_000);
});

test("it never holds more than it may, finds only what was put, and forgets its count with what it counts", () => {
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c"),
    names: fc.constantFrom<string[]>([], ["x"], ["x", "y"]),
    x: fc.constantFrom("1", "2"),
    size: fc.nat(6_000),
    isDelete: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new ResponseStore(20_000);
      const latest = new Map<string, string>();
      for (const [index, { key, names, x, size, isDelete }] of steps.entries()) {
        const headers = HeaderFields.of(["x", x]);
        if (isDelete) {
          store.delete(key);
          expect(store.get(key, headers, [])).toBeUndefined();
          continue;
        }
        store.put(key, names, variantKey(names, headers), response(size, String(index)));
        latest.set(key, String(index));
        expect(store.get(key, headers, [])?.fields[1]).toBe(String(index));
        expect(store.bytes).toBeLessThanOrEqual(20_000);
      }
      for (const key of latest.keys()) store.delete(key);
      expect(store.bytes).toBe(0);
    }),
  );
});
