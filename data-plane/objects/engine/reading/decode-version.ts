/** Rows as the port shows them. */

import type { AccountId, BucketId } from "#contracts";
import type { ChecksumAlgorithm } from "#foundation/aws/checksums";
import { encryptionOfRecord } from "../bodies/cipher-record.ts";
import { type Detail, unpackDetail, unpackLock } from "../model/detail.ts";
import { NULL_VERSION, type ObjectVersion, type Part, type Upload } from "../port.ts";
import type { PartRow, UploadRow, VersionRow } from "../records/rows.ts";

/** Key of the part of a version that only the engine reads. A symbol, so that it survives spreading and stays out of JSON. */
const STORED = Symbol("where the body is");

/** What is needed to open the body of a version. */
export interface BodyReference {
  readonly body: number | null;
  readonly upload: number | null;
  readonly cipher: string | null;
}

interface StoredVersion extends ObjectVersion {
  readonly [STORED]: BodyReference;
}

/**
 * The version that a row stands for.
 * @param detail what `row.detail` says, where it is at hand
 */
export function decodeVersion(
  bucketId: BucketId,
  key: string,
  row: VersionRow,
  isLatest: boolean,
  detail: Detail = unpackDetail(row.detail),
): ObjectVersion {
  const version: StoredVersion = {
    bucketId,
    key,
    versionId: row.version ?? NULL_VERSION,
    isLatest,
    deleteMarker: row.marker === 1,
    lastModified: row.modified,
    owner: row.owner as AccountId,
    size: row.size,
    etag: row.etag,
    checksum: detail.checksum,
    partsCount: detail.partsCount,
    headers: detail.headers,
    metadata: detail.metadata,
    tags: detail.tags,
    acl: detail.acl,
    lock: unpackLock(row.lock),
    encryption: encryptionOfRecord(row.cipher),
    [STORED]: { body: row.body, upload: row.upload, cipher: row.cipher },
  };
  return version;
}

function isStored(version: ObjectVersion): version is StoredVersion {
  return STORED in version;
}

/** Where the body of a version is; undefined for a version that did not come from this engine. */
export function bodyReferenceOf(version: ObjectVersion): BodyReference | undefined {
  return isStored(version) ? version[STORED] : undefined;
}

/** Key of what only the engine reads of an upload. */
const UPLOAD_CIPHER = Symbol("how parts are encrypted");

interface StoredUpload extends Upload {
  readonly [UPLOAD_CIPHER]: string | null;
}

/** The upload that a row stands for. */
export function decodeUpload(bucketId: BucketId, key: string, row: UploadRow): Upload {
  const detail = unpackDetail(row.detail);
  const upload: StoredUpload = {
    bucketId,
    key,
    uploadId: row.id,
    initiated: row.initiated,
    attributes: {
      owner: row.owner as AccountId,
      headers: detail.headers,
      metadata: detail.metadata,
      tags: detail.tags,
      acl: detail.acl,
      lock: unpackLock(row.lock),
      checksumAlgorithm: (row.algorithm ?? undefined) as ChecksumAlgorithm | undefined,
      checksumType: (row.type ?? undefined) as Upload["attributes"]["checksumType"],
      initiator: JSON.parse(row.initiator),
    },
    encryption: encryptionOfRecord(row.cipher),
    [UPLOAD_CIPHER]: row.cipher,
  };
  return upload;
}

/** The cipher record of an upload; undefined for one that did not come from this engine. */
export function cipherOfUpload(upload: Upload): string | null | undefined {
  return UPLOAD_CIPHER in upload ? (upload as StoredUpload)[UPLOAD_CIPHER] : undefined;
}

/** The part that a row stands for. */
export function decodePart(row: PartRow): Part {
  return {
    partNumber: row.part,
    size: row.size,
    etag: row.etag,
    checksum: row.checksum === null ? undefined : JSON.parse(row.checksum),
    lastModified: row.modified,
  };
}
