import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SigningKey } from "#foundation/aws/sigv4";
import {
  ChunkedBodyError,
  type ChunkedBodyOptions,
  ChunkedDecoder,
  type ChunkedFailure,
  type ChunkSigning,
  decodeChunkedBody,
  encodeChunkedBody,
  encodedLength,
} from "./index.ts";

const scope = { date: "20130524", region: "us-east-1", service: "s3" };
const key = new SigningKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope);

function signing(seedSignature: string): ChunkSigning {
  return { key, scope, timestamp: "20130524T000000Z", seedSignature };
}

const signed: ChunkSigning = signing("0".repeat(64));

interface Decoded {
  readonly body: Buffer;
  readonly trailers: ReadonlyMap<string, string>;
}

function decode(pieces: readonly Uint8Array[], options: Partial<ChunkedBodyOptions> = {}): Decoded {
  const decoder = new ChunkedDecoder({ decodedLength: undefined, signing: undefined, trailer: false, ...options });
  const out: Uint8Array[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) out.push(next.slice());
  }
  decoder.finish();
  return { body: Buffer.concat(out), trailers: decoder.trailers };
}

function failureOf(attempt: () => unknown): ChunkedFailure {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ChunkedBodyError) return error.failure;
    throw error;
  }
  throw new Error("the body was accepted");
}

function text(value: string): readonly Uint8Array[] {
  return [Buffer.from(value, "latin1")];
}

/** Cuts bytes at random places. */
function cut(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const at = [0, ...cuts.map((value) => value % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

describe("S3's published examples", () => {
  const body = Buffer.alloc(66_560, "a");

  function wire(signatures: readonly [string, string, string], trailer: string): Buffer {
    return Buffer.concat([
      Buffer.from(`10000;chunk-signature=${signatures[0]}\r\n`),
      body.subarray(0, 65_536),
      Buffer.from(`\r\n400;chunk-signature=${signatures[1]}\r\n`),
      body.subarray(65_536),
      Buffer.from(`\r\n0;chunk-signature=${signatures[2]}\r\n${trailer}\r\n`),
    ]);
  }

  const plain = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
  ] as const;
  const plainSeed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";

  const withTrailer = [
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
  ] as const;
  const trailerSeed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
  const trailer =
    "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n";

  test("signed chunks", () => {
    const bytes = wire(plain, "");
    const decoded = decode([bytes], { signing: signing(plainSeed), decodedLength: 66_560 });
    expect(decoded.body.equals(body)).toBe(true);
    const encoded = [...encodeChunkedBody([body], { chunkBytes: 65_536, signing: signing(plainSeed) })];
    expect(Buffer.concat(encoded).equals(bytes)).toBe(true);
    expect(encodedLength(66_560, 65_536, true)).toBe(bytes.length);
    expect(bytes.length).toBe(66_824);
  });

  test("signed chunks and trailer", () => {
    const options = { signing: signing(trailerSeed), decodedLength: 66_560, trailer: true };
    const decoded = decode([wire(withTrailer, trailer)], options);
    expect(decoded.trailers).toEqual(new Map([["x-amz-checksum-crc32c", "sOO8/Q=="]]));
    const wrong = trailer.replace("sOO8", "sOO9");
    expect(failureOf(() => decode([wire(withTrailer, wrong)], options))).toMatchObject({
      reason: "signature-mismatch",
      where: "trailer",
    });
    const bare = trailer.replace(/x-amz-trailer-signature.*\r\n/, "");
    expect(failureOf(() => decode([wire(withTrailer, bare)], options)).reason).toBe("incomplete");
  });

  test("a changed byte is found at the end of its chunk", () => {
    const bytes = wire(plain, "");
    bytes[70_000 - 66_560 + 100] = 0x62;
    expect(failureOf(() => decode([bytes], { signing: signing(plainSeed) }))).toMatchObject({
      reason: "signature-mismatch",
      where: 0,
    });
  });
});

describe("every variant", () => {
  test("what is encoded is decoded, however the wire cuts it", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 1, max: 1200 }),
        fc.boolean(),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 20 }),
        (body, chunkBytes, isSigned, hasTrailer, cuts) => {
          const fields = [["x-amz-checksum-crc32", "y/Q5Jg=="]] as const;
          const bytes = Buffer.concat([
            ...encodeChunkedBody(cut(body, cuts), {
              chunkBytes,
              ...(isSigned ? { signing: signed } : {}),
              ...(hasTrailer ? { trailer: () => fields } : {}),
            }),
          ]);
          const options = {
            decodedLength: body.length,
            signing: isSigned ? signed : undefined,
            trailer: hasTrailer,
            trailerNames: hasTrailer ? ["x-amz-checksum-crc32"] : [],
          };
          const decoded = decode(cut(bytes, cuts), options);
          expect(decoded.body.equals(body)).toBe(true);
          expect([...decoded.trailers]).toEqual(hasTrailer ? fields.map(([name, value]) => [name, value]) : []);
          if (!hasTrailer) expect(bytes.length).toBe(encodedLength(body.length, chunkBytes, isSigned));
          // Every proper prefix is incomplete, whatever its end.
          const end = (cuts[0] ?? 7) % bytes.length;
          expect(failureOf(() => decode([bytes.subarray(0, end)], options)).reason).toBe("incomplete");
        },
      ),
      { numRuns: 300 },
    );
  });

  test("one changed byte of a signed body is always refused", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 500 }),
        fc.integer({ min: 1, max: 200 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (body, chunkBytes, place, change) => {
          const bytes = Buffer.concat([
            ...encodeChunkedBody([body], {
              chunkBytes,
              signing: signed,
              trailer: () => [["x-amz-checksum-crc32", "y/Q5Jg=="]],
            }),
          ]);
          const at = place % bytes.length;
          const before = bytes[at] ?? 0;
          const after = before ^ change;
          bytes[at] = after;
          // Spellings that mean the same are not changes: letter case of sizes and names, optional white space, the carriage return before a line feed.
          const same =
            String.fromCharCode(before).toLowerCase() === String.fromCharCode(after).toLowerCase() || before === 0x0d;
          if (same) return;
          expect(() => decode([bytes], { decodedLength: body.length, signing: signed, trailer: true })).toThrow(
            ChunkedBodyError,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  test("noise is refused by type", () => {
    const word = fc.constantFrom(
      "0",
      "5",
      "a",
      "\r\n",
      "\n",
      ";",
      "chunk-signature=",
      "x:y",
      "hello",
      "\u0000",
      "ffffffffffff",
      ":",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), fc.boolean(), fc.boolean(), (words, isSigned, trailer) => {
        try {
          decode(
            words.map((value) => Buffer.from(value, "latin1")),
            { signing: isSigned ? signed : undefined, trailer, decodedLength: 5 },
          );
        } catch (error) {
          expect(error).toBeInstanceOf(ChunkedBodyError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("limits and mistakes", () => {
  const cases: readonly (readonly [string, string, Partial<ChunkedBodyOptions>, ChunkedFailure["reason"]])[] = [
    ["nothing at all", "", {}, "incomplete"],
    ["no last chunk", "1\r\na\r\n", {}, "incomplete"],
    ["no line end at the end", "0\r\n", {}, "incomplete"],
    ["a size that is not hexadecimal", "xyz\r\n", {}, "malformed-chunk"],
    ["an empty size", "\r\n0\r\n\r\n", {}, "malformed-chunk"],
    ["a sign", "-1\r\n", {}, "malformed-chunk"],
    ["seventeen digits", "00000000000000001\r\na\r\n0\r\n\r\n", {}, "malformed-chunk"],
    ["a header without end", "1;".padEnd(300, "x"), {}, "malformed-chunk"],
    ["a chunk beyond 5 GiB", "140000001\r\n", {}, "chunk-too-large"],
    ["data longer than its size", "1\r\nab\r\n0\r\n\r\n", {}, "malformed-chunk"],
    ["bytes after the end", "0\r\n\r\nx", {}, "malformed-chunk"],
    ["a chunk without signature", "0\r\n\r\n", { signing: signed }, "malformed-chunk"],
    ["more than announced", "5\r\nhello\r\n0\r\n\r\n", { decodedLength: 4 }, "length-mismatch"],
    ["less than announced", "5\r\nhello\r\n0\r\n\r\n", { decodedLength: 6 }, "length-mismatch"],
    ["a trailer that was not announced", "0\r\na:b\r\n\r\n", {}, "malformed-trailer"],
    ["a trailer field without colon", "0\r\nab\r\n\r\n", { trailer: true }, "malformed-trailer"],
    ["a repeated field", "0\r\na:b\r\nA:c\r\n\r\n", { trailer: true }, "malformed-trailer"],
    ["a name with a space", "0\r\na b:c\r\n\r\n", { trailer: true }, "malformed-trailer"],
    ["a field that was not named", "0\r\na:b\r\n\r\n", { trailer: true, trailerNames: ["c"] }, "malformed-trailer"],
    ["a named field that is missing", "0\r\n\r\n", { trailer: true, trailerNames: ["c"] }, "malformed-trailer"],
    ["a trailer without end", `0\r\n${"a".repeat(9000)}`, { trailer: true }, "malformed-trailer"],
    [
      "a trailer of many fields",
      `0\r\n${Array.from({ length: 17 }, (_, i) => `f${i}:v\r\n`).join("")}\r\n`,
      { trailer: true },
      "malformed-trailer",
    ],
    ["a small chunk before the last", "1\r\na\r\n1\r\nb\r\n0\r\n\r\n", { chunkBytesMin: 8192 }, "chunk-too-small"],
  ];
  for (const [name, wire, options, reason] of cases) {
    test(`${name}: ${reason}`, () => {
      expect(failureOf(() => decode(text(wire), options)).reason).toBe(reason);
      // The same, byte by byte.
      const bytes = Buffer.from(wire, "latin1");
      const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
      expect(failureOf(() => decode(single, options)).reason).toBe(reason);
    });
  }

  test("endless empty lines before a trailer's signature end", () => {
    const wire = `0;chunk-signature=${"0".repeat(64)}\r\n${"\r\n".repeat(10_000)}`;
    const decoder = new ChunkedDecoder({ decodedLength: 0, signing: signed, trailer: true });
    decoder.push(Buffer.from(wire));
    expect(() => decoder.next()).toThrow(ChunkedBodyError);
  });

  test("an empty line before the trailer's signature is tolerated", () => {
    const wire = Buffer.concat([
      ...encodeChunkedBody([Buffer.from("hello")], { chunkBytes: 8192, signing: signed, trailer: () => [["a", "b"]] }),
    ]).toString("latin1");
    const spaced = wire.replace("x-amz-trailer-signature", "\r\nx-amz-trailer-signature");
    expect(decode(text(spaced), { signing: signed, trailer: true }).trailers.get("a")).toBe("b");
  });

  test("pieces must be taken before more is pushed", () => {
    const decoder = new ChunkedDecoder({ decodedLength: undefined, signing: undefined, trailer: false });
    decoder.push(Buffer.from("1\r\na\r\n"));
    expect(() => decoder.push(Buffer.from("0\r\n"))).toThrow("take all pieces");
  });
});

describe("streams", () => {
  test("an error of the source passes through", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("5\r\nhel");
      throw new Error("connection lost");
    }
    const { body } = decodeChunkedBody(broken(), { decodedLength: 5, signing: undefined, trailer: false });
    const received: string[] = [];
    const reading = (async () => {
      for await (const bytes of body) received.push(Buffer.from(bytes).toString());
    })();
    expect(reading).rejects.toThrow("connection lost");
    await reading.catch(() => {});
    expect(received).toEqual(["hel"]);
  });

  test("a source that reuses its buffer is not misread", async () => {
    const wire = Buffer.from("5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
    async function* reusing(): AsyncGenerator<Uint8Array> {
      // A Buffer, as sockets give: its slice() is a view.
      const buffer = Buffer.alloc(3);
      for (let at = 0; at < wire.length; at += 3) {
        const piece = wire.subarray(at, at + 3);
        buffer.set(piece);
        yield buffer.subarray(0, piece.length);
      }
    }
    const { body, trailers } = decodeChunkedBody(reusing(), { decodedLength: 11, signing: undefined, trailer: true });
    let text = "";
    for await (const bytes of body) text += Buffer.from(bytes).toString();
    expect(text).toBe("hello world");
    expect(trailers.get("x-amz-checksum-crc32")).toBe("AAAAAA==");
  });
});
