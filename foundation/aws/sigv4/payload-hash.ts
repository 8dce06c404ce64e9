/** The values of `x-amz-content-sha256` (S3 API Reference, "Signature Calculations … Transferring Payload in Multiple Chunks"). */

import { SignatureError } from "./error.ts";
import type { PayloadHash } from "./types.ts";

export const unsignedPayload = "UNSIGNED-PAYLOAD";
export const streamingSigned = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
export const streamingSignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
export const streamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/** SHA-256 of no bytes at all. */
export const emptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const unsigned: PayloadHash = { kind: "unsigned" };
const signedChunks: PayloadHash = { kind: "streaming-signed", trailer: false };
const signedChunksAndTrailer: PayloadHash = { kind: "streaming-signed", trailer: true };
const unsignedChunks: PayloadHash = { kind: "streaming-unsigned" };

/**
 * Reads a value of `x-amz-content-sha256`.
 *
 * @throws SignatureError `invalid-payload-hash`, or `unsupported-algorithm` for chunks signed asymmetrically
 */
export function parsePayloadHash(value: string): PayloadHash {
  if (value.length === 64 && isHex(value)) return { kind: "sha256", hex: value.toLowerCase() };
  switch (value) {
    case unsignedPayload:
      return unsigned;
    case streamingSigned:
      return signedChunks;
    case streamingSignedTrailer:
      return signedChunksAndTrailer;
    case streamingUnsignedTrailer:
      return unsignedChunks;
    case "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD":
    case "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER":
      throw new SignatureError({ reason: "unsupported-algorithm", place: "header", algorithm: value });
    default:
      throw new SignatureError({ reason: "invalid-payload-hash", value });
  }
}

function isHex(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const digit = code >= 0x30 && code <= 0x39;
    const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x66;
    if (!digit && !letter) return false;
  }
  return true;
}
