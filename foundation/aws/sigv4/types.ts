/**
 * The words of request signing: what a request looks like to a verifier, what a signature says before it is checked, and what is known after.
 *
 * Strings that come from the wire (`path`, `query`, header values) hold one byte per character (latin1), exactly as received: nothing is decoded,
 * normalised or joined, because the signature covers the bytes that the client sent.
 */

import type { SigningKey } from "./signing-key.ts";

/** A request as the signature sees it. Any HTTP layer that keeps the raw target and raw headers can provide it. */
export interface SignableRequest {
  /** Upper-case HTTP method. */
  readonly method: string;
  /** Raw path, still percent-encoded, beginning with `/`. */
  readonly path: string;
  /** Raw query without the question mark; empty when there is none. */
  readonly query: string;
  readonly headers: SignableHeaders;
}

/** The headers of a {@link SignableRequest}. */
export interface SignableHeaders {
  /** The value of a header by its lower-case name; when the header is repeated, the first value or all joined by a comma. */
  get(lowerCaseName: string): string | undefined;
  /** Names and values alternating, in the order of the wire, repeated headers kept apart. */
  readonly raw: readonly string[];
  /** The names of `raw` in lower case, one for each pair; where they are at hand they need not be made again. */
  readonly lowerNames?: readonly string[];
}

/** What a client signs with. */
export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The part of a credential that says what a derived key is good for. */
export interface CredentialScope {
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  /** The signing name, for example `s3`, `dynamodb`, `elasticloadbalancing`. */
  readonly service: string;
}

/** What the signature says about the body (`x-amz-content-sha256`). */
export type PayloadHash =
  /** The whole body has this SHA-256 (lower-case hex). Whoever reads the body must compare. */
  | { readonly kind: "sha256"; readonly hex: string }
  /** The body is not covered by the signature. */
  | { readonly kind: "unsigned" }
  /** `aws-chunked`; every chunk carries a signature chained from the seed; with `trailer`, a signed trailer follows. */
  | { readonly kind: "streaming-signed"; readonly trailer: boolean }
  /** `aws-chunked`; chunks are not signed; a trailer with a checksum follows. */
  | { readonly kind: "streaming-unsigned" };

/** A request without any credential. */
export interface AnonymousSignature {
  readonly kind: "anonymous";
}

interface ParsedV4 {
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  readonly scope: CredentialScope;
  /** `<access key>/<date>/<region>/<service>/aws4_request`, as sent. */
  readonly credential: string;
  /** Lower-case names as listed by the client. */
  readonly signedHeaders: readonly string[];
  /** The same as sent: separated by semicolons. */
  readonly signedHeadersText: string;
  /** Hex, as sent. */
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  /** The same instant in milliseconds since the epoch. */
  readonly signedAtMs: number;
}

/** Signature Version 4 in the `Authorization` header. */
export interface ParsedHeaderSignature extends ParsedV4 {
  readonly kind: "header";
}

/** Signature Version 4 in the query: a presigned URL. */
export interface ParsedQuerySignature extends ParsedV4 {
  readonly kind: "query";
  /** `X-Amz-Expires`; undefined when the client sent none (only S3 requires it). */
  readonly expiresSeconds: number | undefined;
}

/** Signature Version 2 in the `Authorization` header (`AWS key:signature`), S3 only. */
export interface ParsedV2HeaderSignature {
  readonly kind: "v2-header";
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  /** Base64, as sent. */
  readonly signature: string;
  readonly signedAtMs: number;
}

/** Signature Version 2 in the query (`AWSAccessKeyId`, `Expires`, `Signature`), S3 only. */
export interface ParsedV2QuerySignature {
  readonly kind: "v2-query";
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  /** Base64, percent-decoded. */
  readonly signature: string;
  /** `Expires` as sent: seconds since the epoch. */
  readonly expires: string;
  readonly expiresAtMs: number;
}

/** What a request claims, before any secret is known. */
export type ParsedSignature =
  | AnonymousSignature
  | ParsedHeaderSignature
  | ParsedQuerySignature
  | ParsedV2HeaderSignature
  | ParsedV2QuerySignature;

/** A signature that was checked against the secret of its access key. */
export interface SignedRequest {
  readonly kind: "signed";
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  /** Undefined for Signature Version 2, which has no scope. */
  readonly scope: CredentialScope | undefined;
  readonly signedHeaders: readonly string[];
  readonly payload: PayloadHash;
  /** The request's own signature: the seed of the chain of chunk signatures. Hex (Version 4) or base64 (Version 2). */
  readonly seedSignature: string;
  /** `YYYYMMDDTHHMMSSZ`; empty for Signature Version 2. */
  readonly timestamp: string;
  /** Signs chunks of a streaming body. Undefined for Signature Version 2, which has no streaming bodies. */
  readonly signingKey: SigningKey | undefined;
  /** Present for presigned URLs; milliseconds since the epoch. */
  readonly presigned: { readonly expiresAtMs: number } | undefined;
  /** `s3:signatureversion` and `s3:authType` as IAM condition keys spell them. */
  readonly signatureVersion: "AWS4-HMAC-SHA256" | "AWS";
  readonly authType: "REST-HEADER" | "REST-QUERY-STRING" | "POST";
}

/** The outcome of {@link verifySignature}. */
export type VerifiedSignature = AnonymousSignature | SignedRequest;

/** What a verifier accepts. */
export interface VerifyOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The region or regions that this endpoint serves. */
  readonly region: string | readonly string[];
  /** The signing name or names that the addressed service accepts. */
  readonly service: string | readonly string[];
  /**
   * The whole body, where it is at hand. It is hashed and must equal what was signed. Without it the value of `x-amz-content-sha256` is taken
   * as signed, and whoever reads the body must compare it with `payload`. Required where `needsBodyToVerify` says so: without it an empty body is
   * assumed there.
   */
  readonly body?: Uint8Array;
  /** Signature Version 2 only: the bucket when it was named by the host and not by the path. */
  readonly virtualHostBucket?: string;
}
