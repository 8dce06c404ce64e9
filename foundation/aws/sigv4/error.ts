/**
 * Why a signature was not accepted.
 *
 * A reason says what is wrong in the terms of the algorithm; what a client is told (code, status, sentence) depends on the service and is
 * decided in `aws-errors.ts`.
 */

/** The reasons for refusing a signature. */
export type SignatureFailure =
  /** No credential where one is required. Thrown by callers that do not take anonymous requests. */
  | { readonly reason: "missing" }
  /** Credentials in more than one place. */
  | { readonly reason: "ambiguous" }
  /** The `Authorization` header, the query parameters or the form fields cannot be understood. */
  | { readonly reason: "malformed"; readonly place: SignaturePlace; readonly problem: string }
  /** Neither `X-Amz-Date` nor `Date` gives a valid time. */
  | { readonly reason: "missing-date" }
  /** The access key does not exist or is not active. Thrown by callers, who look the key up. */
  | { readonly reason: "unknown-key"; readonly accessKeyId: string }
  /** The session token does not belong to the access key. Thrown by callers. */
  | { readonly reason: "invalid-token" }
  /** The session token has expired. Thrown by callers. */
  | { readonly reason: "expired-token" }
  | {
      readonly reason: "mismatch";
      readonly accessKeyId: string;
      readonly signatureProvided: string;
      readonly stringToSign: string;
      /** Empty for Signature Version 2, which has none. */
      readonly canonicalRequest: string;
    }
  /** A presigned URL after its end. */
  | {
      readonly reason: "expired";
      readonly expiresAtMs: number;
      readonly nowMs: number;
      readonly expiresSeconds?: number;
    }
  /** A presigned URL before its beginning. */
  | { readonly reason: "not-yet-valid"; readonly signedAtMs: number; readonly nowMs: number }
  /** A signed request more than the permitted skew away from the server's clock. */
  | { readonly reason: "skewed"; readonly timestamp: string; readonly signedAtMs: number; readonly nowMs: number }
  /** Headers that must be signed and are not. */
  | { readonly reason: "unsigned-header"; readonly headers: readonly string[] }
  | {
      readonly reason: "region-mismatch";
      readonly place: SignaturePlace;
      readonly region: string;
      readonly expected: string;
    }
  | {
      readonly reason: "service-mismatch";
      readonly place: SignaturePlace;
      readonly service: string;
      readonly expected: string;
    }
  /** The scope's date is not the date of the request. */
  | {
      readonly reason: "scope-date-mismatch";
      readonly place: SignaturePlace;
      readonly scopeDate: string;
      readonly expected: string;
    }
  /** Asymmetric signatures and anything else that is not HMAC. */
  | { readonly reason: "unsupported-algorithm"; readonly place: SignaturePlace; readonly algorithm: string }
  /** S3 requires `x-amz-content-sha256` on every request signed in the header. */
  | { readonly reason: "missing-payload-hash" }
  | { readonly reason: "invalid-payload-hash"; readonly value: string }
  /** The body does not have the signed hash. */
  | { readonly reason: "payload-mismatch"; readonly claimed: string; readonly computed: string };

/** Where a signature was found. */
export type SignaturePlace = "header" | "query" | "form";

/** The name of a reason. */
export type SignatureReason = SignatureFailure["reason"];

/** Thrown by parsing and verification. `failure` carries the facts, typed by reason. Never holds a secret. */
export class SignatureError extends Error {
  override readonly name = "SignatureError";
  readonly failure: SignatureFailure;

  constructor(failure: SignatureFailure) {
    super(`signature refused: ${failure.reason}`);
    this.failure = failure;
  }

  get reason(): SignatureReason {
    return this.failure.reason;
  }
}

/** Shorthand for the most frequent refusal. */
export function malformed(place: SignaturePlace, problem: string): SignatureError {
  return new SignatureError({ reason: "malformed", place, problem });
}
