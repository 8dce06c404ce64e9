import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parsePlain, parsePlainItem, plainItem, type WireItem, type WireValue } from "./plain-items.ts";

describe("plain JSON", () => {
  test.each([
    [
      `{"id":"a","n":1.50,"big":12345678901234567890123456789012345678}`,
      { id: { S: "a" }, n: { N: "1.50" }, big: { N: "12345678901234567890123456789012345678" } },
    ],
    [
      `{"l":[1,"x",null,true,{"k":[]}]}`,
      { l: { L: [{ N: "1" }, { S: "x" }, { NULL: true }, { BOOL: true }, { M: { k: { L: [] } } }] } },
    ],
    [
      `{"s":{"SS":["a","b"]},"n":{"NS":[1,"2"]},"b":{"B":"AQ=="}}`,
      { s: { SS: ["a", "b"] }, n: { NS: ["1", "2"] }, b: { B: "AQ==" } },
    ],
    [
      `{"m":{"M":{"B":"AQ=="}},"o":{"SS":"x"},"e":{"SS":[]}}`,
      { m: { M: { B: { S: "AQ==" } } }, o: { M: { SS: { S: "x" } } }, e: { M: { SS: { L: [] } } } },
    ],
    [`{"__proto__":{"constructor":1}}`, { ["__proto__"]: { M: { constructor: { N: "1" } } } }],
  ])("%s", (text, item) => {
    expect(parsePlainItem(text)).toEqual(item as WireItem);
    expect(parsePlainItem(JSON.stringify(plainItem(item as WireItem)))).toEqual(item as WireItem);
  });

  test.each(["[]", "1", '"a"', "null", "{", ""])("%s is no item", (text) => {
    expect(() => parsePlainItem(text)).toThrow(SyntaxError);
  });

  test("a value alone is read as well", () => {
    expect([parsePlain("1e3"), parsePlain('"x"')]).toEqual([{ N: "1e3" }, { S: "x" }]);
  });

  test("loses nothing, whatever the item", () => {
    const name = fc.oneof(
      fc.constantFrom("SS", "NS", "BS", "B", "M", "L", "S", "__proto__"),
      fc.string({ maxLength: 3 }),
    );
    const { value } = fc.letrec<{ value: WireValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ maxLength: 4 }).map((S) => ({ S })),
        fc
          .tuple(
            // No number begins with a zero and goes on with digits.
            fc.integer().filter((n) => n !== 0),
            fc.constantFrom("", ".5", "00000000000000000001"),
          )
          .map(([n, more]) => ({ N: `${n}${more}` })),
        fc.boolean().map((BOOL) => ({ BOOL })),
        fc.constant({ NULL: true }),
        fc.constantFrom({ B: "AQ==" }, { BS: ["AQ=="] }, { SS: ["a", ""] }, { NS: ["1.0"] }),
        fc.array(tie("value"), { maxLength: 3 }).map((L) => ({ L })),
        fc.array(fc.tuple(name, tie("value")), { maxLength: 2 }).map((entries) => ({ M: Object.fromEntries(entries) })),
      ),
    }));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 3 }).map(Object.fromEntries), (item: WireItem) => {
        expect(parsePlainItem(JSON.stringify(plainItem(item)))).toEqual(item);
      }),
      { numRuns: 300 },
    );
  });
});
