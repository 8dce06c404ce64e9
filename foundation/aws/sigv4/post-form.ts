/**
 * The signature of a browser form upload (S3 API Reference, "Authenticating Requests in Browser-Based Uploads Using POST").
 *
 * The form's `policy` field, base64 as sent, is the text to sign. What the policy permits is the business of the object store.
 */

import { parseAmzDate } from "./amz-date.ts";
import { malformed, SignatureError } from "./error.ts";
import { equalInConstantTime, hmacSha1Base64 } from "./hmac.ts";
import { parseCredential } from "./scope.ts";
import { rememberSigningKey, signingKeyFor } from "./signing-key.ts";
import type { AnonymousSignature, CredentialScope, SignedRequest, VerifyOptions } from "./types.ts";
import { checkScope } from "./verify.ts";

/** The credential fields of a form, either version. */
export type ParsedPostSignature =
  | {
      readonly kind: "form";
      readonly accessKeyId: string;
      readonly sessionToken: string | undefined;
      readonly scope: CredentialScope;
      readonly credential: string;
      readonly signature: string;
      readonly timestamp: string;
      /** Base64 as sent. */
      readonly policy: string;
    }
  | {
      readonly kind: "v2-form";
      readonly accessKeyId: string;
      readonly sessionToken: string | undefined;
      readonly signature: string;
      readonly policy: string;
    };

/**
 * Reads the credential fields of a form.
 *
 * @param field the value of a form field by its lower-case name
 * @returns `anonymous` when the form has neither policy nor signature
 * @throws SignatureError `malformed`, `unsupported-algorithm`
 */
export function parsePostSignature(
  field: (lowerCaseName: string) => string | undefined,
): AnonymousSignature | ParsedPostSignature {
  const policy = field("policy");
  const sessionToken = field("x-amz-security-token");
  const algorithm = field("x-amz-algorithm");
  const v4Signature = field("x-amz-signature");
  const v2Signature = field("signature");
  if (algorithm === undefined && v4Signature === undefined && v2Signature === undefined) {
    if (policy === undefined) return { kind: "anonymous" };
    throw malformed("form", "Bucket POST must contain a field named 'X-Amz-Signature'.");
  }
  if (policy === undefined) throw malformed("form", "Bucket POST must contain a field named 'policy'.");
  if (algorithm === undefined && v4Signature === undefined && v2Signature !== undefined) {
    const accessKeyId = field("awsaccesskeyid");
    if (!accessKeyId) throw malformed("form", "Bucket POST must contain a field named 'AWSAccessKeyId'.");
    return { kind: "v2-form", accessKeyId, sessionToken, signature: v2Signature, policy };
  }
  if (algorithm !== "AWS4-HMAC-SHA256") {
    throw new SignatureError({ reason: "unsupported-algorithm", place: "form", algorithm: algorithm ?? "" });
  }
  const credential = field("x-amz-credential");
  const timestamp = field("x-amz-date");
  if (credential === undefined) throw malformed("form", "Bucket POST must contain a field named 'X-Amz-Credential'.");
  if (v4Signature === undefined) throw malformed("form", "Bucket POST must contain a field named 'X-Amz-Signature'.");
  if (timestamp === undefined || parseAmzDate(timestamp) === undefined) {
    throw malformed("form", `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`);
  }
  const { accessKeyId, scope } = parseCredential(credential, "form");
  return { kind: "form", accessKeyId, sessionToken, scope, credential, signature: v4Signature, timestamp, policy };
}

/**
 * Checks the signature of a form. The end of the permission is the policy's `expiration`, which the object store checks.
 *
 * @throws SignatureError `mismatch`, `region-mismatch`, `service-mismatch`, `scope-date-mismatch`
 */
export function verifyPostSignature(
  parsed: ParsedPostSignature,
  secretAccessKey: string,
  options: Pick<VerifyOptions, "region" | "service">,
): SignedRequest {
  const common = {
    kind: "signed" as const,
    accessKeyId: parsed.accessKeyId,
    sessionToken: parsed.sessionToken,
    signedHeaders: [],
    payload: { kind: "unsigned" as const },
    seedSignature: parsed.signature,
    presigned: undefined,
    authType: "POST" as const,
  };
  if (parsed.kind === "v2-form") {
    compare(hmacSha1Base64(secretAccessKey, parsed.policy), parsed);
    return { ...common, scope: undefined, timestamp: "", signingKey: undefined, signatureVersion: "AWS" };
  }
  checkScope(parsed.scope, parsed.timestamp, "form", options);
  const signingKey = signingKeyFor(parsed.credential, secretAccessKey, parsed.scope);
  compare(signingKey.sign(parsed.policy), parsed);
  rememberSigningKey(parsed.credential, secretAccessKey, signingKey);
  return {
    ...common,
    scope: parsed.scope,
    timestamp: parsed.timestamp,
    signingKey,
    signatureVersion: "AWS4-HMAC-SHA256",
  };
}

function compare(computed: string, parsed: ParsedPostSignature): void {
  if (equalInConstantTime(computed, parsed.signature)) return;
  throw new SignatureError({
    reason: "mismatch",
    accessKeyId: parsed.accessKeyId,
    signatureProvided: parsed.signature,
    stringToSign: parsed.policy,
    canonicalRequest: "",
  });
}
