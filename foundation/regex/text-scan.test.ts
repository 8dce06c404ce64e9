import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ScannedPiece, scanPattern, UnusablePattern } from "./index.ts";

const written = (pieces: readonly ScannedPiece[]): string =>
  pieces.map((piece) => (piece.kind === "match" ? "#" : piece.text)).join("");

function scan(source: string, pieces: readonly string[], heldMax = 1_000): string {
  const scanning = scanPattern(source).open(heldMax);
  return written([...pieces.flatMap((piece) => scanning.push(piece)), ...scanning.end()]);
}

/** Every stretch of characters that are in some match, found by trying each part of the text. */
function slowly(source: string, text: string): string {
  const pattern = new RegExp(`^(?:${source})$`, "u");
  const isIn = Array.from(text, () => false);
  for (let start = 0; start < text.length; start++) {
    for (let end = start + 1; end <= text.length; end++) {
      if (pattern.test(text.slice(start, end))) isIn.fill(true, start, end);
    }
  }
  return Array.from(text, (character, at) => (isIn[at] ? (isIn[at - 1] ? "" : "#") : character)).join("");
}

describe("a text that comes in pieces", () => {
  test("only what may become a match is held back", () => {
    const scanning = scanPattern("sk-[0-9]{3}").open(100);
    expect(written(scanning.push("the key s"))).toBe("the key ");
    expect(written(scanning.push("k-1"))).toBe("");
    expect(written(scanning.push("2"))).toBe("");
    expect(written(scanning.push("3 and sk"))).toBe("# and ");
    expect(written(scanning.push("ip"))).toBe("skip");
    expect(written(scanning.end())).toBe("");
  });

  test("assertions ask for what is around, and at the end", () => {
    expect(scan("\\bcat\\b", ["concat cat", " cats cat"])).toBe("concat # cats #");
    expect(scan("^a", ["a", "a"])).toBe("#a");
    expect(scan("a$", ["a", "a"])).toBe("a#");
  });

  test("a character in two halves", () => {
    expect(scan("😀", ["a\ud83d", "\ude00b"])).toBe("a#b");
    expect(scan("b", ["a\ud83d", "b\ud83d"])).toBe("a\ud83d#\ud83d");
  });

  test("however it is cut, the same is found as by trying everything", () => {
    const sources = ["a", "ab", "a+b", "(?:ab|ba)a", "a.{1,3}b", "[ab]{3}", "b(?:a|bb)*a", "a(?:b|c)?a", "c[^c]*c"];
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 }), { maxLength: 6 }),
        (source, pieces) => {
          expect(scan(source, pieces)).toBe(slowly(source, pieces.join("")));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("what is held is bounded, and that makes no difference between cuttings either", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("a[^z]*z", "a.{6}", "ab|b.{9}c"),
        fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c", "z"), maxLength: 9 }), { maxLength: 6 }),
        (source, pieces) => {
          expect(scan(source, pieces, 4)).toBe(scan(source, [...pieces.join("")], 4));
        },
      ),
      { numRuns: 300 },
    );
    const scanning = scanPattern("x[^z]*z").open(10);
    expect(written(scanning.push(`x${"y".repeat(1_000)}`))).toHaveLength(991);
    expect(written(scanning.push("z!"))).toBe("#!");
  });

  test("a match that goes on is passed over as it comes", () => {
    const scanning = scanPattern("key: .*").open(10);
    expect(written(scanning.push("key: "))).toBe("#");
    expect(written(scanning.push("abc".repeat(100)))).toBe("");
    expect(written(scanning.push("\nnext"))).toBe("\nnext");
  });

  test("patterns that are none, or too large", () => {
    expect(() => scanPattern("(")).toThrow(UnusablePattern);
    expect(() => scanPattern("(?=a)")).toThrow(UnusablePattern);
    expect(() => scanPattern("a{2000}")).toThrow(UnusablePattern);
  });
});
