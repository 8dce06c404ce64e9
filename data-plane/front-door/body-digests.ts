/** Digests that a client sends along with a document body (S3 API Reference, "Checking object integrity"). */

import type { WireHeaders } from "#foundation/aws";
import { AwsError } from "#foundation/aws";
import { type ChecksumAlgorithm, checksumAlgorithms, checksumHeader, computeChecksum } from "#foundation/aws/checksums";

/** Modelled as needing a digest, but S3 has never asked for one, and old clients (s3cmd) send none. */
const DIGEST_NOT_ASKED: ReadonlySet<string> = new Set(["PutBucketAcl", "PutObjectAcl"]);

/** Whether an operation is refused without a digest of its document. */
export function wantsDigest(operation: { readonly name: string; readonly checksumRequired: boolean }): boolean {
  return operation.checksumRequired && !DIGEST_NOT_ASKED.has(operation.name);
}

/**
 * Compares `Content-MD5` and `x-amz-checksum-*` (headers or trailers) with the body.
 *
 * @param required the operation wants at least one of them
 * @throws AwsError `InvalidDigest`, `BadDigest`, `InvalidRequest`
 */
export function verifyBodyDigests(
  headers: WireHeaders,
  body: Uint8Array,
  trailers: ReadonlyMap<string, string>,
  required: boolean,
): void {
  const md5 = headers.get("content-md5");
  if (md5 !== undefined) {
    if (!/^[A-Za-z0-9+/]{22}==$/.test(md5)) {
      throw new AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.", { statusCode: 400 });
    }
    if (md5 !== computeChecksum("MD5", body)) {
      throw new AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.", {
        statusCode: 400,
        fields: { ExpectedDigest: md5, CalculatedDigest: computeChecksum("MD5", body) },
      });
    }
  }
  const presented = presentedChecksum(headers, trailers);
  if (presented !== undefined && computeChecksum(presented.algorithm, body) !== presented.value) {
    throw new AwsError("BadDigest", `The ${presented.algorithm} you specified did not match the calculated checksum.`, {
      statusCode: 400,
    });
  }
  if (required && md5 === undefined && presented === undefined) {
    throw new AwsError("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*", {
      statusCode: 400,
    });
  }
}

function presentedChecksum(
  headers: WireHeaders,
  trailers: ReadonlyMap<string, string>,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined {
  let found: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
  for (const algorithm of checksumAlgorithms) {
    const name = checksumHeader(algorithm);
    const value = headers.get(name) ?? trailers.get(name);
    if (value === undefined) continue;
    if (found !== undefined) {
      throw new AwsError(
        "InvalidRequest",
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        {
          statusCode: 400,
        },
      );
    }
    found = { algorithm, value };
  }
  return found;
}
