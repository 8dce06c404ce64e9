/** The credential of Signature Version 4: `<access key>/<YYYYMMDD>/<region>/<service>/aws4_request`. */

import { malformed, type SignaturePlace } from "./error.ts";
import type { CredentialScope } from "./types.ts";

/** AWS's own limit for access key ids is 128 characters; scopes are far below the rest. */
const credentialCharactersMax = 512;

/** A credential taken apart. */
export interface ParsedCredential {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
}

/**
 * Takes a credential apart, from the right, because some stores hand out access keys that contain a slash.
 *
 * @throws SignatureError `malformed`, with AWS's wording of the problem
 */
export function parseCredential(credential: string, place: SignaturePlace): ParsedCredential {
  const parts = credential.length <= credentialCharactersMax ? credential.split("/") : [];
  const count = parts.length;
  if (count < 5) {
    throw malformed(
      place,
      `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`,
    );
  }
  const [date = "", region = "", service = "", terminator = ""] = parts.slice(count - 4);
  const accessKeyId = parts.slice(0, count - 4).join("/");
  if (terminator !== "aws4_request") {
    throw malformed(place, `incorrect terminal "${terminator}". This endpoint uses "aws4_request".`);
  }
  if (!/^\d{8}$/.test(date))
    throw malformed(
      place,
      `incorrect date format "${date}". This date in the credential must be in the format "yyyyMMdd".`,
    );
  if (accessKeyId === "") throw malformed(place, "a non-empty Access Key (AKID) must be provided in the credential.");
  return { accessKeyId, scope: { date, region, service } };
}

/** Largest number of signed header names; an HTTP request of ours has at most 100 headers. */
const signedHeadersMax = 128;

/** The most different lists kept; a list is below 4 KiB, in practice below 200 bytes. */
const cachedListsMax = 256;
const cachedListCharactersMax = 1024;
const lists = new Map<string, readonly string[]>();

/**
 * Reads `SignedHeaders`. Clients send the same few lists for ever, so that parsed lists are kept (bounded).
 *
 * @throws SignatureError `malformed` for empty, repeated, upper-case or too many names
 */
export function parseSignedHeaders(text: string, place: SignaturePlace): readonly string[] {
  const known = lists.get(text);
  if (known !== undefined) return known;
  const names = text.split(";");
  if (names.length > signedHeadersMax) throw malformed(place, "too many SignedHeaders.");
  if (text === "" || names.includes("") || text !== text.toLowerCase() || new Set(names).size !== names.length) {
    throw malformed(place, "the SignedHeaders list is mal-formed; expecting lower-case names separated by semicolons.");
  }
  if (text.length <= cachedListCharactersMax) {
    if (lists.size >= cachedListsMax) lists.clear();
    lists.set(text, names);
  }
  return names;
}
