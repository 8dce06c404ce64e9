/**
 * Checksums of multipart uploads: which type goes with which algorithm, and the object's checksum from its parts'
 * (Amazon S3 user guide, "Checking object integrity", "Multipart uploads").
 */
import {
  type ChecksumAlgorithm,
  type ChecksumType,
  combineParts,
  compositeChecksum,
  defaultChecksumAlgorithm,
  defaultChecksumType,
  isCombinable,
  isPermittedType,
  toBase64,
} from "#foundation/aws/checksums";
import type { Checksum, PartSummary } from "../engine/port.ts";
import { badDigest, invalidRequest } from "../errors.ts";
import { requestedAlgorithm } from "./checksum-names.ts";

/** What an upload keeps: nothing when the client named no algorithm; then S3 computes CRC64NVME and tells it only of the object. */
export interface UploadChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
}

/** What an upload without a word gets. */
export const DEFAULT_UPLOAD_CHECKSUM: UploadChecksum = { algorithm: defaultChecksumAlgorithm, type: "FULL_OBJECT" };

/**
 * The checksum that CreateMultipartUpload asks for.
 * @throws AwsError InvalidRequest for an unknown algorithm, or a type that the algorithm has not
 */
export function uploadChecksum(algorithm: string | undefined, type: string | undefined): UploadChecksum | undefined {
  if (algorithm === undefined) {
    if (type === undefined) return undefined;
    throw invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
  }
  const known = requestedAlgorithm(algorithm);
  if (type === undefined) return { algorithm: known, type: defaultChecksumType(known) };
  if (type !== "COMPOSITE" && type !== "FULL_OBJECT") {
    throw invalidRequest("Value for x-amz-checksum-type header is invalid.");
  }
  if (!isPermittedType(known, type)) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${known.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm: known, type };
}

/** The object's checksum. @returns undefined when a part has no checksum of this algorithm */
export function checksumOfParts(wanted: UploadChecksum, parts: readonly PartSummary[]): Checksum | undefined {
  const { algorithm, type } = wanted;
  const raw: { readonly checksum: Uint8Array; readonly bytes: number }[] = [];
  for (const part of parts) {
    if (part.checksum?.algorithm !== algorithm) return undefined;
    raw.push({ checksum: Buffer.from(part.checksum.value, "base64"), bytes: part.size });
  }
  if (type === "FULL_OBJECT") {
    if (!isCombinable(algorithm)) return undefined;
    return { algorithm, type, value: toBase64(combineParts(algorithm, raw)) };
  }
  return {
    algorithm,
    type,
    value: compositeChecksum(
      algorithm,
      raw.map(({ checksum }) => checksum),
    ),
  };
}

/**
 * Compares the object's checksum in CompleteMultipartUpload with the computed one. A composite may come with or without its number of parts.
 * @throws AwsError BadDigest, InvalidRequest
 */
export function verifyObjectChecksum(
  computed: Checksum,
  sent: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined,
): void {
  if (sent === undefined) return;
  if (sent.algorithm !== computed.algorithm) throw typeMismatch(computed.algorithm, sent.algorithm);
  const bare = (value: string): string => value.replace(/-\d+$/, "");
  const same =
    sent.value === computed.value ||
    (computed.type === "COMPOSITE" && !sent.value.includes("-") && sent.value === bare(computed.value));
  if (!same) throw badDigest(`The ${sent.algorithm} you specified did not match the calculated checksum.`);
}

/** A part (or the completion) came with another algorithm than its upload. */
export const typeMismatch = (expected: ChecksumAlgorithm, actual: ChecksumAlgorithm | undefined) =>
  invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${actual?.toLowerCase() ?? "null"}`,
  );
