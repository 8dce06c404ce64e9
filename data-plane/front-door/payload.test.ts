import { describe, expect, test } from "bun:test";
import { AwsError } from "#foundation/aws";
import { ChunkedBodyError } from "#foundation/aws/chunked";
import { parseSignature, SignatureError, type SignedRequest, verifySignature } from "#foundation/aws/sigv4";
import { type HttpRequest, PayloadTooLarge } from "#foundation/http";
import { openPayload, payloadHashOf, readDocument } from "./payload.ts";
import { type ChunkedPlan, chunkedPlan, STREAMING } from "./testing/chunked.ts";
import { fakeRequest, NOW, type RequestPlan, signed } from "./testing/fake-request.ts";

const credential = { accessKeyId: "AKIAROOT", secretAccessKey: "secret" };
const KIB = 1024;
const text = (size: number) => Buffer.alloc(size, "biplane ");

/** The request and its proven signature, as a passage has them. */
function arrive(plan: RequestPlan): { readonly request: HttpRequest; readonly signature: SignedRequest | undefined } {
  const request = fakeRequest(plan);
  const verified = verifySignature(parseSignature(request), request, credential.secretAccessKey, {
    now: NOW,
    region: "us-east-1",
    service: "s3",
  });
  return { request, signature: verified.kind === "anonymous" ? undefined : verified };
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

/** Both ways of reading a body, which must agree. */
const READERS: readonly [
  string,
  (plan: RequestPlan) => Promise<{ bytes: Buffer; trailers: Record<string, string> }>,
][] = [
  [
    "openPayload()",
    async (plan) => {
      const { request, signature } = arrive(plan);
      const { stream, trailers } = openPayload(request, signature);
      expect(request.body.used).toBe(false);
      const bytes = await drain(stream);
      return { bytes, trailers: Object.fromEntries(trailers) };
    },
  ],
  [
    "readDocument()",
    async (plan) => {
      const { request, signature } = arrive(plan);
      const { bytes, trailers } = await readDocument(request, signature, 64 * 1024 * KIB);
      return { bytes: Buffer.from(bytes), trailers: Object.fromEntries(trailers) };
    },
  ],
];

/** How reading fails, by name. */
async function failure(reading: Promise<unknown>): Promise<string> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof SignatureError || error instanceof ChunkedBodyError) return error.reason;
    if (error instanceof AwsError) return error.code;
    if (error instanceof PayloadTooLarge) return "too-large";
    throw error;
  }
  return "read";
}

describe.each(READERS)("%s", (_, read) => {
  const put = (body: Uint8Array, payloadHash?: string): RequestPlan =>
    signed(
      { method: "PUT", path: "/photos/cat.png", body },
      { credential, ...(payloadHash === undefined ? {} : { payloadHash }) },
    );

  test.each([0, 1, 4 * KIB, 64 * KIB, 64 * KIB + 1, 300 * KIB])("%d bytes with their hash", async (size) => {
    const body = text(size);
    expect((await read(put(body))).bytes.equals(body)).toBe(true);
  });

  test.each([0, 1, 64 * KIB, 300 * KIB])("%d bytes that are not those that were signed", async (size) => {
    const plan = put(text(size));
    const changed = Buffer.concat([text(size), Buffer.from("!")]);
    expect(await failure(read({ ...plan, body: changed }))).toBe("payload-mismatch");
    if (size > 0)
      expect(await failure(read({ ...plan, body: text(size).fill("x", size - 1) }))).toBe("payload-mismatch");
  });

  test("bytes whose length nobody said, with their hash", async () => {
    expect((await read({ ...put(text(5000)), withoutLength: true })).bytes.equals(text(5000))).toBe(true);
    expect(await failure(read({ ...put(text(5000)), body: text(4999), withoutLength: true }))).toBe("payload-mismatch");
  });

  test("unsigned bytes are taken as they are", async () => {
    const plan = put(text(100), "UNSIGNED-PAYLOAD");
    expect((await read({ ...plan, body: "anything" })).bytes.toString()).toBe("anything");
  });

  test("an anonymous body is compared with its hash where it has one", async () => {
    const headers = [["x-amz-content-sha256", new Bun.CryptoHasher("sha256").update("abc").digest("hex")]] as const;
    expect((await read({ method: "PUT", headers, body: "abc" })).bytes.toString()).toBe("abc");
    expect(await failure(read({ method: "PUT", headers, body: "abd" }))).toBe("payload-mismatch");
    expect((await read({ method: "PUT", body: "abd" })).bytes.toString()).toBe("abd");
  });

  const CHUNKED: readonly ChunkedPlan[] = [
    { kind: "signed", credential, body: text(0) },
    { kind: "signed", credential, body: text(20 * KIB), chunkBytes: 8 * KIB },
    { kind: "signedTrailer", credential, body: text(20 * KIB), chunkBytes: 8 * KIB },
    { kind: "unsignedTrailer", credential, body: text(20 * KIB), chunkBytes: 8 * KIB },
    { kind: "unsignedTrailer", body: text(20 * KIB), chunkBytes: 8 * KIB },
  ];

  test.each(CHUNKED)("aws-chunked %j", async (plan) => {
    const { bytes, trailers } = await read(chunkedPlan(plan));
    expect(bytes.equals(Buffer.from(plan.body))).toBe(true);
    expect(Object.keys(trailers)).toEqual(plan.kind === "signed" ? [] : ["x-amz-checksum-crc32"]);
  });

  test("tampering with any region of a signed chunked body is noticed", async () => {
    const body = text(20 * KIB);
    const plan: ChunkedPlan = { kind: "signedTrailer", credential, body, chunkBytes: 8 * KIB };
    const length = (chunkedPlan(plan).body as Buffer).length;
    // Every byte of the framing, and some of the data between.
    const framing = 90;
    const positions = [
      ...Array.from({ length: framing }, (__, n) => n),
      ...Array.from({ length: framing }, (__, n) => framing + 8 * KIB + n - 4),
      ...[framing + 1, 5000, 15_000, 20_000],
      ...Array.from({ length: 300 }, (__, n) => length - 1 - n),
    ];
    const unnoticed = new Set<number>();
    for (const position of positions) {
      const spoiled = chunkedPlan(plan, (encoded) => {
        encoded[position] = encoded[position]! ^ 0x01;
        return encoded;
      });
      const result = await read(spoiled).then(
        ({ bytes }) => (bytes.equals(body) ? "same" : "different"),
        () => "refused",
      );
      expect([position, result]).not.toEqual([position, "different"]);
      if (result === "same") unnoticed.add((chunkedPlan(plan).body as Buffer)[position]!);
    }
    // White space before the end of a line says nothing, so that a carriage return may become another kind of it. Nothing else may change.
    expect([...unnoticed]).toEqual([0x0d]);
  });

  test("cutting a chunked body short, or adding to it", async () => {
    for (const kind of ["signed", "signedTrailer", "unsignedTrailer"] as const) {
      const plan: ChunkedPlan = { kind, credential, body: text(9000) };
      for (const cut of [1, 2, 3, 40, 8000, 9050]) {
        const short = chunkedPlan(plan, (encoded) => encoded.subarray(0, encoded.length - cut));
        expect([kind, cut, await failure(read(short))]).not.toEqual([kind, cut, "read"]);
      }
      const long = chunkedPlan(plan, (encoded) => Buffer.concat([encoded, Buffer.from("x")]));
      expect([kind, await failure(read(long))]).toEqual([kind, "malformed-chunk"]);
    }
  });

  test("a decoded length that is absent, nonsense or wrong", async () => {
    const lengths: [string | null, string][] = [
      [null, "MissingContentLength"],
      ["", "MissingContentLength"],
      ["-1", "MissingContentLength"],
      ["1e3", "MissingContentLength"],
      ["9000, 9000", "MissingContentLength"],
      ["8999", "length-mismatch"],
      ["9001", "length-mismatch"],
      ["900000", "IncompleteBody"],
    ];
    for (const [decodedLength, expected] of lengths) {
      const plan = chunkedPlan({ kind: "unsignedTrailer", credential, body: text(9000), decodedLength });
      expect([decodedLength, await failure(read(plan))]).toEqual([decodedLength, expected]);
    }
  });

  test("trailers must be those that were announced", async () => {
    const announcements: [string | null, string][] = [
      ["x-amz-checksum-crc32", "read"],
      ["X-Amz-Checksum-CRC32", "read"],
      [null, "malformed-trailer"],
      ["x-amz-checksum-sha256", "malformed-trailer"],
      ["x-amz-checksum-crc32,x-amz-checksum-sha256", "InvalidRequest"],
      ["x-amz-meta-smuggled", "InvalidRequest"],
    ];
    for (const [announced, expected] of announcements) {
      for (const kind of ["unsignedTrailer", "signedTrailer"] as const) {
        const plan = chunkedPlan({ kind, credential, body: text(10), announced });
        expect([announced, await failure(read(plan))]).toEqual([announced, expected]);
      }
    }
    const none = chunkedPlan({ kind: "signed", credential, body: text(10), announced: "x-amz-checksum-crc32" });
    expect(await failure(read(none))).toBe("InvalidRequest");
  });

  test("chunks other than the last must have 8 KiB, signed or not", async () => {
    for (const kind of ["signed", "unsignedTrailer"] as const) {
      const plan: ChunkedPlan = { kind, credential, body: text(16_383), chunkBytes: 8191 };
      expect([kind, await failure(read(chunkedPlan(plan)))]).toEqual([kind, "chunk-too-small"]);
    }
  });

  test("signed chunks need a signature that can sign them", async () => {
    for (const kind of ["signed", "signedTrailer"] as const) {
      expect(await failure(read(chunkedPlan({ kind, body: text(10) })))).toBe("InvalidRequest");
    }
  });
});

describe("limits", () => {
  test("a document beyond its limit is not read", async () => {
    for (const plan of [
      signed({ method: "POST", body: text(101) }, { credential }),
      chunkedPlan({ kind: "unsignedTrailer", credential, body: text(101) }),
    ]) {
      const { request, signature } = arrive(plan);
      expect(await failure(readDocument(request, signature, 100))).toBe("too-large");
      expect(request.body.received).toBe(0);
    }
  });

  test("a stream of a chunked body that cannot be right is refused before it is read", () => {
    const { request, signature } = arrive(
      chunkedPlan({ kind: "unsignedTrailer", credential, body: text(10), decodedLength: "1000000" }),
    );
    expect(() => openPayload(request, signature)).toThrow("x-amz-decoded-content-length");
    expect(request.body.used).toBe(false);
  });

  test("a short body is proven before its first byte is handed on", async () => {
    const plan = signed({ method: "PUT", body: text(10) }, { credential });
    const { request, signature } = arrive({ ...plan, body: Buffer.alloc(10) });
    const handed: Uint8Array[] = [];
    const reading = (async () => {
      for await (const chunk of openPayload(request, signature).stream) handed.push(chunk);
    })();
    expect(await failure(reading)).toBe("payload-mismatch");
    expect(handed).toEqual([]);
  });
});

describe("payloadHashOf()", () => {
  const claim = (value: string | undefined): RequestPlan => ({
    headers: value === undefined ? [] : [["x-amz-content-sha256", value]],
  });

  test.each([
    [undefined, "unsigned"],
    ["UNSIGNED-PAYLOAD", "unsigned"],
    ["0".repeat(64), "sha256"],
    [STREAMING.unsignedTrailer, "streaming-unsigned"],
  ])("an anonymous %p is %p", (value, kind) => {
    expect(payloadHashOf(fakeRequest(claim(value)), undefined).kind).toBe(kind as "unsigned");
  });

  test("nonsense is refused", () => {
    expect(() => payloadHashOf(fakeRequest(claim("nonsense")), undefined)).toThrow("invalid-payload-hash");
  });
});
