/** Checksums that clients present: reading and validating them before anything is computed. */

import {
  algorithmOfHeader,
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumBytes,
  checksumHeader,
} from "./algorithm.ts";

/** Why a presented checksum is refused; S3 answers `InvalidRequest` (400) with a sentence for each. */
export type ChecksumFailure =
  /** Not base64, or of the wrong length. */
  | { readonly reason: "invalid-value"; readonly header: string }
  /** Several checksum headers in one request. */
  | { readonly reason: "several" }
  /** `x-amz-sdk-checksum-algorithm` or `x-amz-trailer` names something unknown. */
  | { readonly reason: "unknown-algorithm"; readonly name: string };

/** Thrown for a checksum that cannot be one. */
export class ChecksumError extends Error {
  override readonly name = "ChecksumError";
  readonly failure: ChecksumFailure;

  constructor(failure: ChecksumFailure) {
    super(messageOf(failure));
    this.failure = failure;
  }
}

/** A checksum that the client claims for the body. */
export interface PresentedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64 as sent, canonical. */
  readonly value: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads a checksum.
 *
 * @throws ChecksumError `invalid-value` for anything but canonical base64 of the algorithm's length
 */
export function parseChecksum(algorithm: ChecksumAlgorithm, value: string): PresentedChecksum {
  const bytes = Buffer.from(value, "base64");
  if (bytes.length !== checksumBytes[algorithm] || bytes.toString("base64") !== value) {
    throw new ChecksumError({ reason: "invalid-value", header: checksumHeader(algorithm) });
  }
  return { algorithm, value, bytes };
}

/**
 * Finds the one checksum among a request's headers or a body's trailers.
 *
 * @param get the value of a header by its lower-case name
 * @returns undefined when there is none
 * @throws ChecksumError `several`, `invalid-value`
 */
export function findChecksum(get: (lowerCaseName: string) => string | undefined): PresentedChecksum | undefined {
  let found: PresentedChecksum | undefined;
  for (const algorithm of checksumAlgorithms) {
    const value = get(checksumHeader(algorithm));
    if (value === undefined) continue;
    if (found !== undefined) throw new ChecksumError({ reason: "several" });
    found = parseChecksum(algorithm, value);
  }
  return found;
}

/**
 * The algorithm whose checksum will come in the trailer, from `x-amz-trailer`.
 *
 * @returns undefined when the header announces no checksum
 * @throws ChecksumError `several`, `unknown-algorithm`
 */
export function announcedChecksum(trailerHeader: string | undefined): ChecksumAlgorithm | undefined {
  let found: ChecksumAlgorithm | undefined;
  for (const part of (trailerHeader ?? "").split(",")) {
    const name = part.trim().toLowerCase();
    if (!name.startsWith("x-amz-checksum-")) continue;
    const algorithm = algorithmOfHeader(name);
    if (algorithm === undefined) throw new ChecksumError({ reason: "unknown-algorithm", name });
    if (found !== undefined) throw new ChecksumError({ reason: "several" });
    found = algorithm;
  }
  return found;
}

function messageOf(failure: ChecksumFailure): string {
  switch (failure.reason) {
    case "invalid-value":
      return `Value for ${failure.header} header is invalid.`;
    case "several":
      return "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
    case "unknown-algorithm":
      return `The value specified in the x-amz-trailer header is not supported: ${failure.name}`;
  }
}
