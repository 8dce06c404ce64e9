import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { runs } from "../../tests/support/runs.ts";
import { automatonOf } from "./automaton.ts";
import { propertySet } from "./char-set.ts";
import { linearPattern, UnusablePattern } from "./index.ts";
import { LinearMatcher } from "./linear-matcher.ts";
import { parsePattern } from "./syntax.ts";
import { unicodeForm } from "./unicode-form.ts";

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
      { numRuns: runs(1_000) },
    );
  });
});

describe("a pattern that is in order without the flag u only means what it means without it", () => {
  const texts = [
    "-",
    "a",
    "a-b",
    "a.b",
    "@x",
    "{id}",
    "{a}b",
    "x]",
    "1,2",
    "a_b",
    "a b",
    "w",
    "\\",
    "a&b",
    "é",
    "[",
    "x{,2}",
  ];
  test.each([
    "^a\\-b$",
    "^[\\w-.]+$",
    "^[\\d\\-\\.\\_]+$",
    "^[.-\\w]+$",
    "^[^\\w-.]+$",
    "^[a-c\\@\\&]+$",
    "^\\@[\\w\\-]+$",
    "^{id}$",
    "{",
    "x]",
    "^\\{a}b?$",
    "[\\s-_]",
    "[a^-\\s]",
    "^x{,2}$",
    "\\\"|\\'|\\#|\\ ",
  ])("%s", (source) => {
    expect(() => new RegExp(source, "u")).toThrow();
    const [own, native] = [linearPattern(source), new RegExp(source)];
    for (const text of texts) expect([text, own.test(text)]).toEqual([text, native.test(text)]);
  });

  test.each(["\\a", "\\_\\z", "(", "a**", "[b-a]\\-", "\\8"])("but %s is none", (source) => {
    expect(() => linearPattern(source)).toThrow(UnusablePattern);
  });

  test("what is in order with it is left as it is", () => {
    const written = [
      "a",
      "\\-",
      "-",
      "]",
      "[",
      "^",
      "{",
      "}",
      "{2}",
      "\\w",
      "\\p{L}",
      ".",
      "\\]",
      "(?:",
      ")",
      "|",
      "@",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...written), { maxLength: 8 }), (parts) => {
        const source = parts.join("");
        let native: RegExp;
        try {
          native = new RegExp(source, "u");
        } catch {
          return;
        }
        const other = new RegExp(unicodeForm(source), "u");
        for (const text of texts) expect([source, text, other.test(text)]).toEqual([source, text, native.test(text)]);
      }),
      { numRuns: runs(700) },
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
    const text = coinFlips(50_000);
    for (const length of [14, 100, 1_000, 5_000]) {
      const matcher = linearPattern(`(?:a|b)*a(?:a|b){${length}}$`);
      // Once while there is something to remember, and once with what was remembered.
      for (let turn = 0; turn < 2; turn++) expect(matcher.test(text)).toBe(text.at(-length - 1) === "a");
    }
    expect(linearPattern("bab.{0,1000}c").test(text)).toBe(false);
    expect(linearPattern("bab.{0,1000}c").test(`${text}c`)).toBe(true);
    expect(linearPattern("(?:ab?|b)*a(?:ab?|b){1000}c").test(text)).toBe(false);
  });
});

/** As random as a hostile text. */
function coinFlips(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (state >> 16) % 2 === 0 ? "a" : "b";
  }).join("");
}

/** The lengths that each of these may take from a text; the engine's own matcher would try again for minutes, or give up. */
const ATOMS: Readonly<Record<string, (text: string) => readonly number[]>> = {
  a: (text) => (text.startsWith("a") ? [1] : []),
  "[ab]": (text) => (/^[ab]/.test(text) ? [1] : []),
  ".": (text) => (text === "" ? [] : [1]),
  "(?:ab|b)": (text) => (text.startsWith("ab") ? [2] : text.startsWith("b") ? [1] : []),
  "(?:a|bb?)": (text) => (text.startsWith("bb") ? [1, 2] : /^[ab]/.test(text) ? [1] : []),
};

test("counted repetitions of many positions in texts of many situations", () => {
  const part = fc.record({
    atom: fc.constantFrom(...Object.keys(ATOMS)),
    min: fc.nat(45),
    more: fc.nat(4),
  });
  const matches = (parts: readonly { atom: string; min: number; more: number }[], end: string, text: string) => {
    let places = new Set(Array.from({ length: text.length + 1 }, (_, at) => at));
    for (const { atom, min, more } of parts) {
      const after = new Set<number>();
      for (let times = 0; times <= min + more; times++) {
        if (times >= min) for (const place of places) after.add(place);
        places = new Set(
          Array.from(places, (place) => ATOMS[atom]!(text.slice(place, place + 2)).map((more) => place + more)).flat(),
        );
      }
      places = after;
    }
    return end === "$" ? places.has(text.length) : places.size > 0;
  };
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 3 }),
      fc.constantFrom("", "$"),
      fc.nat(5_000),
      fc.constantFrom("", " ", "ab"),
      (parts, end, from, middle) => {
        const source = parts.map(({ atom, min, more }) => `${atom}{${min},${min + more}}`).join("") + end;
        const text = coinFlips(from + 600).slice(from);
        const own = matcherOf(source);
        for (const one of [text, text.slice(0, 60), text.slice(0, 30) + middle + text.slice(30, 80)])
          expect([source, one, own.test(one)]).toEqual([source, one, matches(parts, end, one)]);
      },
    ),
    { numRuns: 200 },
  );
});

test("a property of characters has the characters that it has", () => {
  for (const name of ["Lu", "Script=Greek", "Emoji", "Cs", "Any", "Surrogate"]) {
    const native = new RegExp(`^\\p{${name}}$`, "u");
    const set = propertySet(name);
    for (let code = 0; code <= 0x10ffff; code += code < 0x3000 || (code > 0xd700 && code < 0xe100) ? 1 : 97) {
      const isIn = set.some(([first, last]) => code >= first && code <= last);
      if (isIn !== native.test(String.fromCodePoint(code))) throw new Error(`${name}: ${code}`);
    }
  }
});

describe("what cannot be done in linear time is refused, and says why", () => {
  test.each([
    ["(a)\\1", "Referring to a group"],
    ["(?<x>a)\\k<x>", "Referring to a group"],
    ["a(?=b)", "Looking ahead or behind"],
    ["(?<!b)a", "Looking ahead or behind"],
    ["(?!b)a", "Looking ahead or behind"],
    ["(?i:a)b", "Flags within"],
    ["(?:(?:a{1,100}){1,100}){1,100}", "too large"],
    ["^(?:a?){1000}b", "too large"],
    ["^(?:a?b?){2000}c", "too large"],
    ["(", "missing )"],
    ["[b-a]", "range"],
  ])("%s", (source, why) => refuses(source, why));

  test("groups in groups in groups", () => refuses(`${"(".repeat(200)}a${")".repeat(200)}`, "100 deep"));
  test("what is longer than patterns are", () => refuses("a".repeat(20_000), "10000 characters"));

  function refuses(source: string, why: string): void {
    expect(() => linearPattern(source)).toThrow(UnusablePattern);
    expect(() => linearPattern(source)).toThrow(why);
  }
});
