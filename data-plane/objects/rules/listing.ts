/** Parameters and tokens of listings (Amazon S3 API reference, ListObjects, ListObjectsV2, ListObjectVersions). */
import { createHash } from "node:crypto";
import { invalidArgument } from "../errors.ts";

/** More is silently answered with this many. */
export const LIST_LIMIT_MAX = 1000;

/** Largest number that S3 takes for a limit: a signed 32-bit integer. */
const INTEGER_MAX = 2 ** 31 - 1;

/**
 * Reads `max-keys`, `max-uploads`, `max-parts`.
 * @throws AwsError InvalidArgument when negative, fractional or out of range
 */
export function listLimit(value: number | undefined, parameter: string): number {
  if (value === undefined) return LIST_LIMIT_MAX;
  if (!Number.isInteger(value)) {
    throw invalidArgument("Provided max-keys not an integer or within integer range", parameter, String(value));
  }
  if (value < 0 || value > INTEGER_MAX) {
    throw invalidArgument(
      `Argument ${parameter} must be an integer between 0 and ${INTEGER_MAX}`,
      parameter,
      String(value),
    );
  }
  return Math.min(value, LIST_LIMIT_MAX);
}

/** Whether names in the answer are percent-encoded. */
export function urlEncoding(value: string | undefined): boolean {
  if (value === undefined || value === "") return false;
  if (value === "url") return true;
  throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", value);
}

const PLAIN = /^[A-Za-z0-9\-_.*/]*$/;

/** `encoding-type=url`: UTF-8, percent-encoded as a form does it (space becomes `+`), with `/` kept. */
export function encodeName(name: string): string {
  if (PLAIN.test(name)) return name;
  return encodeURIComponent(name)
    .replaceAll("%20", "+")
    .replaceAll("%2F", "/")
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Names as they are, or encoded: chosen once per listing. */
export const nameEncoder = (url: boolean): ((name: string) => string) => (url ? encodeName : (name) => name);

const TOKEN_CHECK_BYTES = 8;

function tokenCheck(scope: string, position: Buffer): Buffer {
  return createHash("sha256").update(scope).update("\0").update(position).digest().subarray(0, TOKEN_CHECK_BYTES);
}

/** The position is hidden under a pad made of the check, so that nobody comes to build tokens from keys. */
function mask(position: Buffer, check: Buffer): Buffer {
  const masked = Buffer.from(position);
  let pad = check;
  for (let offset = 0; offset < masked.length; offset += pad.length) {
    pad = createHash("sha256").update(check).update(String(offset)).digest();
    for (let index = 0; index < pad.length && offset + index < masked.length; index++) {
      masked[offset + index]! ^= pad[index]!;
    }
  }
  return masked;
}

/**
 * A continuation token: opaque, and good only for the listing that gave it. It grants nothing (a listing is authorised by itself), so that it carries
 * a check and no secret.
 *
 * @param scope what the token belongs to: bucket, prefix and delimiter
 */
export function sealToken(scope: string, position: string): string {
  const bytes = Buffer.from(position, "utf8");
  const check = tokenCheck(scope, bytes);
  return `1${Buffer.concat([check, mask(bytes, check)]).toString("base64")}`;
}

/** @throws AwsError InvalidArgument for a token that {@link sealToken} did not make for this scope */
export function openToken(scope: string, token: string, parameter = "continuation-token"): string {
  const raw = token.startsWith("1") ? Buffer.from(token.slice(1), "base64") : Buffer.alloc(0);
  if (raw.length >= TOKEN_CHECK_BYTES) {
    const check = raw.subarray(0, TOKEN_CHECK_BYTES);
    const position = mask(raw.subarray(TOKEN_CHECK_BYTES), check);
    if (tokenCheck(scope, position).equals(check)) return position.toString("utf8");
  }
  throw invalidArgument("The continuation token provided is incorrect", parameter, token);
}

/**
 * With a delimiter, a marker inside a common prefix stands for the whole prefix (ListObjects V1).
 * @returns the marker, or the common prefix that contains it
 */
export function roundMarker(marker: string, prefix: string, delimiter: string): string {
  if (delimiter === "" || !marker.startsWith(prefix)) return marker;
  const end = marker.indexOf(delimiter, prefix.length);
  return end < 0 ? marker : marker.slice(0, end + delimiter.length);
}
