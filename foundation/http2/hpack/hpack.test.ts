import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Octets } from "../frames/octets.ts";
import { BrokenCompression, FieldDecoder } from "./decoder.ts";
import { FieldEncoder } from "./encoder.ts";
import { huffmanDecoded, huffmanLength, writeHuffman } from "./huffman.ts";

type Field = readonly [name: string, value: string];

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

function decoded(decoder: FieldDecoder, section: Buffer, most = 65_536): Field[] {
  const fields: Field[] = [];
  decoder.decode(section, most, (name, value) => fields.push([name, value]));
  return fields;
}

function encoded(encoder: FieldEncoder, fields: readonly Field[]): Buffer {
  const out = new Octets();
  encoder.begin(out);
  for (const [name, value] of fields) encoder.field(out, name, value);
  return Buffer.from(out.bytes.subarray(0, out.length));
}

/** The requests of RFC 7541 appendix C.4, one after the other on a connection. */
const REQUESTS: readonly (readonly [section: string, fields: readonly Field[]])[] = [
  [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    [
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "www.example.com"],
    ],
  ],
  [
    "8286 84be 5886 a8eb 1064 9cbf",
    [
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "www.example.com"],
      ["cache-control", "no-cache"],
    ],
  ],
  [
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/index.html"],
      [":authority", "www.example.com"],
      ["custom-key", "custom-value"],
    ],
  ],
];

describe("field sections", () => {
  test("are read as RFC 7541 shows", () => {
    const decoder = new FieldDecoder(4096);
    for (const [section, fields] of REQUESTS) expect(decoded(decoder, hex(section))).toEqual([...fields]);
  });

  test("are written as short as RFC 7541 shows", () => {
    const encoder = new FieldEncoder();
    for (const [section, fields] of REQUESTS)
      expect(encoded(encoder, fields).toString("hex")).toBe(hex(section).toString("hex"));
  });

  const text = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  });
  const name = fc.oneof(
    fc.constantFrom("content-type", "set-cookie", "x-a", "server", "date"),
    fc.stringMatching(/^[a-z-]{1,20}$/),
  );
  const fields = fc.array(fc.tuple(name, fc.oneof(text, fc.constantFrom("", "1", "text/html"))), { maxLength: 40 });

  test("come back as they were, section after section, whatever tables become", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fields, fc.option(fc.integer({ min: 0, max: 8192 }))), { maxLength: 6 }),
        (sections) => {
          const encoder = new FieldEncoder();
          const decoder = new FieldDecoder(8192);
          for (const [one, tableBytes] of sections) {
            if (tableBytes !== null) encoder.peerTableBytes = tableBytes;
            expect(decoded(decoder, encoded(encoder, one), 1e9)).toEqual(one);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("of any octets are read, or refused as broken, in bounded time", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }), (sections) => {
        const decoder = new FieldDecoder(256);
        try {
          for (const section of sections) decoded(decoder, Buffer.from(section));
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenCompression);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["an index of nothing", "80"],
    ["an index beyond both tables", "ff80 01"],
    ["a number without end", "ff80 8080 8080 8080 01"],
    ["a text that breaks off", "4005 6162"],
    ["a text without length", "40"],
    ["a table larger than it may be", "3fe1 ff03"],
    ["a table that changes behind a field", "8220"],
    ["an end of string inside a text", "0084 ffff ffff 00"],
    ["padding of more than seven bits", "0082 fff8 ff00"],
    ["padding that is no beginning of the end", "0081 0000"],
  ])("%s is broken", (_, section) => {
    expect(() => decoded(new FieldDecoder(4096), hex(section))).toThrow(BrokenCompression);
  });

  test("too many octets of fields are not told, and the table is kept all the same", () => {
    const encoder = new FieldEncoder();
    const decoder = new FieldDecoder(4096);
    const large: Field = ["x-large", "a".repeat(500)];
    const section = encoded(
      encoder,
      Array.from({ length: 100 }, () => large),
    );
    let told = 0;
    expect(decoder.decode(section, 2_000, () => told++)).toBe(false);
    expect(told).toBe(3);
    expect(decoded(decoder, encoded(encoder, [large]))).toEqual([large]);
  });
});

describe("the Huffman code", () => {
  test("gives back any text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        const text = Buffer.from(octets).toString("latin1");
        const bytes = new Uint8Array(huffmanLength(text));
        expect(writeHuffman(text, bytes, 0)).toBe(bytes.length);
        expect(huffmanDecoded(Buffer.from(bytes), 0, bytes.length)).toBe(text);
      }),
    );
  });
});
