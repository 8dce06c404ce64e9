/** Which bucket and key a request names: by host (virtual-hosted style) or by path. */

import { decodePathText } from "../rest/percent-decoding.ts";
import type { WireRequest } from "../wire.ts";
import { invalidUri } from "./query-facts.ts";

export interface S3Address {
  /** Undefined for requests to the service itself. */
  readonly bucket: string | undefined;
  /** Percent-decoded once, never normalised; undefined for requests to a bucket. Never empty. */
  readonly key: string | undefined;
}

/**
 * Reads the address of a request.
 *
 * @param baseDomains host names under which a further label is a bucket, for example `s3.localhost`: lower case, without port
 * @throws AwsError `InvalidURI` (400) for malformed percent-encoding
 */
export function s3Address(request: WireRequest, baseDomains: readonly string[]): S3Address {
  const path = request.path.startsWith("/") ? request.path.slice(1) : request.path;
  const hosted = bucketOfHost(request.headers.get("host"), baseDomains);
  if (hosted !== undefined) return { bucket: hosted, key: path === "" ? undefined : decode(path) };
  if (path === "") return { bucket: undefined, key: undefined };
  const slash = path.indexOf("/");
  if (slash < 0) return { bucket: decode(path), key: undefined };
  const rest = path.slice(slash + 1);
  return { bucket: decode(path.slice(0, slash)), key: rest === "" ? undefined : decode(rest) };
}

/** Whether the request names its bucket in the host: signatures and redirects want to know. */
export function bucketOfHost(host: string | undefined, baseDomains: readonly string[]): string | undefined {
  if (host === undefined || baseDomains.length === 0) return undefined;
  const name = withoutPort(host).toLowerCase();
  for (const domain of baseDomains) {
    // Buckets may hold dots: everything before the base domain is the bucket.
    if (
      name.length > domain.length + 1 &&
      name.endsWith(domain) &&
      name.charAt(name.length - domain.length - 1) === "."
    ) {
      return name.slice(0, name.length - domain.length - 1);
    }
  }
  return undefined;
}

function withoutPort(host: string): string {
  const colon = host.lastIndexOf(":");
  return colon < 0 || host.endsWith("]") ? host : host.slice(0, colon);
}

function decode(text: string): string {
  const decoded = decodePathText(text);
  if (decoded === undefined) throw invalidUri();
  return decoded;
}
