import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareKeys } from "../../keys/index.ts";
import { TupleDouble, TupleError, TupleFloat } from "../../tuple/index.ts";
import { Subspace } from "./index.ts";

test("a key of a subspace begins with its prefix, and unpacks to the tuple alone", () => {
  const users = new Subspace(Uint8Array.of(0x99)).subspace(["users"]);
  const key = users.pack([42, "name"]);
  expect(key[0]).toBe(0x99);
  expect(users.contains(key)).toBe(true);
  expect(users.unpack(key)).toEqual([42, "name"]);
  expect(users.subspace([42]).unpack(key)).toEqual(["name"]);
});

test("keys of others are refused, those of a sibling with a longer name too", () => {
  const users = new Subspace().subspace(["user"]);
  expect(users.contains(new Subspace().pack(["users", 1]))).toBe(false);
  expect(() => users.unpack(new Subspace().pack(["users", 1]))).toThrow(TupleError);
});

test("the range of a subspace holds its tuples and not its own key", () => {
  const space = new Subspace().subspace(["a"]);
  const { begin, end } = space.range();
  const within = (key: Uint8Array) => compareKeys(begin, key) <= 0 && compareKeys(key, end) < 0;
  expect(within(space.pack([null]))).toBe(true);
  expect(within(space.pack(["ÿ"]))).toBe(true);
  expect(within(space.prefix)).toBe(false);
});

test("floats sort as their numbers, the negative ones too", () => {
  const floats = fc.array(fc.double({ noNaN: true }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(floats, (values) => {
      const space = new Subspace(Uint8Array.of(1));
      const byKey = [...values].sort((a, b) =>
        compareKeys(space.pack([TupleDouble.of(a)]), space.pack([TupleDouble.of(b)])),
      );
      for (let i = 1; i < byKey.length; i++) expect(byKey[i - 1]!).toBeLessThanOrEqual(byKey[i]!);
    }),
  );
  const [low, high] = [TupleFloat.of(-2.5), TupleFloat.of(-1.5)].map((value) => new Subspace().pack([value]));
  expect(compareKeys(low!, high!)).toBeLessThan(0);
});

test("who changes the bytes of a prefix does not move the subspace", () => {
  const prefix = Uint8Array.of(1);
  const space = new Subspace(prefix);
  prefix[0] = 9;
  expect(space.prefix).toEqual(Uint8Array.of(1));
});
