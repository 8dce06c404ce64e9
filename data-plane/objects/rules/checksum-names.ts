/** Where checksums stand in inputs and outputs, and which one an upload carries. */
import type { S3 } from "#foundation/aws";
import {
  algorithmOfHeader,
  algorithmOfName,
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumBytes,
  checksumHeader,
} from "#foundation/aws/checksums";
import type { Checksum } from "../engine/port.ts";
import { invalidRequest } from "../errors.ts";

/** The member of S3's structures that holds a checksum. */
export type ChecksumMember = `Checksum${ChecksumAlgorithm}`;
/** Any structure with checksum members. */
export type ChecksumMembers = { readonly [Member in ChecksumMember]?: string };

const memberOf = (algorithm: ChecksumAlgorithm): ChecksumMember => `Checksum${algorithm}`;

/** Algorithm and member, paired once. */
const MEMBERS: readonly (readonly [ChecksumAlgorithm, ChecksumMember])[] = checksumAlgorithms.map(
  (algorithm) => [algorithm, memberOf(algorithm)] as const,
);

/** The checksum that a client announced for a body: its value, or that it will follow as a trailer. */
export interface AnnouncedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; undefined when it comes in the trailer. */
  readonly value: string | undefined;
}

/**
 * The algorithm that `x-amz-checksum-algorithm` names.
 * @throws AwsError InvalidRequest for a name that is none
 */
export function requestedAlgorithm(name: string): ChecksumAlgorithm {
  const algorithm = algorithmOfName(name);
  if (algorithm === undefined) {
    throw invalidRequest(
      `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${checksumAlgorithms.join(", ")}]`,
    );
  }
  return algorithm;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Whether the text is base64 of as many bytes as the algorithm gives. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  const length = checksumBytes[algorithm];
  return (
    value.length === Math.ceil(length / 3) * 4 && BASE64.test(value) && Buffer.from(value, "base64").length === length
  );
}

const invalidValue = (algorithm: ChecksumAlgorithm) =>
  invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);

/**
 * The one checksum among the members of an input, if any.
 * @throws AwsError InvalidRequest for two, or for a value that is no checksum
 */
export function checksumOfMembers(
  members: ChecksumMembers,
  composite = false,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined {
  let algorithm: ChecksumAlgorithm | undefined;
  let value: string | undefined;
  for (const [candidate, member] of MEMBERS) {
    const sent = members[member];
    if (sent === undefined) continue;
    if (algorithm !== undefined) {
      throw invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    algorithm = candidate;
    value = sent;
  }
  if (algorithm === undefined || value === undefined) return undefined;
  const dash = composite ? value.lastIndexOf("-") : -1;
  if (!isChecksumValue(algorithm, dash < 0 ? value : value.slice(0, dash))) throw invalidValue(algorithm);
  return { algorithm, value };
}

function trailerAlgorithm(trailerHeader: string | undefined): ChecksumAlgorithm | undefined {
  if (trailerHeader === undefined) return undefined;
  for (const name of trailerHeader.split(",")) {
    const algorithm = algorithmOfHeader(name.trim().toLowerCase());
    if (algorithm !== undefined) return algorithm;
  }
  return undefined;
}

/**
 * The checksum that a streamed body comes with.
 *
 * @param sdkAlgorithm `x-amz-sdk-checksum-algorithm`
 * @param trailerHeader `x-amz-trailer`
 * @throws AwsError InvalidRequest where the headers contradict each other
 */
export function announcedChecksum(
  members: ChecksumMembers,
  sdkAlgorithm: string | undefined,
  trailerHeader: string | undefined,
): AnnouncedChecksum | undefined {
  const sent = checksumOfMembers(members);
  const trailer = trailerAlgorithm(trailerHeader);
  if (sent !== undefined && trailer !== undefined) {
    throw invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  }
  const announced = sent ?? (trailer === undefined ? undefined : { algorithm: trailer, value: undefined });
  if (sdkAlgorithm !== undefined && sdkAlgorithm !== "") {
    const named = algorithmOfName(sdkAlgorithm);
    if (named === undefined || (announced !== undefined && named !== announced.algorithm)) {
      throw invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
    }
    if (announced === undefined) {
      throw invalidRequest(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
      );
    }
  }
  return announced;
}

/**
 * The value of an announced checksum after the body was read.
 * @throws AwsError InvalidRequest when the trailer is missing or no checksum; MalformedTrailerError is the chunk decoder's
 */
export function announcedValue(announced: AnnouncedChecksum, trailers: ReadonlyMap<string, string>): string {
  if (announced.value !== undefined) return announced.value;
  const value = trailers.get(checksumHeader(announced.algorithm));
  if (value === undefined || !isChecksumValue(announced.algorithm, value)) throw invalidValue(announced.algorithm);
  return value;
}

/** Writable members, for outputs under construction. */
export type ChecksumOutput = { -readonly [Member in ChecksumMember]?: string } & { ChecksumType?: S3.ChecksumType };

/** Fills the members of an output. */
export function answerChecksum(output: ChecksumOutput, checksum: Checksum | undefined): void {
  if (checksum === undefined) return;
  output[memberOf(checksum.algorithm)] = checksum.value;
  output.ChecksumType = checksum.type;
}

/** As {@link answerChecksum}, for structures without a `ChecksumType`. */
export function answerChecksumValue(
  output: { -readonly [Member in ChecksumMember]?: string },
  checksum: Checksum | undefined,
): void {
  if (checksum !== undefined) output[memberOf(checksum.algorithm)] = checksum.value;
}
