/** Rows of the tables, as statements return them. */

/** One version of an object or a delete marker, without the key that it was looked up by. */
export interface VersionRow {
  readonly seq: number;
  /** Null for S3's version "null". */
  readonly version: string | null;
  readonly modified: number;
  readonly owner: string;
  readonly size: number;
  readonly etag: string;
  /** The body's number; null for delete markers and multipart objects. */
  readonly body: number | null;
  /** The upload whose parts are the body, for multipart objects. */
  readonly upload: number | null;
  /** See `bodies/cipher-record.ts`. */
  readonly cipher: string | null;
  /** `ObjectLock` as JSON; null when nothing is locked. */
  readonly lock: string | null;
  /** See `model/detail.ts`. */
  readonly detail: string | null;
  /** 1 for delete markers. */
  readonly marker: number;
}

/** With its key as text, which costs a third less to fetch than bytes. */
export interface NamedVersionRow extends VersionRow {
  readonly name: string;
}

export interface KeyedVersionRow extends VersionRow {
  readonly key: Uint8Array;
}

export interface BucketRow {
  readonly number: number;
  readonly id: string;
  readonly directory: string;
  readonly state: "open" | "closed" | "dropped";
  readonly objects: number;
  readonly versions: number;
  readonly bytes: number;
  readonly uploads: number;
}

export interface UploadRow {
  readonly upload: number;
  readonly id: string;
  readonly initiated: number;
  readonly owner: string;
  /** `{ id, displayName }` as JSON. */
  readonly initiator: string;
  readonly algorithm: string | null;
  readonly type: string | null;
  readonly cipher: string | null;
  readonly lock: string | null;
  readonly detail: string | null;
}

export interface PartRow {
  readonly part: number;
  readonly body: number;
  readonly size: number;
  readonly etag: string;
  /** `Checksum` as JSON. */
  readonly checksum: string | null;
  readonly modified: number;
}

/** Columns of `VersionRow` in `current`. */
export const CURRENT_COLUMNS =
  "seq, version, modified, owner, size, etag, body, upload, cipher, lock, detail, 0 AS marker";
/** Columns of `VersionRow` in `versions`. */
export const VERSIONS_COLUMNS = "seq, version, modified, owner, size, etag, body, upload, cipher, lock, detail, marker";
/** Columns of `UploadRow`. */
export const UPLOAD_COLUMNS = "upload, id, initiated, owner, initiator, algorithm, type, cipher, lock, detail";
/** Columns of `PartRow`. */
export const PART_COLUMNS = "part, body, size, etag, checksum, modified";
