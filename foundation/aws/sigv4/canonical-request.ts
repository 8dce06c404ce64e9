/**
 * The canonical request of Signature Version 4, built from the raw request.
 *
 * Sources: AWS General Reference, "Create a canonical request"; S3 API Reference, "Signature Calculations for the Authorization Header". S3 signs the
 * path as it is; every other service normalises it and encodes it once more.
 */

import type { SignableHeaders } from "./types.ts";
import { canonicalisePath, canonicaliseQueryPart, encodeWirePath } from "./uri-encoding.ts";

/** Signing names whose path is neither normalised nor encoded twice. */
const rawPathServices: ReadonlySet<string> = new Set(["s3", "s3express", "s3-object-lambda", "s3-outposts"]);

/** Whether a service signs its path as it is (the S3 family). */
export function signsRawPath(service: string): boolean {
  return rawPathServices.has(service);
}

/** The canonical URI for a raw path. */
export function canonicalUri(path: string, service: string): string {
  const absolute = path === "" ? "/" : path;
  return rawPathServices.has(service) ? canonicalisePath(absolute) : encodeWirePath(normalisePath(absolute));
}

/** Removes empty and dot segments (RFC 3986 §5.2.4, with repeated slashes collapsed); a slash at the end stays. */
export function normalisePath(path: string): string {
  if (!path.includes("/.") && !path.includes("//")) return path;
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") kept.pop();
    else kept.push(segment);
  }
  if (kept.length === 0) return "/";
  return `/${kept.join("/")}${path.endsWith("/") ? "/" : ""}`;
}

/** Stands between name and value while sorting: lower than every character of an encoded name, so that names decide before values. */
const separator = "\u0000";

/**
 * The canonical query: names and values encoded, sorted by encoded name and then value, every name followed by an equals sign.
 *
 * @param omit a parameter that is left out (`X-Amz-Signature` of a presigned URL)
 */
export function canonicalQuery(query: string, omit?: string): string {
  if (query === "") return "";
  const pairs: string[] = [];
  let start = 0;
  while (start <= query.length) {
    const ampersand = query.indexOf("&", start);
    const end = ampersand === -1 ? query.length : ampersand;
    if (end > start) {
      let equals = query.indexOf("=", start);
      if (equals === -1 || equals > end) equals = end;
      const name = canonicaliseQueryPart(query, start, equals);
      if (name !== omit) {
        const value = equals < end ? canonicaliseQueryPart(query, equals + 1, end) : "";
        pairs.push(name + separator + value);
      }
    }
    start = end + 1;
  }
  if (pairs.length > 1) pairs.sort();
  return pairs.join("&").replaceAll(separator, "=");
}

/** The headers' part of the canonical request, and what the client forgot to sign. */
export interface CanonicalHeaders {
  /** One line per signed header, each ended by a newline. */
  readonly text: string;
  /** `x-amz-*` headers that are present and not signed. */
  readonly unsignedAmzHeaders: readonly string[];
}

const none: readonly string[] = [];

/**
 * Collects the signed headers: repeated headers joined by a comma, values trimmed, runs of white space inside collapsed to one space.
 *
 * @param signedHeaders lower-case names
 */
export function canonicalHeaders(headers: SignableHeaders, signedHeaders: readonly string[]): CanonicalHeaders {
  const values = new Array<string | undefined>(signedHeaders.length);
  let unsigned: string[] | undefined;
  const { raw, lowerNames } = headers;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = lowerNames?.[i >> 1] ?? (raw[i] ?? "").toLowerCase();
    const at = positionOf(name, signedHeaders);
    if (at === -1) {
      if (name.startsWith("x-amz-")) {
        unsigned ??= [];
        if (!unsigned.includes(name)) unsigned.push(name);
      }
      continue;
    }
    const value = collapseSpaces(raw[i + 1] ?? "");
    const before = values[at];
    values[at] = before === undefined ? value : `${before},${value}`;
  }
  let text = "";
  for (let i = 0; i < signedHeaders.length; i++) {
    const name = signedHeaders[i] ?? "";
    text += `${name}:${values[i] ?? collapseSpaces(headers.get(name) ?? "")}\n`;
  }
  return { text, unsignedAmzHeaders: unsigned ?? none };
}

/** Names differ in length nearly always: a loop that the compiler sees through is several times faster than `indexOf`. */
function positionOf(name: string, names: readonly string[]): number {
  for (let i = 0; i < names.length; i++) if (names[i] === name) return i;
  return -1;
}

/** Puts the six parts together. */
export function canonicalRequest(parts: {
  readonly method: string;
  readonly uri: string;
  readonly query: string;
  readonly headers: string;
  readonly signedHeaders: string;
  readonly payloadHash: string;
}): string {
  return `${parts.method}\n${parts.uri}\n${parts.query}\n${parts.headers}\n${parts.signedHeaders}\n${parts.payloadHash}`;
}

/** White space of HTTP's field values is space and tab (RFC 9110 §5.6.3). A byte 0xA0 is the end of a UTF-8 character (`à`), not a space. */
function collapseSpaces(value: string): string {
  // Values with a space are few, those with two in a row or at an end fewer.
  if (value.indexOf(" ") === -1 && value.indexOf("\t") === -1) return value;
  if (!/^[ \t]|[ \t]$|[ \t]{2}|\t/.test(value)) return value;
  return value.replace(/[ \t]+/g, " ").replace(/^ | $/g, "");
}
