/** CompleteMultipartUpload: the parts become the segments of an object; no byte of theirs moves. */

import { packDetail, unpackDetail } from "../model/detail.ts";
import { encodeKey } from "../model/key-order.ts";
import { sequenceOf } from "../model/ordered-id.ts";
import type { Checksum } from "../port.ts";
import type { Bucket } from "./bucket-book.ts";
import {
  type CompleteCommand,
  type InstalledVersion,
  isRefusal,
  type Progress,
  type Refusal,
  refuse,
} from "./commands.ts";
import { checkCondition, installVersion } from "./install-version.ts";
import type { RecordContext } from "./record-context.ts";
import { CURRENT_COLUMNS, type PartRow, type UploadRow, VERSIONS_COLUMNS, type VersionRow } from "./rows.ts";
import type { UploadTable } from "./uploads.ts";

/** Completions forgotten by one command. */
const FORGET_BATCH = 1000;

export interface Completions {
  complete(command: CompleteCommand): InstalledVersion | Refusal;
  forget(before: number): Progress;
}

export function openCompletions(context: RecordContext, uploads: UploadTable): Completions {
  const { database, buckets, versions, ledger } = context;
  const remember = database.prepare(
    "INSERT INTO completions (bucket, key, upload, id, completed) VALUES (?1, ?2, ?3, ?4, ?5)",
  );
  const remembered = database.prepare<{ id: string }>(
    "SELECT id FROM completions WHERE bucket = ?1 AND key = ?2 AND upload = ?3",
  );
  const pastOfUpload = database.prepare<VersionRow>(
    `SELECT ${VERSIONS_COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 AND upload = ?3`,
  );
  const currentOfUpload = database.prepare<VersionRow>(
    `SELECT ${CURRENT_COLUMNS} FROM current WHERE bucket = ?1 AND key = ?2 AND upload = ?3`,
  );
  const forget = database.prepare(
    `DELETE FROM completions WHERE (bucket, key, upload) IN
       (SELECT bucket, key, upload FROM completions WHERE completed < ?1 ORDER BY completed LIMIT ${FORGET_BATCH})`,
  );

  /** Completing once more with the same parts answers the version that the first time made, while it exists. */
  const completedBefore = (bucket: Bucket, key: Uint8Array, command: CompleteCommand): InstalledVersion | Refusal => {
    const upload = sequenceOf(command.uploadId);
    if (upload === undefined) return refuse("NoSuchUpload");
    if (remembered.get(bucket.number, key, upload)?.id !== command.uploadId) return refuse("NoSuchUpload");
    const latest = currentOfUpload.get(bucket.number, key, upload);
    const row = latest ?? pastOfUpload.get(bucket.number, key, upload);
    if (row === undefined) return refuse("NoSuchUpload");
    const segments = uploads.parts(upload);
    const same =
      segments.length === command.parts.length &&
      segments.every((segment, index) => {
        const named = command.parts[index]!;
        return named.part === segment.part && named.etag === segment.etag;
      });
    return same ? { row, isLatest: latest !== undefined } : refuse("NoSuchUpload");
  };

  return {
    complete(command) {
      const bucket = buckets.obtain(command.bucket);
      if (bucket.state !== "open") return refuse("BucketClosed");
      const key = encodeKey(command.key);
      const upload = uploads.find(bucket, key, command.uploadId);
      if (upload === undefined) return completedBefore(bucket, key, command);

      const latest = versions.current(bucket, key);
      const failed = checkCondition(latest, command.condition);
      if (failed !== undefined) return failed;
      const stored = uploads.parts(upload.upload);
      const chosen = chooseParts(stored, command);
      if ("refused" in chosen) return chosen;

      const { now, versioning, chance } = command;
      const answer = installVersion(
        context,
        { bucket, key, now, versioning, chance },
        latest,
        {
          owner: upload.owner,
          size: chosen.size,
          etag: command.etag,
          cipher: upload.cipher,
          lock: upload.lock,
          detail: detailOfObject(upload, command),
        },
        { body: null, upload: upload.upload },
      );
      if (isRefusal(answer)) return answer;
      for (const row of stored) {
        if (chosen.numbers.has(row.part)) continue;
        ledger.discardBody(bucket, key, row.part, row.body, now);
        uploads.dropPart(upload.upload, row.part);
      }
      uploads.drop(bucket, key, upload.upload);
      remember.run(bucket.number, key, upload.upload, upload.id, now);
      if (command.announce !== undefined) context.outbox.add(command.announce, key, now, answer.row);
      return answer;
    },
    forget: (before) => ({ more: forget.run(before).changes === FORGET_BATCH }),
  };
}

interface ChosenParts {
  readonly size: number;
  readonly numbers: ReadonlySet<number>;
}

/** Checks the named parts against the stored ones (CompleteMultipartUpload, "Errors"). */
function chooseParts(stored: readonly PartRow[], command: CompleteCommand): ChosenParts | Refusal {
  const byNumber = new Map(stored.map((row) => [row.part, row]));
  const numbers = new Set<number>();
  const last = command.parts.at(-1);
  if (last === undefined) return refuse("InvalidPart");
  let previous = 0;
  for (const { part } of command.parts) {
    if (part <= previous) return refuse("InvalidPartOrder", { partNumber: part });
    previous = part;
  }
  let size = 0;
  for (const named of command.parts) {
    const row = byNumber.get(named.part);
    const wrong = row === undefined || row.etag !== named.etag || !hasChecksum(row, named.checksum);
    if (wrong) return refuse("InvalidPart", { partNumber: named.part, etag: named.etag });
    numbers.add(named.part);
    size += row.size;
  }
  for (const named of command.parts) {
    const row = byNumber.get(named.part)!;
    if (named === last || row.size >= command.minPartSize) continue;
    return refuse("EntityTooSmall", {
      partNumber: row.part,
      etag: row.etag,
      size: row.size,
      expected: command.minPartSize,
    });
  }
  if (command.expectedSize !== undefined && command.expectedSize !== size) {
    return refuse("SizeMismatch", { size, expected: command.expectedSize });
  }
  return { size, numbers };
}

function hasChecksum(row: PartRow, named: string | undefined): boolean {
  if (named === undefined || row.checksum === null) return true;
  const stored: Checksum = JSON.parse(row.checksum);
  return stored.value === named;
}

function detailOfObject(upload: UploadRow, command: CompleteCommand): string | null {
  return packDetail({
    ...unpackDetail(upload.detail),
    checksum: command.checksum === null ? undefined : JSON.parse(command.checksum),
    partsCount: command.parts.length,
  });
}
