import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { SQS } from "#foundation/aws";
import {
  attributeFilter,
  attributesMd5,
  attributesSize,
  attributeValue,
  checkMessageAttributes,
  readAttributes,
  writeAttributes,
} from "./message-attributes.ts";

type Given = Record<string, SQS.MessageAttributeValue>;

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,20}$/).filter((text) => !/^(aws|amazon)\./i.test(text));
const text = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
  .filter((value) => !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(value) && value.isWellFormed());
const value: fc.Arbitrary<SQS.MessageAttributeValue> = fc.oneof(
  text.map((StringValue) => ({ DataType: "String", StringValue })),
  fc
    .double({ noNaN: true, min: -1e126, max: 1e126 })
    .filter((number) => number === 0 || Math.abs(number) >= 1e-128)
    .map((number) => ({ DataType: "Number.x", StringValue: String(number) })),
  fc.uint8Array({ minLength: 1, maxLength: 30 }).map((BinaryValue) => ({ DataType: "Binary", BinaryValue })),
);
const given: fc.Arbitrary<Given> = fc.dictionary(name, value, { maxKeys: 10, noNullPrototype: true });

/** The same, as the developer guide tells it, over one buffer. */
function naiveMd5(attributes: Given): string {
  const parts: Buffer[] = [];
  const part = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length);
    parts.push(length, Buffer.from(bytes));
  };
  for (const key of Object.keys(attributes).sort()) {
    const { DataType, StringValue, BinaryValue } = attributes[key]!;
    part(Buffer.from(key));
    part(Buffer.from(DataType));
    parts.push(Buffer.from([DataType.startsWith("Binary") ? 2 : 1]));
    part((BinaryValue as Uint8Array | undefined) ?? Buffer.from(StringValue!));
  }
  return createHash("md5").update(Buffer.concat(parts)).digest("hex");
}

describe("message attributes", () => {
  test("come back as they were given, with the digest and the size that SQS says", () => {
    fc.assert(
      fc.property(given, (attributes) => {
        const stored = readAttributes(writeAttributes(checkMessageAttributes(attributes)));
        expect(Object.fromEntries(stored.map((one) => [one[0], attributeValue(one)]))).toEqual(attributes as never);
        const empty = stored.length === 0;
        expect(attributesMd5(stored)).toBe(empty ? undefined : naiveMd5(attributes));
        const size = Object.entries(attributes).reduce(
          (sum, [key, { DataType, StringValue, BinaryValue }]) =>
            sum +
            key.length +
            DataType.length +
            ((BinaryValue as Uint8Array | undefined)?.length ?? Buffer.byteLength(StringValue ?? "")),
          0,
        );
        expect(attributesSize(stored)).toBe(size);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["0", true],
    ["-1.5", true],
    ["+.5e-3", true],
    ["1e126", true],
    ["-1e-128", true],
    ["0e999", true],
    ["1.1e126", false],
    ["1e200", false],
    ["9e-129", false],
    ["-1e-999", false],
    ["1.", true],
    ["", false],
    [".", false],
    ["1e", false],
    ["0x10", false],
    ["NaN", false],
    ["1 ", false],
  ])("the number %p is one: %p", (StringValue, isNumber) => {
    const check = () => checkMessageAttributes({ n: { DataType: "Number", StringValue } });
    if (isNumber) expect(check()).toEqual([["n", "Number", StringValue]]);
    else expect(check).toThrow();
  });

  test("are chosen by name, by prefix, or all", () => {
    const all = checkMessageAttributes(
      Object.fromEntries(["color", "col.x", "other"].map((key) => [key, { DataType: "String", StringValue: "x" }])),
    );
    const chosen = (...names: string[]) => attributeFilter(names)?.(all).map(([key]) => key);
    expect(chosen()).toBeUndefined();
    expect(chosen("All")).toEqual(["color", "col.x", "other"]);
    expect(chosen(".*")).toEqual(["color", "col.x", "other"]);
    expect(chosen("col.*")).toEqual(["color", "col.x"]);
    expect(chosen("other", "none")).toEqual(["other"]);
    expect(chosen("none")).toEqual([]);
  });
});
