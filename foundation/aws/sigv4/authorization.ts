/**
 * The `Authorization` header of Signature Version 4: `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
 *
 * All but the signature is the same in every request that a client makes in a day, so that it is read once and kept.
 */

import { malformed, SignatureError } from "./error.ts";
import { parseCredential, parseSignedHeaders } from "./scope.ts";
import type { CredentialScope } from "./types.ts";

export const hmacAlgorithm = "AWS4-HMAC-SHA256";

/** What stands before the signature. */
export interface AuthorizationClaim {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  /** As sent. */
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  /** As sent. */
  readonly signedHeadersText: string;
}

/** A header taken apart. */
export interface Authorization {
  readonly claim: AuthorizationClaim;
  /** As sent. */
  readonly signature: string;
}

/**
 * The most claims kept: of 1,024 clients, or of fewer that sign several kinds of requests. A claim with its text is below 4 KiB, so all are below
 * 4 MiB. Whoever fills the table with rubbish makes others read their headers again, which takes less than a microsecond.
 */
const keptClaimsMax = 1024;
const keptClaimCharactersMax = 1024;
const kept = new Map<string, AuthorizationClaim>();

const signatureName = "Signature=";

/**
 * Reads the header.
 *
 * @param authorization begins with {@link hmacAlgorithm}
 * @throws SignatureError `malformed`, `unsupported-algorithm`
 */
export function readAuthorization(authorization: string): Authorization {
  const at = authorization.lastIndexOf(signatureName);
  const rest = at === -1 ? "" : authorization.slice(at + signatureName.length);
  // A prefix is kept only when the signature was the last parameter: a further header is read the same way as long as its signature is one word.
  const known = isWord(rest) ? kept.get(authorization.slice(0, at)) : undefined;
  if (known !== undefined) return { claim: known, signature: rest };
  const read = parseAuthorization(authorization);
  if (read.signature === rest && isWord(rest) && at <= keptClaimCharactersMax) {
    if (kept.size >= keptClaimsMax) kept.clear();
    kept.set(authorization.slice(0, at), read.claim);
  }
  return read;
}

/** Whether a text holds nothing that would end it, or be trimmed. */
function isWord(text: string): boolean {
  return text !== "" && !/[\s,]/.test(text);
}

function parseAuthorization(authorization: string): Authorization {
  let credential: string | undefined;
  let signedHeaders: string | undefined;
  let signature: string | undefined;
  let start = hmacAlgorithm.length;
  const boundary = authorization.charCodeAt(start);
  if (boundary !== 0x20 && boundary !== 0x09) {
    const algorithm = authorization.split(/[ ,]/, 1)[0] ?? "";
    if (algorithm !== hmacAlgorithm)
      throw new SignatureError({ reason: "unsupported-algorithm", place: "header", algorithm });
  }
  while (start < authorization.length) {
    const comma = authorization.indexOf(",", start);
    const end = comma === -1 ? authorization.length : comma;
    const part = authorization.slice(start, end).trim();
    start = end + 1;
    if (part === "") continue;
    if (part.startsWith("Credential=") && credential === undefined) credential = part.slice(11);
    else if (part.startsWith("SignedHeaders=") && signedHeaders === undefined) signedHeaders = part.slice(14);
    else if (part.startsWith(signatureName) && signature === undefined) signature = part.slice(signatureName.length);
    else throw malformed("header", `unexpected or repeated parameter "${part.slice(0, 32)}".`);
  }
  if (credential === undefined) throw malformed("header", "missing Credential.");
  if (signedHeaders === undefined) throw malformed("header", "missing SignedHeaders.");
  if (signature === undefined) throw malformed("header", "missing Signature.");
  const { accessKeyId, scope } = parseCredential(credential, "header");
  const claim: AuthorizationClaim = {
    accessKeyId,
    scope,
    credential,
    signedHeaders: parseSignedHeaders(signedHeaders, "header"),
    signedHeadersText: signedHeaders,
  };
  return { claim, signature };
}
