import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { compareKeys } from "../keys/index.ts";
import {
  pack,
  packWithVersionstamp,
  type Tuple,
  TupleDouble,
  type TupleElement,
  TupleError,
  TupleFloat,
  TupleUuid,
  tupleRange,
  unpack,
  Versionstamp,
} from "./index.ts";

type Published =
  | { readonly t: "null" }
  | { readonly t: "int" | "str"; readonly v: string }
  | { readonly t: "float" | "double"; readonly bits: string }
  | { readonly t: "bytes" | "uuid"; readonly hex: string }
  | { readonly t: "bool"; readonly v: boolean }
  | { readonly t: "tuple"; readonly v: readonly Published[] }
  | { readonly t: "versionstamp"; readonly tr: string | null; readonly user: number };

const unhex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

function element(one: Published): TupleElement {
  switch (one.t) {
    case "null":
      return null;
    case "int": {
      const value = BigInt(one.v);
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    }
    case "str":
      return one.v;
    case "float":
      return new TupleFloat(Number.parseInt(one.bits, 16));
    case "double":
      return new TupleDouble(BigInt(`0x${one.bits}`));
    case "bytes":
      return unhex(one.hex);
    case "uuid":
      return new TupleUuid(unhex(one.hex));
    case "bool":
      return one.v;
    case "tuple":
      return one.v.map(element);
    case "versionstamp":
      return new Versionstamp(one.tr === null ? undefined : unhex(one.tr), one.user);
  }
}

function readLines<T>(name: string): T[] {
  const text = gunzipSync(readFileSync(`${vectorsDirectory}/fdb/${name}.jsonl.gz`)).toString();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

interface Packed {
  readonly tuple?: readonly Published[];
  readonly packed: string;
  readonly rangeBegin: string;
  readonly rangeEnd: string;
}

vectorTest("published tuples pack to their bytes and ranges, and unpack to themselves", () => {
  const lines = readLines<Packed>("tuple-pack");
  expect(lines.length).toBe(6915);
  for (const line of lines) {
    // Two lines have no tuple: their strings are not UTF-8, which some languages let pass.
    if (line.tuple === undefined) {
      expect(() => unpack(unhex(line.packed))).toThrow(TupleError);
      continue;
    }
    const read = unpack(unhex(line.packed));
    expect(hex(pack(read))).toBe(line.packed);
    const tuple = line.tuple.map(element);
    expect(hex(pack(tuple))).toBe(line.packed);
    expect(read).toEqual(tuple);
    const { begin, end } = tupleRange(tuple);
    expect([hex(begin), hex(end)]).toEqual([line.rangeBegin, line.rangeEnd]);
  }
});

vectorTest("published lists of tuples sort by bytes as they do by meaning", () => {
  for (const { sorted } of readLines<{ sorted: readonly Packed[] }>("tuple-order")) {
    const keys = sorted.map((one) => pack((one.tuple ?? []).map(element)));
    expect(keys.map(hex)).toEqual(sorted.map((one) => one.packed));
    for (let i = 1; i < keys.length; i++) expect(compareKeys(keys[i - 1]!, keys[i]!)).toBeLessThanOrEqual(0);
  }
});

vectorTest("published tuples with a versionstamp pack with its place, or are refused", () => {
  interface Stamped {
    readonly prefix: string;
    readonly tuple: readonly Published[];
    readonly packedWithVersionstamp?: string;
    readonly result: string;
  }
  const lines = readLines<Stamped>("tuple-versionstamp");
  expect(lines.length).toBe(300);
  for (const line of lines) {
    const packing = () => packWithVersionstamp(line.tuple.map(element), unhex(line.prefix));
    if (line.result === "OK") expect(hex(packing())).toBe(line.packedWithVersionstamp ?? "");
    else expect(packing).toThrow(TupleError);
  }
});

vectorTest("published malformed bytes are refused", () => {
  const cases = JSON.parse(readFileSync(`${vectorsDirectory}/fdb/tuple-malformed.json`, "utf8")) as readonly string[];
  expect(cases.length).toBe(20);
  for (const bytes of cases) expect(() => unpack(unhex(bytes))).toThrow(TupleError);
});

const anyElement: fc.Arbitrary<TupleElement> = fc.letrec<{ element: TupleElement }>((tie) => ({
  element: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.uint8Array({ maxLength: 6 }),
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.double().map((value) => TupleDouble.of(value)),
    fc.float().map((value) => TupleFloat.of(value)),
    fc.array(tie("element"), { maxLength: 4 }),
  ),
})).element;

test("what is packed unpacks to the same", () => {
  fc.assert(
    fc.property(fc.array(anyElement, { maxLength: 5 }), (tuple) => {
      // No number is −0 in a tuple: it is the integer 0.
      expect(hex(pack(unpack(pack(tuple))))).toBe(hex(pack(tuple)));
    }),
  );
});

test("bytes of chance are a tuple or refused, never anything else", () => {
  const typeBytes = fc.constantFrom(0, 1, 2, 5, 0x0b, 0x0c, 0x14, 0x15, 0x1d, 0x20, 0x21, 0x26, 0x30, 0x33, 0xff);
  fc.assert(
    fc.property(fc.array(fc.oneof(typeBytes, fc.nat(255)), { maxLength: 40 }), (bytes) => {
      let tuple: Tuple;
      try {
        tuple = unpack(Uint8Array.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(TupleError);
        return;
      }
      expect(Array.isArray(tuple)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("integers sort as numbers across every length", () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 80n), 2n ** 80n), fc.bigInt(-(2n ** 80n), 2n ** 80n), (a, b) => {
      expect(Math.sign(compareKeys(pack([a]), pack([b])))).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test("doubles sort as numbers, negatives too", () => {
  const doubles = [-Infinity, -1.5, -1, -0, 0, 1e-300, 2, Infinity].map((value) => pack([TupleDouble.of(value)]));
  for (let i = 1; i < doubles.length; i++) expect(compareKeys(doubles[i - 1]!, doubles[i]!)).toBeLessThan(0);
});

test("both spellings of 2^64 − 1 are read", () => {
  expect(unpack(unhex("1cffffffffffffffff"))).toEqual([2n ** 64n - 1n]);
  expect(unpack(unhex("1d08ffffffffffffffff"))).toEqual([2n ** 64n - 1n]);
});

test("what no tuple can hold is refused", () => {
  for (const value of [1.5, Number.NaN, 2 ** 53, "\ud800", 2n ** 2040n]) {
    expect(() => pack([value])).toThrow(TupleError);
  }
  expect(() => pack([new Versionstamp(undefined, 0)])).toThrow(TupleError);
  expect(() => unpack(new Uint8Array(100_000).fill(5))).toThrow(TupleError);
});

test("a byte order mark is a character like any other", () => {
  expect(unpack(pack(["\ufeffa"]))).toEqual(["\ufeffa"]);
});

test("what is unpacked shares no memory with the bytes, a Buffer's neither", () => {
  const stamp = new Versionstamp(new Uint8Array(10), 1);
  const tuple = [Uint8Array.of(1), new TupleUuid(new Uint8Array(16)), stamp];
  const bytes = Buffer.from(pack(tuple));
  const read = unpack(bytes);
  bytes.fill(0x77);
  expect(read).toEqual(tuple);
});
