/** ETags: quoting, comparing, and the one of a multipart object. */
import { createHash } from "node:crypto";

/** With quotes, as headers and XML carry it. */
export const quoteEtag = (etag: string): string => `"${etag}"`;

/** Without quotes and without the weak mark: clients send both forms. */
export function bareEtag(text: string): string {
  let value = text.trim();
  if (value.startsWith("W/")) value = value.slice(2);
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** Whether a header such as `"a", "b"` or `*` names the ETag (without quotes) of an object that exists. */
export function etagListMatches(header: string, etag: string): boolean {
  const trimmed = header.trim();
  if (trimmed === "*") return true;
  // S3's ETags contain no comma, so that splitting needs no quoting rules.
  if (trimmed.indexOf(",") < 0) return bareEtag(trimmed) === etag;
  return trimmed.split(",").some((entry) => bareEtag(entry) === etag);
}

/**
 * `md5(concat(md5 of each part))-N`, also for a single part.
 * @param partEtags hexadecimal MD5s of the parts without quotes, in order of the part numbers
 */
export function multipartEtag(partEtags: readonly string[]): string {
  const hash = createHash("md5");
  for (const etag of partEtags) hash.update(etag, "hex");
  return `${hash.digest("hex")}-${partEtags.length}`;
}
