/** DeleteObject in its three forms: one version for good, a marker on top, or the object of an unversioned bucket. */

import { unpackLock } from "../model/detail.ts";
import { encodeKey } from "../model/key-order.ts";
import { forbidsRemoval } from "../model/object-lock.ts";
import { NULL_VERSION } from "../port.ts";
import type { Bucket } from "./bucket-book.ts";
import { type DeleteAnswer, type DeleteCommand, isRefusal, type Refusal, refuse } from "./commands.ts";
import { checkCondition, newVersionId, type Place, replacedVersion, timeOfChange } from "./install-version.ts";
import type { RecordContext } from "./record-context.ts";
import type { VersionRow } from "./rows.ts";

const NOTHING: DeleteAnswer = Object.freeze({ deleteMarker: false, removed: null, removedLatest: false });

export function deleteObject(context: RecordContext, command: DeleteCommand): DeleteAnswer | Refusal {
  const bucket = context.buckets.obtain(command.bucket);
  if (bucket.state === "dropped") return refuse("BucketClosed");
  const key = encodeKey(command.key);
  const answer = applyDeletion(context, bucket, key, command);
  if (command.announce !== undefined && !isRefusal(answer)) announceDeletion(context, key, command, answer);
  return answer;
}

/** What had no effect is not announced. */
function announceDeletion(context: RecordContext, key: Uint8Array, command: DeleteCommand, answer: DeleteAnswer): void {
  const { versionId, deleteMarker, removed } = answer;
  const isMarked = command.versionId === undefined && deleteMarker;
  if (!isMarked && removed === null) return;
  const announcement = isMarked ? command.announce?.marked : command.announce?.removed;
  if (announcement === undefined) return;
  const version = versionId === undefined || versionId === NULL_VERSION ? null : versionId;
  context.outbox.add(announcement, key, command.now, { version });
}

function applyDeletion(
  context: RecordContext,
  bucket: Bucket,
  key: Uint8Array,
  command: DeleteCommand,
): DeleteAnswer | Refusal {
  if (command.versionId !== undefined) return removeVersion(context, bucket, key, command, command.versionId);
  const latest = context.versions.current(bucket, key);
  const failed = checkCondition(latest, { ifMatch: command.ifMatch });
  if (failed !== undefined) return failed;
  const { now, versioning, chance } = command;
  const place: Place = { bucket, key, now, versioning, chance };
  // A version with an id shows that versioning is not off any more: whoever asked had not heard of it yet.
  return versioning === "Off" && (latest === undefined || latest.version === null)
    ? removeObject(context, place, latest, command.bypassGovernance)
    : addMarker(context, place, latest, command);
}

function removeVersion(
  context: RecordContext,
  bucket: Bucket,
  key: Uint8Array,
  command: DeleteCommand,
  versionId: string,
): DeleteAnswer | Refusal {
  const { versions, ledger, buckets } = context;
  const located = versions.locate(bucket, key, versionId);
  if (located === undefined) return command.ifMatch === undefined ? NOTHING : refuse("NoSuchVersion");
  const { row, isCurrent } = located;
  if (command.ifMatch !== undefined && command.ifMatch !== "*" && command.ifMatch !== row.etag) {
    return refuse("PreconditionFailed", { condition: "If-Match" });
  }
  if (forbidsRemoval(unpackLock(row.lock), command.now, command.bypassGovernance)) return refuse("ObjectLocked");

  const removedLatest = isCurrent || isLatestMarker(context, bucket, key, row);
  if (isCurrent) versions.dropCurrent(bucket, key);
  else versions.dropPast(bucket, key, row.seq);
  ledger.discardVersion(bucket, key, row, command.now);
  const promoted = removedLatest && promote(context, bucket, key);
  buckets.count(bucket, {
    objects: (promoted ? 1 : 0) - (isCurrent ? 1 : 0),
    versions: -1,
    bytes: -row.size,
  });
  return { versionId, deleteMarker: row.marker === 1, removed: row, removedLatest };
}

function isLatestMarker(context: RecordContext, bucket: Bucket, key: Uint8Array, row: VersionRow): boolean {
  if (row.marker === 0 || context.versions.current(bucket, key) !== undefined) return false;
  return context.versions.newestPast(bucket, key)?.seq === row.seq;
}

/** After the latest version went: the one before becomes the latest, and visible when it is an object. */
function promote(context: RecordContext, bucket: Bucket, key: Uint8Array): boolean {
  const next = context.versions.newestPast(bucket, key);
  if (next === undefined || next.marker === 1) return false;
  context.versions.dropPast(bucket, key, next.seq);
  context.versions.setCurrent(bucket, key, next);
  return true;
}

function removeObject(
  context: RecordContext,
  place: Place,
  latest: VersionRow | undefined,
  bypassGovernance: boolean,
): DeleteAnswer | Refusal {
  const { bucket, key, now } = place;
  if (latest === undefined) return NOTHING;
  if (forbidsRemoval(unpackLock(latest.lock), now, bypassGovernance)) return refuse("ObjectLocked");
  context.versions.dropCurrent(bucket, key);
  context.ledger.discardVersion(bucket, key, latest, now);
  context.buckets.count(bucket, { objects: -1, versions: -1, bytes: -latest.size });
  return { deleteMarker: false, removed: latest, removedLatest: true };
}

function addMarker(
  context: RecordContext,
  place: Place,
  latest: VersionRow | undefined,
  command: DeleteCommand,
): DeleteAnswer | Refusal {
  const { versions, ledger, buckets, sequence } = context;
  const { bucket, key, now } = place;
  if (bucket.state !== "open") return refuse("BucketClosed");
  const replaced = replacedVersion(context, place, latest, command.bypassGovernance);
  if (replaced !== undefined && "refused" in replaced) return replaced;

  const seq = sequence.next();
  const modified = timeOfChange(context, place, latest);
  const version = newVersionId(place, modified, seq);
  if (replaced !== undefined) {
    ledger.discardVersion(bucket, key, replaced.row, now);
    if (!replaced.isCurrent) versions.dropPast(bucket, key, replaced.row.seq);
  }
  if (latest !== undefined) {
    if (replaced?.isCurrent !== true) versions.addPast(bucket, key, latest);
    versions.dropCurrent(bucket, key);
  }
  versions.addPast(bucket, key, {
    seq,
    version,
    modified,
    owner: command.owner,
    size: 0,
    etag: "",
    body: null,
    upload: null,
    cipher: null,
    lock: null,
    detail: null,
    marker: 1,
  });
  buckets.count(bucket, {
    objects: latest === undefined ? 0 : -1,
    versions: replaced === undefined ? 1 : 0,
    bytes: -(replaced?.row.size ?? 0),
  });
  return {
    versionId: version ?? NULL_VERSION,
    deleteMarker: true,
    removed: replaced?.row ?? null,
    removedLatest: replaced?.isCurrent === true,
  };
}
