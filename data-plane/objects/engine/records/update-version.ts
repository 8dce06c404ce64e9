/** Changes of tags, ACL, retention and legal hold of one version in place. */

import { packDetail, packLock, unpackDetail, unpackLock } from "../model/detail.ts";
import { encodeKey } from "../model/key-order.ts";
import { changedLock, forbidsRetention } from "../model/object-lock.ts";
import type { Bucket } from "./bucket-book.ts";
import { type Refusal, refuse, type UpdateAnswer, type UpdateCommand } from "./commands.ts";
import type { RecordContext } from "./record-context.ts";
import type { VersionRow } from "./rows.ts";
import type { Located } from "./version-table.ts";

export function updateVersion(context: RecordContext, command: UpdateCommand): UpdateAnswer | Refusal {
  const bucket = context.buckets.obtain(command.bucket);
  if (bucket.state === "dropped") return refuse("BucketClosed");
  const key = encodeKey(command.key);
  const located = find(context, bucket, key, command.versionId);
  if (located === undefined) return refuse(command.versionId === undefined ? "NoSuchKey" : "NoSuchVersion");
  // A delete marker has neither tags nor lock.
  if (located.row.marker === 1) return refuse(command.versionId === undefined ? "NoSuchKey" : "NoSuchVersion");

  const lock = unpackLock(located.row.lock);
  if (
    command.retention !== undefined &&
    forbidsRetention(lock, command.retention, command.now, command.bypassGovernance)
  ) {
    return refuse("ObjectLocked");
  }
  const row: VersionRow = {
    ...located.row,
    lock: packLock(changedLock(lock, command.retention, command.legalHold)),
    detail: changedDetail(located.row.detail, command),
  };
  context.versions.rewrite(bucket, key, { row, isCurrent: located.isCurrent });
  if (command.announce !== undefined && hasChanged(located.row, row, command)) {
    context.outbox.add(command.announce, key, command.now, row);
  }
  return { row, latest: located.isCurrent };
}

/** Putting the ACL that a version already has is no event; putting the same tags or lock is one (Amazon S3 user guide, "Supported event types"). */
const hasChanged = (before: VersionRow, after: VersionRow, command: UpdateCommand): boolean =>
  command.acl === undefined || before.detail !== after.detail;

function find(
  context: RecordContext,
  bucket: Bucket,
  key: Uint8Array,
  versionId: string | undefined,
): Located | undefined {
  if (versionId !== undefined) return context.versions.locate(bucket, key, versionId);
  const row = context.versions.current(bucket, key);
  return row && { row, isCurrent: true };
}

function changedDetail(text: string | null, command: UpdateCommand): string | null {
  if (command.tags === undefined && command.acl === undefined) return text;
  const detail = unpackDetail(text);
  return packDetail({
    ...detail,
    tags: command.tags === undefined ? detail.tags : JSON.parse(command.tags),
    acl: command.acl === undefined ? detail.acl : command.acl === null ? undefined : JSON.parse(command.acl),
  });
}
