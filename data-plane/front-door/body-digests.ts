/** Digests that a client sends along with a document body (S3 API Reference, "Checking object integrity"). */
import { AwsError, type WireHeaders } from "#foundation/aws";
import { ChecksumError, computeChecksum, findChecksum, type PresentedChecksum } from "#foundation/aws/checksums";

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
  if (md5 !== undefined) compareMd5(md5, body);
  const presented = presentedChecksum(headers, trailers);
  if (presented !== undefined && computeChecksum(presented.algorithm, body) !== presented.value) {
    throw refusal("BadDigest", `The ${presented.algorithm} you specified did not match the calculated checksum.`);
  }
  if (md5 !== undefined || presented !== undefined) return;
  if (headers.get("x-amz-sdk-checksum-algorithm") !== undefined) {
    throw refusal(
      "InvalidRequest",
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    );
  }
  if (required) {
    throw refusal("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  }
}

function compareMd5(claimed: string, body: Uint8Array): void {
  if (!/^[A-Za-z0-9+/]{22}==$/.test(claimed)) {
    throw refusal("InvalidDigest", "The Content-MD5 you specified was invalid.", { "Content-MD5": claimed });
  }
  const computed = computeChecksum("MD5", body);
  if (claimed === computed) return;
  throw refusal("BadDigest", "The Content-MD5 you specified did not match what we received.", {
    ExpectedDigest: claimed,
    CalculatedDigest: computed,
  });
}

function presentedChecksum(headers: WireHeaders, trailers: ReadonlyMap<string, string>): PresentedChecksum | undefined {
  try {
    return findChecksum((name) => headers.get(name) ?? trailers.get(name));
  } catch (error) {
    if (error instanceof ChecksumError) throw refusal("InvalidRequest", error.message);
    throw error;
  }
}

function refusal(code: string, message: string, fields: Readonly<Record<string, string>> = {}): AwsError {
  return new AwsError(code, message, { statusCode: 400, fields });
}
