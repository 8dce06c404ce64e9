import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { automatonOf } from "./automaton.ts";
import { linearPattern, UnusablePattern } from "./index.ts";
import { LinearMatcher } from "./linear-matcher.ts";
import { parsePattern } from "./syntax.ts";

/** Always the automaton, also where the engine's own would do. */
const matcherOf = (source: string) => new LinearMatcher(automatonOf(parsePattern(source)));

describe("a match is found where ECMAScript finds one", () => {
  test.each([
    ["abc", ["abc", "xabcx", "ab", ""]],
    ["^a*$", ["", "aaa", "ab", "\n"]],
    ["a|b|^$", ["", "c", "a", "xb"]],
    ["(?:)", ["", "x"]],
    ["a{2,3}b", ["ab", "aab", "aaab", "aaaab"]],
    ["^a{0}b{2,}$", ["bb", "abb", "b", "bbbb"]],
    ["[^a-c\\d]", ["a", "1", "d", "ab1", "\u{1f600}"]],
    ["^.$", ["a", "\n", "\u{1f600}", "ab", "\u2028"]],
    ["^\\u{1F600}+$", ["\u{1f600}\u{1f600}", "\ud83d"]],
    ["^\\uD83D\\uDE00$", ["\u{1f600}", "x"]],
    ["\\bfoo\\b", ["foo", "a foo b", "afoo", "foob", "foo-bar", "éfoo"]],
    ["\\Boo", ["foo", "oo", " oo"]],
    ["^\\p{L}+$", ["äöü", "a1", "日本"]],
    ["\\P{Lu}", ["A", "a"]],
    ["^[\\w.-]+@[\\w-]+(?:\\.[\\w-]+)+$", ["a.b@c.de", "a@b", "@c.de", "a@b.c.d"]],
    ["^(?<year>\\d{4})-(\\d\\d)$", ["2026-11", "26-11"]],
    ["[\\]\\\\^-]", ["]", "\\", "^", "-", "a"]],
    ["^[a\\-z]$", ["a", "-", "z", "m"]],
    ["\\x41\\cJ\\0\\t", ["A\n\0\t", "A"]],
    ["^\\s\\S$", [" a", "\u00a0a", "a ", "\ufeffx"]],
    ["a??b*?c+?", ["c", "abbc", "ab"]],
    ["(?:(?:a|b)*c)*$", ["abcbc", "ab", "x"]],
    ["^$", ["", "a"]],
    ["$^", ["", "a"]],
    ["\\/\\.\\$", ["/.$", "x"]],
  ])("%s", (source, texts) => {
    const [own, native] = [matcherOf(source), new RegExp(source, "u")];
    for (const text of texts) expect([text, own.test(text)]).toEqual([text, native.test(text)]);
    // What is remembered of one text does no harm to the next.
    for (const text of texts) expect(linearPattern(source).test(text)).toBe(native.test(text));
  });

  test("random patterns, random texts", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      ".",
      "[ab]",
      "[^a]",
      "\\w",
      "\\W",
      "\\b",
      "\\B",
      "^",
      "$",
      "\\u{1f600}",
      "-",
    );
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        atom,
        fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => left + right),
        fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => `(?:${left}|${right})`),
        fc
          .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,2}", "{0,}", "*?"))
          .map(([body, times]) => `(${body})${times}`),
      ),
    }));
    const text = fc
      .array(fc.constantFrom("a", "b", "-", " ", "\u{1f600}", "\n", "\ud83d"), { maxLength: 8 })
      .map((all) => all.join(""));
    fc.assert(
      fc.property(pattern, fc.array(text, { maxLength: 8 }), (source, texts) => {
        const [own, native] = [matcherOf(source), new RegExp(source, "u")];
        for (const one of texts) expect([source, one, own.test(one)]).toEqual([source, one, native.test(one)]);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("what keeps others busy for ever is nothing here", () => {
  test.each([
    ["^(a+)+$", "a"],
    ["^(a|a)*$", "a"],
    ["^(a|aa)+$", "a"],
    ["(x+x+)+y", "x"],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", "a"],
    [
      "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
      "a",
    ],
    ["(.*,){11}P", ","],
    ["a*a*a*a*a*a*b", "a"],
    ["\\s+$", " "],
  ])("%s", (source, unit) => {
    // With these, going back and trying again takes longer than the test may.
    const text = `${unit.repeat(50_000)}!`;
    expect(linearPattern(source).test(text)).toBe(false);
  });

  test("also where each text meets other situations", () => {
    const matcher = linearPattern("(?:a|b)*a(?:a|b){14}$");
    let state = 1;
    const next = (): string => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state % 2 === 0 ? "a" : "b";
    };
    const text = Array.from({ length: 50_000 }, next).join("");
    expect(matcher.test(text)).toBe(text.at(-15) === "a");
  });
});

describe("what cannot be done in linear time is refused, and says why", () => {
  test.each([
    ["(a)\\1", "Referring to a group"],
    ["(?<x>a)\\k<x>", "Referring to a group"],
    ["a(?=b)", "Looking ahead or behind"],
    ["(?<!b)a", "Looking ahead or behind"],
    ["(?!b)a", "Looking ahead or behind"],
    ["(?:(?:a{1,100}){1,100}){1,100}", "too large"],
    [`${"(".repeat(200)}a${")".repeat(200)}`, "100 deep"],
    ["a".repeat(20_000), "10000 characters"],
    ["(", "missing )"],
    ["[b-a]", "range"],
  ])("%s", (source, why) => {
    expect(() => linearPattern(source)).toThrow(UnusablePattern);
    expect(() => linearPattern(source)).toThrow(why);
  });
});
