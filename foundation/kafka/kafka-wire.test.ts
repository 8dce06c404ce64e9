import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "#foundation/binary";
import { crc32c } from "#foundation/crc32c";
import { Frames } from "./frames.ts";
import { parseBrokers } from "./index.ts";
import { murmur2, partitionOf } from "./partitioner.ts";
import { writeVarint } from "./primitives.ts";
import { recordBatch, sizeOf } from "./record-batch.ts";
import {
  readApiVersions,
  readInitProducerId,
  readMetadata,
  readProduce,
  readSaslAuthenticate,
  readSaslHandshake,
} from "./requests.ts";
import { scramClient } from "./scram.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("numbers of variable length are those of Protocol Buffers' zigzag", () => {
  const written = (value: number): string => {
    const to = new ByteWriter();
    writeVarint(to, value);
    return hex(to.finish());
  };
  expect([0, -1, 1, -2, 63, 64, -65, 8191, 2147483647, -2147483648].map(written)).toEqual([
    "00",
    "01",
    "02",
    "03",
    "7e",
    "8001",
    "8101",
    "fe7f",
    "feffffff0f",
    "ffffffff0f",
  ]);
});

test("keys are in the partitions that Kafka's own producers choose", () => {
  // The cases of Kafka's own tests (UtilsTest).
  const cases = {
    "21": -973932308,
    foobar: -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(cases)) expect([key, murmur2(Buffer.from(key))]).toEqual([key, hash]);
  expect(partitionOf(Buffer.from("foobar"), 10)).toBe((-790332482 & 0x7fffffff) % 10);
});

describe("a batch", () => {
  test("says its own length, checksum, count and times", () => {
    const record = (text: string, timestamp: number) => ({
      key: Buffer.from("k"),
      value: Buffer.from(text),
      headers: [["h", "é"]] as const,
      timestamp,
    });
    const bytes = recordBatch([record("one", 1000), record("two", 1002)], {
      producerId: 7n,
      producerEpoch: 3,
      baseSequence: 41,
    });
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    expect(view.getInt32(8)).toBe(bytes.length - 12);
    expect([view.getInt32(12), bytes[16]]).toEqual([-1, 2]);
    expect(view.getUint32(17)).toBe(crc32c(bytes.subarray(21)));
    expect([view.getInt16(21), view.getInt32(23)]).toEqual([0, 1]);
    expect([view.getBigInt64(27), view.getBigInt64(35)]).toEqual([1000n, 1002n]);
    expect([view.getBigInt64(43), view.getInt16(51), view.getInt32(53), view.getInt32(57)]).toEqual([7n, 3, 41, 2]);
    // Length 15: attributes, time 0, offset 0, key, value, one header.
    expect(hex(bytes.subarray(61, 77))).toBe("1e000000026b066f6e6502026804c3a9");
  });

  test("is never longer than was reckoned", () => {
    const text = fc.string({ maxLength: 200 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.option(fc.uint8Array()),
        fc.array(fc.tuple(text, text)),
        (value, key, headers) => {
          const record = { key: key ?? undefined, value, headers, timestamp: 0 };
          expect(recordBatch([record]).length - 61).toBeLessThanOrEqual(sizeOf(record));
        },
      ),
    );
  });
});

describe("what brokers answer", () => {
  const readers = [
    ["ApiVersions", (from: ByteReader) => readApiVersions(from)],
    ...[1, 2, 4, 7].map(
      (version) => [`Metadata ${version}`, (from: ByteReader) => readMetadata(from, version)] as const,
    ),
    ...[3, 7].map((version) => [`Produce ${version}`, (from: ByteReader) => readProduce(from, version)] as const),
    ["InitProducerId", (from: ByteReader) => readInitProducerId(from)],
    ["SaslHandshake", (from: ByteReader) => readSaslHandshake(from)],
    ["SaslAuthenticate", (from: ByteReader) => readSaslAuthenticate(from)],
  ] as const;

  test.each(readers)("%s: any octets are read or refused, at once", (_, read) => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // Lists that say to be as long as can be.
      fc.array(fc.constantFrom(0, 0x7f, 0xff, 1), { maxLength: 60 }).map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(octets, (bytes) => {
        try {
          read(new ByteReader(bytes));
        } catch (error) {
          expect((error as Error).name).toBe("MalformedBytesError");
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("comes in pieces of any size", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 4, maxLength: 40 })),
        fc.integer({ min: 1, max: 9 }),
        (all, size) => {
          const bytes = Buffer.concat(all.flatMap((one) => [Buffer.from([0, 0, 0, one.length]), one]));
          const frames = new Frames();
          const read: string[] = [];
          for (let at = 0; at < bytes.length; at += size)
            read.push(...frames.push(bytes.subarray(at, at + size)).map(hex));
          expect(read).toEqual(all.map(hex));
        },
      ),
    );
  });

  test.each(["ffffffff", "00000003", "7fffffff", "48545450"])(
    "a length of %s is refused before it is waited for",
    (start) => {
      expect(() => new Frames().push(Buffer.from(start, "hex"))).toThrow();
    },
  );
});

describe("SCRAM", () => {
  test("is what RFC 7677 shows", async () => {
    const client = scramClient("user", "pencil", "sha256", "rOprNGfwEbeRWgbNEkqO");
    expect(client.first).toBe("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    const server = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    expect(await client.final(server)).toBe(
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    );
    client.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    for (const wrong of ["v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=", "e=other-error", ""]) {
      expect(() => client.verify(wrong)).toThrow("does not know the password");
    }
  });

  test.each([
    "r=nonce,s=QQ==,i=4096",
    "r=other,s=QQ==,i=4096",
    "r=nonceX,s=QQ==,i=1",
    "r=nonceX,s=QQ==,i=999999999",
    "m=ext,r=nonceX,s=QQ==,i=4096",
    "",
  ])("the answer %s is not trusted", async (server) => {
    await expect(scramClient("a", "b", "sha512", "nonce").final(server)).rejects.toThrow("the broker");
  });
});

test("addresses", () => {
  expect(parseBrokers("a:1, b,[::1]:7")).toEqual([
    { host: "a", port: 1 },
    { host: "b", port: 9092 },
    { host: "::1", port: 7 },
  ]);
  for (const none of ["", "a:", "a:0", "a:70000", "http://a", "a b", "a,", "user@a"]) {
    expect(() => parseBrokers(none)).toThrow(TypeError);
  }
});
