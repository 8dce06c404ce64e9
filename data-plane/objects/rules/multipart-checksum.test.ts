import { describe, expect, test } from "bun:test";
import { type ChecksumAlgorithm, computeChecksum } from "#foundation/aws/checksums";
import type { PartSummary } from "../engine/port.ts";
import { checksumOfParts, uploadChecksum, verifyObjectChecksum } from "./multipart-checksum.ts";

const bodies = ["first part ", "second", "!"].map((text) => Buffer.from(text));
const parts = (algorithm: ChecksumAlgorithm): PartSummary[] =>
  bodies.map((body, index) => ({
    partNumber: index + 1,
    size: body.length,
    etag: "e",
    checksum: { algorithm, type: "FULL_OBJECT", value: computeChecksum(algorithm, body) },
  }));

describe("uploadChecksum()", () => {
  test("defaults and combinations", () => {
    expect(uploadChecksum(undefined, undefined)).toBeUndefined();
    expect(uploadChecksum("CRC32", undefined)).toEqual({ algorithm: "CRC32", type: "COMPOSITE" });
    expect(uploadChecksum("SHA256", undefined)).toEqual({ algorithm: "SHA256", type: "COMPOSITE" });
    expect(uploadChecksum("CRC64NVME", undefined)).toEqual({ algorithm: "CRC64NVME", type: "FULL_OBJECT" });
    expect(uploadChecksum("CRC32C", "FULL_OBJECT")).toEqual({ algorithm: "CRC32C", type: "FULL_OBJECT" });
    expect(() => uploadChecksum("CRC64NVME", "COMPOSITE")).toThrow(
      "COMPOSITE checksum type cannot be used with the crc64nvme",
    );
    expect(() => uploadChecksum("SHA1", "FULL_OBJECT")).toThrow(
      "FULL_OBJECT checksum type cannot be used with the sha1",
    );
    for (const algorithm of ["SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"]) {
      expect(uploadChecksum(algorithm, undefined)).toEqual({
        algorithm: algorithm as ChecksumAlgorithm,
        type: "COMPOSITE",
      });
      expect(() => uploadChecksum(algorithm, "FULL_OBJECT")).toThrow("FULL_OBJECT checksum type cannot be used");
    }
    expect(() => uploadChecksum(undefined, "COMPOSITE")).toThrow("x-amz-checksum-algorithm");
    expect(() => uploadChecksum("CRC7", undefined)).toThrow("unsupported");
    expect(() => uploadChecksum("CRC32", "BOTH")).toThrow("x-amz-checksum-type");
  });
});

describe("checksumOfParts()", () => {
  test("a full-object checksum is that of all bytes", () => {
    for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const) {
      expect(checksumOfParts({ algorithm, type: "FULL_OBJECT" }, parts(algorithm))?.value).toBe(
        computeChecksum(algorithm, Buffer.concat(bodies)),
      );
    }
  });

  test("a composite is the checksum of checksums, with the number of parts", () => {
    const raw = Buffer.concat(bodies.map((body) => Buffer.from(computeChecksum("SHA256", body), "base64")));
    expect(checksumOfParts({ algorithm: "SHA256", type: "COMPOSITE" }, parts("SHA256"))?.value).toBe(
      `${computeChecksum("SHA256", raw)}-3`,
    );
    expect(checksumOfParts({ algorithm: "SHA256", type: "COMPOSITE" }, parts("CRC32"))).toBeUndefined();
  });
});

test("verifyObjectChecksum() takes composites with and without their number", () => {
  const computed = { algorithm: "SHA1", type: "COMPOSITE", value: "abc=-2" } as const;
  expect(() => verifyObjectChecksum(computed, { algorithm: "SHA1", value: "abc=-2" })).not.toThrow();
  expect(() => verifyObjectChecksum(computed, { algorithm: "SHA1", value: "abc=" })).not.toThrow();
  expect(() => verifyObjectChecksum(computed, { algorithm: "SHA1", value: "abc=-3" })).toThrow("did not match");
  expect(() => verifyObjectChecksum(computed, { algorithm: "SHA256", value: "abc=" })).toThrow(
    "expected checksum Type: sha1, actual checksum Type: sha256",
  );
  expect(() => verifyObjectChecksum(computed, undefined)).not.toThrow();
});
