import { describe, expect, test } from "bun:test";
import { AwsError } from "#foundation/aws";
import { checksumAlgorithms, checksumHeader, computeChecksum } from "#foundation/aws/checksums";
import { RawHeaderView } from "#foundation/http";
import { verifyBodyDigests, wantsDigest } from "./body-digests.ts";

const BODY = Buffer.from("<Delete/>");
const MD5 = computeChecksum("MD5", BODY);
const CRC32 = computeChecksum("CRC32", BODY);

function verdict(
  headers: Readonly<Record<string, string>>,
  options: { readonly required?: boolean; readonly trailers?: Readonly<Record<string, string>> } = {},
): string {
  try {
    const view = new RawHeaderView(Object.entries(headers).flat());
    verifyBodyDigests(view, BODY, new Map(Object.entries(options.trailers ?? {})), options.required ?? true);
  } catch (error) {
    if (error instanceof AwsError) return error.code;
    throw error;
  }
  return "accepted";
}

describe("verifyBodyDigests()", () => {
  test("Content-MD5", () => {
    expect(verdict({ "content-md5": MD5 })).toBe("accepted");
    expect(verdict({ "content-md5": computeChecksum("MD5", Buffer.from("other")) })).toBe("BadDigest");
    for (const nonsense of ["", "x", MD5.slice(1), `${MD5}=`, MD5.replace("==", ""), `${MD5}, ${MD5}`]) {
      expect([nonsense, verdict({ "content-md5": nonsense })]).toEqual([nonsense, "InvalidDigest"]);
    }
  });

  test.each([...checksumAlgorithms])("%s, in a header or a trailer", (algorithm) => {
    const name = checksumHeader(algorithm);
    const right = computeChecksum(algorithm, BODY);
    const wrong = computeChecksum(algorithm, Buffer.from("other"));
    expect(verdict({ [name]: right })).toBe("accepted");
    expect(verdict({}, { trailers: { [name]: right } })).toBe("accepted");
    expect(verdict({ [name]: wrong })).toBe("BadDigest");
    expect(verdict({}, { trailers: { [name]: wrong } })).toBe("BadDigest");
    expect(verdict({ [name]: right.slice(1) })).toBe("InvalidRequest");
    expect(verdict({ [name]: "" })).toBe("InvalidRequest");
  });

  test("a right digest does not excuse a wrong one", () => {
    expect(verdict({ "content-md5": MD5, "x-amz-checksum-crc32": "AAAAAA==" })).toBe("BadDigest");
    expect(verdict({ "content-md5": computeChecksum("MD5", Buffer.from("o")), "x-amz-checksum-crc32": CRC32 })).toBe(
      "BadDigest",
    );
  });

  test("two checksums are one too many", () => {
    const sha1 = { "x-amz-checksum-sha1": computeChecksum("SHA1", BODY) };
    expect(verdict({ "x-amz-checksum-crc32": CRC32, ...sha1 })).toBe("InvalidRequest");
    expect(verdict({ "x-amz-checksum-crc32": CRC32 }, { trailers: sha1 })).toBe("InvalidRequest");
  });

  test("none where one is wanted", () => {
    expect(verdict({})).toBe("InvalidRequest");
    expect(verdict({}, { required: false })).toBe("accepted");
  });

  test("an algorithm that is named and not used", () => {
    expect(verdict({ "x-amz-sdk-checksum-algorithm": "CRC32" }, { required: false })).toBe("InvalidRequest");
    expect(verdict({ "x-amz-sdk-checksum-algorithm": "CRC32", "x-amz-checksum-crc32": CRC32 })).toBe("accepted");
    expect(verdict({ "x-amz-sdk-checksum-algorithm": "MD5", "content-md5": MD5 })).toBe("accepted");
  });
});

test("wantsDigest() lets ACLs pass, which S3 takes without", () => {
  expect(wantsDigest({ name: "DeleteObjects", checksumRequired: true })).toBe(true);
  expect(wantsDigest({ name: "PutBucketAcl", checksumRequired: true })).toBe(false);
  expect(wantsDigest({ name: "GetObject", checksumRequired: false })).toBe(false);
});
