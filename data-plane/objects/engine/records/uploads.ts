/** Multipart uploads in progress: create, parts, abort. */

import { encodeKey } from "../model/key-order.ts";
import { orderedId, sequenceOf } from "../model/ordered-id.ts";
import type { Bucket } from "./bucket-book.ts";
import {
  type CreateUploadCommand,
  DONE,
  type Done,
  type PartAnswer,
  type PutPartCommand,
  type Refusal,
  refuse,
  type UploadAnswer,
  type UploadCommand,
} from "./commands.ts";
import type { RecordContext } from "./record-context.ts";
import { PART_COLUMNS, type PartRow, UPLOAD_COLUMNS, type UploadRow } from "./rows.ts";

export interface UploadTable {
  create(command: CreateUploadCommand): UploadAnswer | Refusal;
  putPart(command: PutPartCommand): PartAnswer | Refusal;
  abort(command: UploadCommand): Done | Refusal;
  find(bucket: Bucket, key: Uint8Array, uploadId: string): UploadRow | undefined;
  parts(upload: number): readonly PartRow[];
  dropPart(upload: number, part: number): void;
  /** Forgets the upload; its parts stay. */
  drop(bucket: Bucket, key: Uint8Array, upload: number): void;
}

export function openUploadTable(context: RecordContext): UploadTable {
  const { database, buckets, ledger, sequence } = context;
  const insert = database.prepare(
    `INSERT INTO uploads
       (bucket, key, upload, id, initiated, owner, initiator, algorithm, type, cipher, lock, detail)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
  );
  const byId = database.prepare<UploadRow>(
    `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE bucket = ?1 AND key = ?2 AND upload = ?3`,
  );
  const drop = database.prepare("DELETE FROM uploads WHERE bucket = ?1 AND key = ?2 AND upload = ?3");
  const part = database.prepare<PartRow>(`SELECT ${PART_COLUMNS} FROM parts WHERE upload = ?1 AND part = ?2`);
  const parts = database.prepare<PartRow>(`SELECT ${PART_COLUMNS} FROM parts WHERE upload = ?1 ORDER BY part`);
  const setPart = database.prepare(
    `INSERT OR REPLACE INTO parts (upload, part, body, size, etag, checksum, modified)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
  );
  const dropPart = database.prepare("DELETE FROM parts WHERE upload = ?1 AND part = ?2");

  const table: UploadTable = {
    create(command) {
      const bucket = buckets.obtain(command.bucket);
      if (bucket.state !== "open") return refuse("BucketClosed");
      const upload = sequence.next();
      const row: UploadRow = {
        upload,
        id: orderedId(command.now, upload, command.chance),
        initiated: command.now,
        owner: command.owner,
        initiator: command.initiator,
        algorithm: command.algorithm,
        type: command.type,
        cipher: command.cipher,
        lock: command.lock,
        detail: command.detail,
      };
      insert.run(
        bucket.number,
        encodeKey(command.key),
        upload,
        row.id,
        row.initiated,
        row.owner,
        row.initiator,
        row.algorithm,
        row.type,
        row.cipher,
        row.lock,
        row.detail,
      );
      buckets.count(bucket, { uploads: 1 });
      return { row };
    },
    find(bucket, key, uploadId) {
      const upload = sequenceOf(uploadId);
      if (upload === undefined) return undefined;
      const row = byId.get(bucket.number, key, upload);
      return row?.id === uploadId ? row : undefined;
    },
    putPart(command) {
      const bucket = buckets.obtain(command.bucket);
      if (bucket.state !== "open") return refuse("BucketClosed");
      const key = encodeKey(command.key);
      const upload = table.find(bucket, key, command.uploadId);
      if (upload === undefined) return refuse("NoSuchUpload");
      const before = part.get(upload.upload, command.part);
      if (before !== undefined) ledger.discardBody(bucket, key, command.part, before.body, command.now);
      const row: PartRow = {
        part: command.part,
        body: command.body.body,
        size: command.size,
        etag: command.etag,
        checksum: command.checksum,
        modified: Math.max(command.now, before?.modified ?? 0),
      };
      setPart.run(upload.upload, row.part, row.body, row.size, row.etag, row.checksum, row.modified);
      ledger.accept(bucket, key, command.part, command.body);
      return { row };
    },
    abort(command) {
      const bucket = buckets.obtain(command.bucket);
      const key = encodeKey(command.key);
      const upload = table.find(bucket, key, command.uploadId);
      if (upload === undefined) return refuse("NoSuchUpload");
      table.drop(bucket, key, upload.upload);
      ledger.discardUpload(bucket, key, upload.upload, command.now);
      return DONE;
    },
    parts: (upload) => parts.all(upload),
    dropPart: (upload, number) => void dropPart.run(upload, number),
    drop(bucket, key, upload) {
      drop.run(bucket.number, key, upload);
      buckets.count(bucket, { uploads: -1 });
    },
  };
  return table;
}
