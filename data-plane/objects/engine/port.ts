/**
 * The port between the S3 operations and whatever keeps the objects: metadata, bodies, versions, multipart uploads.
 *
 * Engines know nothing of HTTP, XML, signatures or policies. They own order and durability: a promise that resolves for a write means that
 * the write survives `kill -9` and power loss. Times are milliseconds since the epoch, sizes are bytes.
 */
import type { AccountId, BucketId } from "#contracts";
import type { ChecksumAlgorithm } from "#foundation/aws/checksums";

/** `null` names the version that exists while versioning is off or suspended, as in S3. */
export type VersionId = string;
export const NULL_VERSION: VersionId = "null";

export type VersioningState = "Off" | "Enabled" | "Suspended";

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: "FULL_OBJECT" | "COMPOSITE";
  /** Base64, with `-N` for composites. */
  readonly value: string;
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Response headers that are stored with an object and come back on GET and HEAD. */
export interface StoredHeaders {
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /** The `Expires` header, as sent. */
  readonly expires?: string;
  readonly websiteRedirectLocation?: string;
  /** `STANDARD` when absent. */
  readonly storageClass?: string;
}

export interface ObjectLock {
  readonly mode?: "GOVERNANCE" | "COMPLIANCE";
  readonly retainUntil?: number;
  readonly legalHold?: boolean;
}

/** How the body is encrypted at rest. Keys never appear here. */
export type Encryption =
  | { readonly mode: "none" }
  /** Each object has a key of its own, sealed by the data plane's master key. */
  | { readonly mode: "SSE-S3" }
  /** The customer's key is needed for every read; `keyMd5` is base64, `keyCheck` lets a wrong key be refused before reading. */
  | { readonly mode: "SSE-C"; readonly keyMd5: string };

export interface PartSummary {
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
  readonly checksum?: Checksum;
}

/** One version of an object, or a delete marker. */
export interface ObjectVersion {
  readonly bucketId: BucketId;
  readonly key: string;
  readonly versionId: VersionId;
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
  readonly lastModified: number;
  readonly owner: AccountId;
  /** 0 for delete markers. */
  readonly size: number;
  /** Without quotes. Empty for delete markers. */
  readonly etag: string;
  readonly checksum?: Checksum;
  /** Number of parts when the object came from a multipart upload. */
  readonly partsCount?: number;
  readonly headers: StoredHeaders;
  /** `x-amz-meta-*` without the prefix, lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  /** An `AccessControlPolicy` as last put; absent means the default (owner has full control). */
  readonly acl?: unknown;
  readonly lock: ObjectLock;
  readonly encryption: Encryption;
}

/** The fields of a new version that the caller decides. */
export interface ObjectAttributes {
  readonly owner: AccountId;
  readonly headers: StoredHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  readonly acl?: unknown;
  readonly lock: ObjectLock;
}

/** What must hold at the moment of the commit, decided in the engine's order of writes. Etags without quotes. */
export interface WritePrecondition {
  /** `If-None-Match: *` */
  readonly ifAbsent?: boolean;
  /** `If-Match`; `*` matches any existing object. */
  readonly ifMatch?: string;
  /** Directory-bucket style conditions of DeleteObject are not supported. */
}

/** Thrown by engines; S3 operations turn it into S3's errors. */
export type EngineErrorCode =
  | "PreconditionFailed"
  /** Another conditional write on the same key won while this one was being decided. */
  | "ConditionalRequestConflict"
  | "NoSuchKey"
  | "NoSuchVersion"
  | "NoSuchUpload"
  | "InvalidPart"
  | "InvalidPartOrder"
  | "EntityTooSmall"
  /** `CompleteMultipartUpload` with `x-amz-mp-object-size` that is not the sum of the parts. */
  | "SizeMismatch"
  | "ChecksumMismatch"
  | "ObjectLocked"
  /** The bucket is being deleted, or is gone. */
  | "BucketClosed"
  | "BucketNotEmpty"
  | "WrongEncryptionKey"
  /** The disk is full. */
  | "InsufficientStorage"
  /** Bytes on disk do not match what was stored. */
  | "Corrupt";

/** Key material for SSE. For SSE-S3 the engine makes and seals the object's key; for SSE-C it uses and forgets the customer's. */
export type EncryptionRequest =
  | { readonly mode: "none" }
  | { readonly mode: "SSE-S3" }
  | { readonly mode: "SSE-C"; readonly key: Uint8Array; readonly keyMd5: string };

/**
 * A body that is on disk (or, when small, in memory) and durable as soon as it is committed, but not yet part of any object. Ends in exactly one of
 * a commit or {@link ObjectEngine.discard}.
 */
export interface StagedBody {
  readonly size: number;
  readonly encryption: Encryption;
}

/** A half-open range of bytes of the plain body. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ListQuery {
  readonly bucketId: BucketId;
  readonly prefix: string;
  /** Empty for none. May have several characters. */
  readonly delimiter: string;
  /** Only keys (and common prefixes) greater than this in UTF-8 byte order. */
  readonly after?: string;
  /** With this a key equal to `after` is included (list from a continuation token). */
  readonly inclusive?: boolean;
  /** 0 … 1000 entries, keys and common prefixes together. */
  readonly limit: number;
}

export interface ListPage<Entry> {
  readonly entries: readonly Entry[];
  readonly commonPrefixes: readonly string[];
  readonly truncated: boolean;
  /** The last key or common prefix returned, when truncated: pass it as `after`. A common prefix stands for all keys under it. */
  readonly next?: string;
  /** Only for versions: the version id that `next` stands at. */
  readonly nextVersionId?: VersionId;
}

export interface UploadAttributes extends Omit<ObjectAttributes, "lock"> {
  readonly lock: ObjectLock;
  readonly encryption: EncryptionRequest;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: "FULL_OBJECT" | "COMPOSITE";
  /** Who started the upload: ARN and display name for ListMultipartUploads. */
  readonly initiator: { readonly id: string; readonly displayName: string };
}

export interface Upload {
  readonly bucketId: BucketId;
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: number;
  readonly attributes: Omit<UploadAttributes, "encryption">;
  readonly encryption: Encryption;
}

export interface Part extends PartSummary {
  readonly lastModified: number;
}

export interface CompletedPart {
  readonly partNumber: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum?: string;
}

/**
 * Deletes are told apart by what S3 answers: the version that was removed, or the marker that was made.
 */
export interface DeleteOutcome {
  /** The version id to answer with: the removed version or the new marker. Absent when there was nothing and nothing was made. */
  readonly versionId?: VersionId;
  /** True when a delete marker was created, or when the removed version was a delete marker. */
  readonly deleteMarker: boolean;
  /** What was removed for good, for notifications and accounting. */
  readonly removed?: ObjectVersion;
}

/** An event that a write announces when it takes effect. The write's own commit puts it into the outbox; the engine does not read what it says. */
export interface Announcement {
  /** ARN of what shall be told. */
  readonly destination: string;
  /** Kind of event, such as `ObjectCreated:Put`. */
  readonly event: string;
  /** What else is to be known when it is delivered: at most a few hundred bytes. */
  readonly origin: string;
}

/** What a deletion announces, by what it turns out to be. */
export interface DeletionAnnouncements {
  /** A version was removed for good. */
  readonly removed?: Announcement;
  /** A delete marker was made. */
  readonly marked?: Announcement;
}

/** An announced event that waits for its delivery. */
export interface OutboxEvent extends Announcement {
  /** Events of one key have ascending ids, in the order of the writes. Never used twice. */
  readonly id: number;
  readonly key: string;
  /** Time of the write, milliseconds since 1970. */
  readonly time: number;
  /** Absent for S3's version "null". */
  readonly versionId?: string;
  /** Of the version that the event is about; absent for deletions. */
  readonly size?: number;
  readonly etag?: string;
}

/** Events that were committed with their writes and are not delivered yet. */
export interface EventOutbox {
  /** What events wait for. */
  destinations(): readonly string[];
  /** The oldest events for a destination, in order. */
  waiting(destination: string, limit: number): readonly OutboxEvent[];
  /** Takes out events that were delivered or given up. Those that are gone already are no error. */
  forget(destination: string, ids: readonly number[]): Promise<void>;
  /** Calls back after a write with an announcement was committed; once, perhaps without an event, for each. Returns the function that ends it. */
  onArrival(listener: (destination: string) => void): () => void;
}

/** One engine holds all buckets of one data plane. */
export interface ObjectEngine {
  /** Streams a body to a private place, hashing nothing: the caller hashes as it passes. Encrypts as asked. Backpressure is the iteration's. */
  stage(
    source: AsyncIterable<Uint8Array>,
    options: { readonly encryption: EncryptionRequest; readonly sizeHint?: number },
  ): Promise<StagedBody>;
  /** For bodies that are already whole in memory. The engine may keep `bytes` as they are until the commit: leave them alone. */
  stageBytes(bytes: Uint8Array, encryption: EncryptionRequest): Promise<StagedBody>;
  discard(body: StagedBody): Promise<void>;

  /** The new version becomes the latest. `versioning` is the bucket's state now. Consumes the staged body, also when it fails. */
  put(write: {
    readonly bucketId: BucketId;
    readonly key: string;
    readonly versioning: VersioningState;
    readonly body: StagedBody;
    readonly etag: string;
    readonly checksum?: Checksum;
    readonly attributes: ObjectAttributes;
    readonly precondition?: WritePrecondition;
    readonly announce?: Announcement;
  }): Promise<{ readonly version: ObjectVersion }>;

  /**
   * The latest version, or the one named. Undefined when there is none. The latest may be a delete marker.
   */
  head(bucketId: BucketId, key: string, versionId?: VersionId): Promise<ObjectVersion | undefined>;
  /** The parts of a completed multipart object, by part number. */
  parts(version: ObjectVersion): Promise<readonly PartSummary[]>;
  /**
   * Opens the body for reading before anything is answered, so that a missing or broken file is an error and not a cut response. The body stays readable while the
   * returned iterable is being read, even if the object is overwritten or deleted meanwhile.
   * A piece is valid until the next one is asked for.
   * @param key the customer's key, for SSE-C
   */
  read(version: ObjectVersion, range: ByteRange | undefined, key?: Uint8Array): Promise<AsyncIterable<Uint8Array>>;
  /** Small whole bodies as one array when that is cheap, undefined when the caller should stream. The array may be shared: do not write into it. */
  readSmall(version: ObjectVersion, range: ByteRange | undefined, key?: Uint8Array): Promise<Uint8Array | undefined>;

  /**
   * With a version id: removes that version for good. Without: adds a marker (Enabled), replaces the null version with a null marker (Suspended), or removes the object (Off).
   * Object lock is enforced here; `bypassGovernance` only after it was authorised.
   */
  delete(request: {
    readonly bucketId: BucketId;
    readonly key: string;
    readonly versionId?: VersionId;
    readonly versioning: VersioningState;
    readonly owner: AccountId;
    readonly bypassGovernance?: boolean;
    readonly ifMatch?: string;
    readonly announce?: DeletionAnnouncements;
  }): Promise<DeleteOutcome>;

  /** Changes tags, ACL, retention or legal hold of one version in place. Object lock rules are enforced here. */
  update(request: {
    readonly bucketId: BucketId;
    readonly key: string;
    readonly versionId?: VersionId;
    readonly set: {
      readonly tags?: readonly Tag[];
      readonly acl?: unknown;
      readonly retention?: { readonly mode: "GOVERNANCE" | "COMPLIANCE"; readonly retainUntil: number } | null;
      readonly legalHold?: boolean;
    };
    readonly bypassGovernance?: boolean;
    /** Not announced when the version is as it was before: an ACL that changes nothing. */
    readonly announce?: Announcement;
  }): Promise<ObjectVersion>;

  /** Latest versions that are not delete markers, in UTF-8 byte order of the key. A page costs the same anywhere in the bucket. */
  list(query: ListQuery): Promise<ListPage<ObjectVersion>>;
  /** All versions, by key, newest first within a key. `afterVersionId` continues within the key `after`. */
  listVersions(query: ListQuery & { readonly afterVersionId?: VersionId }): Promise<ListPage<ObjectVersion>>;

  createUpload(bucketId: BucketId, key: string, attributes: UploadAttributes): Promise<Upload>;
  upload(bucketId: BucketId, key: string, uploadId: string): Promise<Upload | undefined>;
  /** Uploads of the same part number replace each other; the last commit wins. SSE-C keys come with every part. */
  putPart(write: {
    readonly bucketId: BucketId;
    readonly key: string;
    readonly uploadId: string;
    readonly partNumber: number;
    readonly body: StagedBody;
    readonly etag: string;
    readonly checksum?: Checksum;
  }): Promise<Part>;
  /** Stages a part's body with the encryption of its upload. */
  stagePart(upload: Upload, source: AsyncIterable<Uint8Array>, customerKey?: Uint8Array): Promise<StagedBody>;
  listParts(
    bucketId: BucketId,
    key: string,
    uploadId: string,
    after: number,
    limit: number,
  ): Promise<{ readonly parts: readonly Part[]; readonly truncated: boolean }>;
  listUploads(
    query: ListQuery & { readonly afterUploadId?: string },
  ): Promise<ListPage<Upload> & { readonly nextUploadId?: string }>;
  /**
   * Makes the object of the named parts, without moving bytes. Idempotent: completing again with the same parts within a day answers the same version.
   * The caller computes `etag` and `checksum` from the parts it read; the engine checks that these parts are still the current ones.
   */
  completeUpload(request: {
    readonly bucketId: BucketId;
    readonly key: string;
    readonly uploadId: string;
    readonly versioning: VersioningState;
    readonly parts: readonly CompletedPart[];
    /** Bytes; every part but the last must have at least so many. */
    readonly minPartSize: number;
    readonly etag: string;
    readonly checksum?: Checksum;
    readonly expectedSize?: number;
    readonly precondition?: WritePrecondition;
    /** Announced once, however often the upload is completed. */
    readonly announce?: Announcement;
  }): Promise<{ readonly version: ObjectVersion }>;
  abortUpload(bucketId: BucketId, key: string, uploadId: string): Promise<void>;

  readonly outbox: EventOutbox;

  /** No more writes to this bucket; rejects with BucketNotEmpty (and stays open) when any version or marker exists. */
  closeBucket(bucketId: BucketId): Promise<void>;
  /** Takes {@link closeBucket} back, when the control plane did not delete the bucket. */
  reopenBucket(bucketId: BucketId): Promise<void>;
  /** Forgets a deleted bucket: uploads in progress and their parts. */
  dropBucket(bucketId: BucketId): Promise<void>;
  /** Number of objects and bytes, from counters kept by every commit. */
  usage(
    bucketId: BucketId,
  ): Promise<{ readonly objects: number; readonly versions: number; readonly bytes: number; readonly uploads: number }>;

  /** Where the body of a version is on disk, for people who want to look. Empty while it is still in the journal. */
  locate(version: ObjectVersion): Promise<readonly string[]>;
  /** Stops timers, waits for running commits. */
  close(): Promise<void>;
}
