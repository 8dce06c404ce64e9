/** How a new version takes its place: what it replaces, what it pushes into history. */

import { unpackLock } from "../model/detail.ts";
import { forbidsRemoval } from "../model/object-lock.ts";
import { orderedId } from "../model/ordered-id.ts";
import type { VersioningState } from "../port.ts";
import type { Bucket } from "./bucket-book.ts";
import { type Condition, type InstalledVersion, type NewVersion, type Refusal, refuse } from "./commands.ts";
import type { RecordContext } from "./record-context.ts";
import type { VersionRow } from "./rows.ts";

/** Where and when. */
export interface Place {
  readonly bucket: Bucket;
  readonly key: Uint8Array;
  readonly now: number;
  readonly versioning: VersioningState;
  readonly chance: string;
}

/** What makes a version besides its attributes. */
export interface Substance {
  readonly body: number | null;
  readonly upload: number | null;
}

/** Whether a condition of a write holds for the latest object; undefined when it does. */
export function checkCondition(latest: VersionRow | undefined, condition: Condition | undefined): Refusal | undefined {
  if (condition === undefined) return undefined;
  if (condition.ifAbsent === true && latest !== undefined) {
    return refuse("PreconditionFailed", { condition: "If-None-Match" });
  }
  if (condition.ifMatch === undefined) return undefined;
  if (latest === undefined) return refuse("NoSuchKey");
  if (condition.ifMatch !== "*" && condition.ifMatch !== latest.etag) {
    return refuse("PreconditionFailed", { condition: "If-Match" });
  }
  return undefined;
}

/** The version that a write in this state removes for good; a lock on it refuses the write. */
export function replacedVersion(
  context: RecordContext,
  place: Omit<Place, "chance">,
  latest: VersionRow | undefined,
  bypassGovernance: boolean,
): { readonly row: VersionRow; readonly isCurrent: boolean } | Refusal | undefined {
  if (place.versioning === "Enabled") return undefined;
  const located = context.versions.locateNull(place.bucket, place.key, latest);
  if (located === undefined) return undefined;
  if (forbidsRemoval(unpackLock(located.row.lock), place.now, bypassGovernance)) return refuse("ObjectLocked");
  return located;
}

/** Time of the last change of a key: versions of one key never run backwards, whatever the clock does. */
export function timeOfChange(context: RecordContext, place: Place, latest: VersionRow | undefined): number {
  const last = latest ?? context.versions.newestPast(place.bucket, place.key);
  return last === undefined ? place.now : Math.max(place.now, last.modified);
}

/** A version id for this moment, or null for S3's version "null". */
export function newVersionId(place: Place, modified: number, seq: number): string | null {
  return place.versioning === "Enabled" ? orderedId(modified, seq, place.chance) : null;
}

/** Installs a version as the latest. The caller has checked everything that can refuse it, the condition included, except locks. */
export function installVersion(
  context: RecordContext,
  place: Place,
  latest: VersionRow | undefined,
  version: NewVersion,
  substance: Substance,
): InstalledVersion | Refusal {
  const { versions, ledger, buckets } = context;
  const { bucket, key, now } = place;
  const replaced = replacedVersion(context, place, latest, false);
  if (replaced !== undefined && "refused" in replaced) return replaced;

  const seq = context.sequence.next();
  const modified = timeOfChange(context, place, latest);
  const row: VersionRow = {
    seq,
    version: newVersionId(place, modified, seq),
    modified,
    owner: version.owner,
    size: version.size,
    etag: version.etag,
    body: substance.body,
    upload: substance.upload,
    cipher: version.cipher,
    lock: version.lock,
    detail: version.detail,
    marker: 0,
  };

  if (replaced !== undefined) {
    ledger.discardVersion(bucket, key, replaced.row, now);
    if (!replaced.isCurrent) versions.dropPast(bucket, key, replaced.row.seq);
  }
  if (latest !== undefined && replaced?.isCurrent !== true) versions.addPast(bucket, key, latest);
  versions.setCurrent(bucket, key, row);
  buckets.count(bucket, {
    objects: latest === undefined ? 1 : 0,
    versions: replaced === undefined ? 1 : 0,
    bytes: row.size - (replaced?.row.size ?? 0),
  });
  return { row, isLatest: true };
}
