/**
 * Conditional requests: which condition wins, and what a failed one means
 * (RFC 9110 §13.2.2; Amazon S3 API reference, GetObject and CopyObject, "Conditional headers").
 */

import type { WritePrecondition } from "../engine/port.ts";
import { notImplemented } from "../errors.ts";
import { bareEtag, etagListMatches } from "./etags.ts";

/** The four conditions of a read; dates as sent. */
export interface ReadConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: Date;
  readonly ifUnmodifiedSince?: Date;
}

/** `proceed`, `not-modified` (304 for reads, 412 for copies), or the name of the condition that failed (412). */
export type ReadVerdict =
  | { readonly verdict: "proceed" }
  | { readonly verdict: "not-modified"; readonly condition: "If-None-Match" | "If-Modified-Since" }
  | { readonly verdict: "failed"; readonly condition: "If-Match" | "If-Unmodified-Since" };

const PROCEED: ReadVerdict = { verdict: "proceed" };
const SECOND = 1000;

/** HTTP dates have whole seconds: what is stored is compared without its milliseconds. */
const wholeSeconds = (millis: number): number => Math.floor(millis / SECOND) * SECOND;

/**
 * Decides a read of an object that exists.
 *
 * If-Match true makes If-Unmodified-Since irrelevant, and If-None-Match makes If-Modified-Since irrelevant. An If-Modified-Since in the future is
 * ignored.
 *
 * @param etag without quotes
 * @param lastModified epoch milliseconds
 * @param now epoch milliseconds
 */
export function evaluateRead(conditions: ReadConditions, etag: string, lastModified: number, now: number): ReadVerdict {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!etagListMatches(ifMatch, etag)) return { verdict: "failed", condition: "If-Match" };
  } else if (ifUnmodifiedSince !== undefined && wholeSeconds(lastModified) > ifUnmodifiedSince.getTime()) {
    return { verdict: "failed", condition: "If-Unmodified-Since" };
  }
  if (ifNoneMatch !== undefined) {
    if (etagListMatches(ifNoneMatch, etag)) return { verdict: "not-modified", condition: "If-None-Match" };
  } else if (ifModifiedSince !== undefined) {
    const since = ifModifiedSince.getTime();
    if (since <= now && wholeSeconds(lastModified) <= since) {
      return { verdict: "not-modified", condition: "If-Modified-Since" };
    }
  }
  return PROCEED;
}

/**
 * The conditions of PutObject, CopyObject and CompleteMultipartUpload, for the engine to decide at the moment of the commit.
 * @throws AwsError NotImplemented for an If-None-Match other than `*`, or both headers together
 */
export function writePrecondition(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
): WritePrecondition | undefined {
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  if (ifNoneMatch !== undefined && (ifMatch !== undefined || ifNoneMatch.trim() !== "*")) {
    throw notImplemented(
      "A header you provided implies functionality that is not implemented",
      "If-None-Match",
      ifMatch !== undefined
        ? "Multiple conditional request headers present in the request"
        : "We don't accept the provided value of If-None-Match header for this API",
    );
  }
  return ifMatch === undefined ? { ifAbsent: true } : { ifMatch: bareEtag(ifMatch) };
}
