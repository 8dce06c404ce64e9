import { expect, test } from "bun:test";
import fc from "fast-check";
import { MalformedBytesError } from "#foundation/binary";
import { BackupError } from "./backup-error.ts";
import {
  decodeEntries,
  decodeManifest,
  decodePairs,
  encodeEntries,
  encodeManifest,
  encodePairs,
  type Manifest,
  sha256,
} from "./format.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const PAIRS = hex("01 00000002 00000001 61 00000000 00000001 62 00000002 ffee");
/** Version 258 sets "k" to "v"; version 259 writes nothing. */
const ENTRIES = hex(
  "02 00000002 0000000000000102 00000010 01 00000001 00 00000001 6b 00000001 76 0000000000000103 00000000",
);
const MANIFEST: Manifest = {
  epoch: 7n,
  version: 259n,
  teams: [
    { begin: bytes(""), end: bytes("b"), version: 257n },
    { begin: bytes("b"), end: Uint8Array.of(0xff), version: 258n },
  ],
  parts: [
    { name: "a1-team0-1", bytes: 5, sha256: new Uint8Array(32).fill(0xaa), items: 2, team: 0 },
    { name: "a1-entries-1", bytes: 6, sha256: new Uint8Array(32).fill(0xbb), items: 1, team: undefined },
  ],
};
const BODY = hex(
  [
    "0000000000000007 0000000000000103",
    "00000002 00000000 00000001 62 0000000000000101 00000001 62 00000001 ff 0000000000000102",
    `00000002 0000000a 61312d7465616d302d31 0000000000000005 00000020 ${"aa".repeat(32)} 00000002 01 00000000`,
    `0000000c 61312d656e74726965732d31 0000000000000006 00000020 ${"bb".repeat(32)} 00000001 00`,
  ].join(""),
);
const FILE = new Uint8Array([...bytes("BPSTBKUP"), 1, ...sha256(BODY), ...BODY]);

function failureOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof BackupError) return error.code;
    throw error;
  }
}

/** A manifest with a right checksum, as somebody else may have made it. */
const changed = (changes: Partial<Manifest>): string | undefined =>
  failureOf(() => decodeManifest(encodeManifest({ ...MANIFEST, ...changes })));

test("parts and manifests are written and read as they were when the format was made", () => {
  const pairs = [
    { key: bytes("a"), value: bytes("") },
    { key: bytes("b"), value: Uint8Array.of(0xff, 0xee) },
  ];
  expect(encodePairs(pairs)).toEqual(PAIRS);
  expect(decodePairs(PAIRS)).toEqual(pairs);
  const entries = [
    { version: 258n, data: hex("01 00000001 00 00000001 6b 00000001 76") },
    { version: 259n, data: bytes("") },
  ];
  expect(encodeEntries(entries)).toEqual(ENTRIES);
  expect(decodeEntries(ENTRIES)).toEqual(entries);
  expect(encodeManifest(MANIFEST)).toEqual(FILE);
  expect(decodeManifest(FILE)).toEqual(MANIFEST);
});

test("a manifest of a later format is told from a damaged one", () => {
  const later = new Uint8Array(FILE);
  later[8] = 2;
  expect(failureOf(() => decodeManifest(later))).toBe("unknown_format");
  expect(failureOf(() => decodeManifest(bytes("")))).toBe("damaged");
});

test("one flipped bit or a missing end of a manifest is refused", () => {
  fc.assert(
    fc.property(fc.nat(FILE.length - 1), fc.nat(7), (at, bit) => {
      expect(failureOf(() => decodeManifest(FILE.subarray(0, at)))).toBe("damaged");
      const flipped = new Uint8Array(FILE);
      flipped[at]! ^= 1 << bit;
      expect(failureOf(() => decodeManifest(flipped))).toBe(at === 8 ? "unknown_format" : "damaged");
    }),
  );
});

test("a manifest that says what cannot be is refused, though its checksum is right", () => {
  const [first, second] = MANIFEST.teams as [Manifest["teams"][number], Manifest["teams"][number]];
  const part = MANIFEST.parts[0]!;
  expect(changed({})).toBeUndefined();
  expect(changed({ teams: [first] })).toBe("damaged");
  expect(changed({ teams: [second] })).toBe("damaged");
  expect(changed({ teams: [first, { ...second, begin: bytes("c") }] })).toBe("damaged");
  expect(changed({ version: 257n })).toBe("damaged");
  expect(changed({ parts: [part, part] })).toBe("damaged");
  expect(changed({ parts: [{ ...part, name: "../secret" }] })).toBe("damaged");
  expect(changed({ parts: [{ ...part, team: 2 }] })).toBe("damaged");
  expect(changed({ parts: [{ ...part, sha256: bytes("short") }] })).toBe("damaged");
});

test("bytes of chance are a part that encodes to the same, or refused", () => {
  const small = fc.oneof(fc.constantFrom(0, 0, 0, 1, 2), fc.nat(255));
  const chance = fc.oneof(
    fc.array(small, { maxLength: 60 }).map((source) => Uint8Array.from(source)),
    fc.tuple(fc.constantFrom(PAIRS, ENTRIES), fc.nat(), fc.nat(255)).map(([whole, at, byte]) => {
      const one = new Uint8Array(whole);
      one[at % one.length] = byte;
      return one;
    }),
  );
  fc.assert(
    fc.property(chance, (source) => {
      for (const again of [() => encodePairs(decodePairs(source)), () => encodeEntries(decodeEntries(source))]) {
        try {
          expect(again()).toEqual(source);
        } catch (error) {
          if (!(error instanceof MalformedBytesError)) throw error;
        }
      }
    }),
  );
});
