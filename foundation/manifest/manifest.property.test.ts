/** What holds for every manifest, and for every text that is none. A second TOML parser, written by others, is the oracle. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { canonicalJson } from "#foundation/canonical-json";
import { processorMsSince } from "../../tests/support/processor-time.ts";
import { randomFrom } from "../../tests/support/random.ts";
import { runs } from "../../tests/support/runs.ts";
import { documentValues } from "./document-values.ts";
import {
  formatManifest,
  formatManifestText,
  MANIFEST_BYTES_MAX,
  manifestFromJson,
  manifestHash,
  parseManifest,
} from "./index.ts";
import { randomManifest, shuffledKeys } from "./random-manifest.ts";
import { readDocument } from "./read-document.ts";

const hashOf = ({ manifest, problems }: ReturnType<typeof parseManifest>): string => {
  if (manifest === undefined) throw new Error(JSON.stringify(problems, undefined, 1));
  return manifestHash(manifest);
};

describe("every manifest", () => {
  test("has one hash: in any order, as JSON, as TOML of another writer, formatted, and in its normal form", () => {
    fc.assert(
      fc.property(randomManifest, fc.integer(), (json, seed) => {
        const hash = hashOf(manifestFromJson(json));
        expect(hashOf(manifestFromJson(shuffledKeys(json, randomFrom(seed))))).toBe(hash);
        const text = stringify(shuffledKeys(json, randomFrom(seed)) as Record<string, unknown>);
        expect(hashOf(parseManifest(text))).toBe(hash);
        const formatted = formatManifestText(text).text!;
        expect(hashOf(parseManifest(formatted))).toBe(hash);
        expect(formatManifestText(formatted).text).toBe(formatted);
        const { manifest } = manifestFromJson(json);
        expect(manifestFromJson(manifest)).toEqual({ manifest: manifest! });
        expect(hashOf(parseManifest(formatManifest(manifest!)))).toBe(hash);
      }),
      { numRuns: runs(50) },
    );
  });

  test("gives problems, or another manifest, and never throws, when something in it is changed", () => {
    const junk = fc.constantFrom(
      null,
      -1,
      0,
      1.5,
      "",
      "x",
      "\u0000",
      "\ud800",
      [],
      {},
      [[]],
      [{}],
      true,
      "__proto__",
      1e300,
    );
    fc.assert(
      fc.property(randomManifest, fc.nat(), junk, (json, at, value) => {
        const places = placesIn(json);
        const [holder, key] = places[at % places.length]!;
        holder[key] = value;
        const { manifest, problems } = manifestFromJson(json);
        expect(manifest === undefined ? problems.length > 0 : problems === undefined).toBe(true);
        for (const { message } of problems ?? []) expect(message).toMatch(/^[^\u0000-\u001f]+\.$|\?$/);
      }),
      { numRuns: runs(100) },
    );
  });

  test("gives problems with places, and never throws, when its text is changed", () => {
    const pieces = [
      "",
      "\n",
      '"',
      "'",
      "[",
      "]",
      "[[",
      "{",
      "}",
      "=",
      ".",
      ",",
      "#",
      "\\",
      "\u0000",
      "\ud83d",
      "é",
      "🐎",
      '"""',
      "\r",
      "1979-05-27",
      "__proto__",
    ];
    fc.assert(
      fc.property(
        randomManifest,
        fc.array(fc.tuple(fc.nat(), fc.nat(9), fc.constantFrom(...pieces)), { minLength: 1, maxLength: 4 }),
        (json, edits) => {
          let text = stringify(json);
          for (const [at, length, piece] of edits) {
            const from = at % (text.length + 1);
            text = text.slice(0, from) + piece + text.slice(from + length);
          }
          const { manifest, problems } = parseManifest(text);
          const lines = text.split("\n");
          for (const { line, column } of problems ?? []) {
            expect(line).toBeWithin(1, lines.length + 1);
            expect(column).toBeWithin(1, lines[line! - 1]!.length + 2);
          }
          const formatted = formatManifestText(text).text;
          if (formatted !== undefined) expect(formatManifestText(formatted).text).toBe(formatted);
          if (manifest !== undefined) expect(hashOf(parseManifest(formatted!))).toBe(manifestHash(manifest));
        },
      ),
      { numRuns: runs(100) },
    );
  });
});

/** Every place in a value where something could stand instead. */
function placesIn(value: unknown): readonly (readonly [holder: Record<string, unknown>, key: string])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => [
    [value as Record<string, unknown>, key] as const,
    ...placesIn((value as Record<string, unknown>)[key]),
  ]);
}

describe("any TOML", () => {
  const key = fc.oneof(fc.constantFrom("a", "b", "processes", "web", "env", "vars"), fc.string({ maxLength: 4 }));
  const scalar = fc.oneof(fc.string(), fc.integer({ min: -1000, max: 1000 }), fc.boolean(), fc.double({ noNaN: true }));
  const { tree } = fc.letrec<{ tree: Record<string, unknown>; value: unknown }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie("value"), { maxLength: 3 }), tie("tree")),
    tree: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
  }));

  const plain = (text: string): string => {
    const read = readDocument(text);
    if ("problem" in read) throw new Error(`${read.problem.message}\n${text}`);
    return canonicalJson(documentValues(read.document).value);
  };

  test("reads as another parser reads it, also when it is formatted", () => {
    fc.assert(
      fc.property(tree, (value) => {
        const text = stringify(value);
        const wanted = canonicalJson(parse(text));
        expect(plain(text)).toBe(wanted);
        const formatted = formatManifestText(text).text!;
        expect(canonicalJson(parse(formatted))).toBe(wanted);
        expect(formatManifestText(formatted).text).toBe(formatted);
      }),
      { numRuns: runs(100) },
    );
  });

  test("keeps every comment when it is formatted", () => {
    fc.assert(
      fc.property(tree, fc.infiniteStream(fc.nat(3)), (value, choice) => {
        let count = 0;
        const next = (): number => choice.next().value as number;
        const commented = stringify(value)
          .split("\n")
          .flatMap((line) => {
            const before = next() === 0 ? [`# c${count++}`] : [];
            if (next() === 1) before.push("");
            return [...before, next() === 0 ? `${line} # c${count++}` : line];
          })
          .join("\n");
        const formatted = formatManifestText(commented).text!;
        const found = [...formatted.matchAll(/# c(\d+)/g)].map(([, number]) => Number(number)).sort((a, b) => a - b);
        expect(found).toEqual(Array.from({ length: count }, (_, index) => index));
        expect(plain(formatted)).toBe(plain(commented));
        expect(formatManifestText(formatted).text).toBe(formatted);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe("hostile texts are refused in no time", () => {
  const size = MANIFEST_BYTES_MAX - 10;
  test.each([
    ["too large", "#".repeat(MANIFEST_BYTES_MAX + 1), "E_TOO_LARGE"],
    ["a long text", `a = "${"x".repeat(size)}"`, "E_MISSING"],
    ["brackets", `a = ${"[".repeat(size)}`, "E_SYNTAX"],
    ["lists in lists", `a = ${"[".repeat(size / 2)}${"]".repeat(size / 2)}`, "E_TOO_DEEP"],
    ["tables in tables", `a = ${"{a=".repeat(5000)}1${"}".repeat(5000)}`, "E_TOO_DEEP"],
    ["a long key", `a${".a".repeat(size / 2)} = 1`, "E_TOO_DEEP"],
    ["a long header", `[a${".a".repeat(size / 2)}]`, "E_TOO_DEEP"],
    ["keys", Array.from({ length: size / 10 }, (_, index) => `${index} = 1`).join("\n"), "E_MISSING"],
    ["tables", "[[volumes]]\n".repeat(size / 12), "E_MISSING"],
    ["comments", "#\n".repeat(size / 2), "E_MISSING"],
    ["comments on a line", `a = [${"1, #\n".repeat(size / 6)}]`, "E_MISSING"],
    ["quotes", '"'.repeat(size), "E_SYNTAX"],
    ["an image reference", `image.ref = "${"a-".repeat(250)}!"`, "E_MISSING"],
    ["a hostname", `[[endpoints]]\nhostname = "${"a-".repeat(126)}"`, "E_MISSING"],
  ])("%s", (_, text, code) => {
    const begun = process.cpuUsage();
    const { problems } = parseManifest(text);
    formatManifestText(text);
    // Milliseconds on a quiet machine; nothing here may be quadratic.
    expect(processorMsSince(begun)).toBeLessThan(2000);
    expect(problems!.map((problem) => problem.code)).toContain(code as never);
  });
});
