import { describe, expect, test } from "bun:test";
import {
  announcedChecksum,
  announcedValue,
  answerChecksum,
  type ChecksumOutput,
  checksumOfMembers,
} from "./checksum-names.ts";

const crc32 = "AAAAAA==";
const sha256 = Buffer.alloc(32).toString("base64");

describe("announcedChecksum()", () => {
  test("finds the header or the trailer", () => {
    expect(announcedChecksum({}, undefined, undefined)).toBeUndefined();
    expect(announcedChecksum({ ChecksumCRC32: crc32 }, undefined, undefined)).toEqual({
      algorithm: "CRC32",
      value: crc32,
    });
    expect(announcedChecksum({}, "CRC32", "x-amz-checksum-crc32")).toEqual({ algorithm: "CRC32", value: undefined });
    expect(announcedChecksum({}, undefined, "X-Amz-Checksum-Sha256")).toEqual({
      algorithm: "SHA256",
      value: undefined,
    });
    expect(announcedChecksum({}, undefined, "x-amz-other")).toBeUndefined();
  });

  test("refuses contradictions", () => {
    expect(() => announcedChecksum({ ChecksumCRC32: crc32, ChecksumSHA256: sha256 }, undefined, undefined)).toThrow(
      "Multiple checksum Types",
    );
    expect(() => announcedChecksum({ ChecksumCRC32: crc32 }, undefined, "x-amz-checksum-sha1")).toThrow("Multiple");
    expect(() => announcedChecksum({ ChecksumCRC32: crc32 }, "SHA256", undefined)).toThrow(
      "Value for x-amz-sdk-checksum-algorithm header is invalid.",
    );
    expect(() => announcedChecksum({}, "CRC32", undefined)).toThrow("no corresponding");
    expect(() => announcedChecksum({}, "CRC7", undefined)).toThrow("invalid");
  });

  test("refuses values that are no checksum", () => {
    for (const bad of ["", "AAAA", "AAAAAAA=", "!!!!!!==", sha256]) {
      expect(() => announcedChecksum({ ChecksumCRC32: bad }, undefined, undefined)).toThrow(
        "Value for x-amz-checksum-crc32 header is invalid.",
      );
    }
  });
});

test("announcedValue() takes the trailer after the body", () => {
  const trailers = new Map([["x-amz-checksum-crc32", crc32]]);
  expect(announcedValue({ algorithm: "CRC32", value: undefined }, trailers)).toBe(crc32);
  expect(announcedValue({ algorithm: "CRC32", value: "BBBBBB==" }, trailers)).toBe("BBBBBB==");
  expect(() => announcedValue({ algorithm: "SHA1", value: undefined }, trailers)).toThrow("x-amz-checksum-sha1");
});

test("checksumOfMembers() takes the number of parts of a composite", () => {
  expect(checksumOfMembers({ ChecksumSHA256: `${sha256}-3` }, true)).toEqual({
    algorithm: "SHA256",
    value: `${sha256}-3`,
  });
  expect(() => checksumOfMembers({ ChecksumSHA256: `${sha256}-3` })).toThrow("invalid");
});

test("answerChecksum() fills the member of the algorithm", () => {
  const output: ChecksumOutput = {};
  answerChecksum(output, { algorithm: "CRC64NVME", type: "FULL_OBJECT", value: "AAAAAAAAAAA=" });
  expect(output).toEqual({ ChecksumCRC64NVME: "AAAAAAAAAAA=", ChecksumType: "FULL_OBJECT" });
});
