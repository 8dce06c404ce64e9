/** What may be wrong with an `aws-chunked` body. */

/**
 * The reasons for refusing a chunked body. The comment on each names S3's error code.
 */
export type ChunkedFailure =
  /** `IncompleteBody` 400: the stream ended before the last chunk or inside one. */
  | { readonly reason: "incomplete" }
  /** `InvalidRequest` 400: a chunk header cannot be understood. */
  | { readonly reason: "malformed-chunk"; readonly problem: string }
  /** `InvalidChunkSizeError` 403: a signed chunk other than the last is smaller than 8 KiB. */
  | { readonly reason: "chunk-too-small"; readonly chunk: number; readonly size: number }
  /** `InvalidRequest` 400: a chunk is larger than anything a client of ours may send. */
  | { readonly reason: "chunk-too-large"; readonly chunk: number; readonly size: number }
  /** `MalformedTrailerError` 400: the trailer cannot be understood or is not the announced one. */
  | { readonly reason: "malformed-trailer"; readonly problem: string }
  /** `SignatureDoesNotMatch` 403: a chunk or the trailer does not carry the right signature. */
  | {
      readonly reason: "signature-mismatch";
      /** Zero-based number of the chunk, or `trailer`. */
      readonly where: number | "trailer";
      readonly stringToSign: string;
      readonly signatureProvided: string;
    }
  /** `IncompleteBody` 400: fewer or more bytes than `x-amz-decoded-content-length`. */
  | { readonly reason: "length-mismatch"; readonly expected: number; readonly actual: number };

/** The name of a reason. */
export type ChunkedReason = ChunkedFailure["reason"];

/** How S3 says it (S3 API Reference, "Error responses"). */
export interface ChunkedFault {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Ends the iteration of a decoded body. Nothing that was read may be kept. */
export class ChunkedBodyError extends Error {
  override readonly name = "ChunkedBodyError";
  readonly failure: ChunkedFailure;

  constructor(failure: ChunkedFailure) {
    super(`chunked body refused: ${failure.reason}`);
    this.failure = failure;
  }

  get reason(): ChunkedReason {
    return this.failure.reason;
  }
}

/** Words a refusal as S3 does. */
export function chunkedErrorToAws(error: ChunkedBodyError | ChunkedFailure): ChunkedFault {
  const failure = "failure" in error ? error.failure : error;
  switch (failure.reason) {
    case "incomplete":
      return fault(400, "IncompleteBody", "The request body terminated unexpectedly");
    case "malformed-chunk":
      return fault(400, "InvalidRequest", `The chunked body is malformed: ${failure.problem}`);
    case "chunk-too-small":
      return fault(403, "InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes", [
        ["Chunk", String(failure.chunk + 1)],
        ["BadChunkSize", String(failure.size)],
      ]);
    case "chunk-too-large":
      return fault(400, "InvalidRequest", `The chunk of ${failure.size} bytes is larger than the permitted maximum.`);
    case "malformed-trailer":
      return fault(
        400,
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
      );
    case "signature-mismatch":
      return fault(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        [
          ["StringToSign", failure.stringToSign],
          ["SignatureProvided", failure.signatureProvided],
        ],
      );
    case "length-mismatch":
      return fault(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header.",
      );
  }
}

function fault(status: number, code: string, message: string, fields: ChunkedFault["fields"] = []): ChunkedFault {
  return { status, code, message, fields };
}
