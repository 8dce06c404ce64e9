import { expect, test } from "bun:test";
import fc from "fast-check";
import { pageOf } from "./paging.ts";

const name = fc.stringMatching(/^[ab-]{1,4}$/);

test("pages put together are the names of a prefix, in order, whatever their size", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(name),
      fc.stringMatching(/^[ab-]{0,2}$/),
      fc.integer({ min: 1, max: 5 }),
      (names, prefix, size) => {
        const sorted = names.sort().map((one) => ({ name: one }));
        const found: string[] = [];
        let token: string | undefined;
        do {
          const { items, nextToken } = pageOf(sorted, prefix, size, token);
          expect(items.length).toBeLessThanOrEqual(size);
          found.push(...items.map((item) => item.name));
          token = nextToken;
        } while (token !== undefined);
        expect(found).toEqual(names.filter((one) => one.startsWith(prefix)));
      },
    ),
    { numRuns: 300 },
  );
});

test("who asks for no pages gets the first thousand, and no token", () => {
  const sorted = Array.from({ length: 1500 }, (_, at) => ({ name: String(at).padStart(5, "0") }));
  const { items, nextToken } = pageOf(sorted, "", undefined, undefined);
  expect([items.length, nextToken]).toEqual([1000, undefined]);
});

test("a page goes on behind a name that is gone meanwhile", () => {
  const { nextToken } = pageOf([{ name: "a" }, { name: "b" }, { name: "c" }], "", 2, undefined);
  expect(pageOf([{ name: "a" }, { name: "c" }], "", 2, nextToken).items).toEqual([{ name: "c" }]);
});
