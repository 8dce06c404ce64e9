/** The embedded engine's methods: each write is one command, each read a look at the records and perhaps at a file. */

import type { BucketId } from "#contracts";
import type { Clock, Random } from "#foundation/runtime";
import type { EngineHost } from "#foundation/sql";
import { bodyKeyOfRecord, newBodyKey } from "./bodies/cipher-record.ts";
import type { Housekeeper } from "./bodies/housekeeper.ts";
import type { MasterKey } from "./bodies/master-key.ts";
import type { StagedRecord, Stager } from "./bodies/stager.ts";
import { EngineError } from "./engine-error.ts";
import type { CommittedOutbox } from "./event-outbox.ts";
import { bucketDirectoryName } from "./model/body-path.ts";
import { packDetail, packLock } from "./model/detail.ts";
import { decodeKey } from "./model/key-order.ts";
import { CHANCE_BYTES, chanceOf } from "./model/ordered-id.ts";
import {
  type Announcement,
  type DeletionAnnouncements,
  NULL_VERSION,
  type ObjectEngine,
  type ObjectVersion,
  type StagedBody,
  type Upload,
} from "./port.ts";
import { type BodyReader, SMALL_READ_BYTES } from "./reading/body-reader.ts";
import { cipherOfUpload, decodePart, decodeUpload, decodeVersion } from "./reading/decode-version.ts";
import type { LatestCache } from "./reading/latest-cache.ts";
import { listObjects, listUploads, listVersions } from "./reading/listings.ts";
import type { FilledBucket, RecordReader } from "./reading/record-reader.ts";
import {
  type BucketReference,
  isRefusal,
  type NewVersion,
  type PutCommand,
  type RecordOperations,
} from "./records/commands.ts";
import type { VersionRow } from "./records/rows.ts";
import { storageError, wasNotTried } from "./storage-error.ts";

/** What this engine offers beyond the port. */
export interface EmbeddedEngine extends ObjectEngine {
  /** Uploads started before a moment, oldest first: for lifecycle rules that abort them. */
  uploadsOlderThan(bucketId: BucketId, initiatedBefore: number, limit: number): Promise<readonly Upload[]>;
  /** Buckets that were closed and neither reopened nor dropped, for example because the process ended in between. */
  closedBuckets(): Promise<readonly BucketId[]>;
  /** Open buckets that hold objects, other versions or delete markers. */
  filledBuckets(): Promise<readonly FilledBucket[]>;
  /** Why no write is taken any more (the storage failed: fsync or read errors), for readiness checks. Reads may go on; a restart is needed. */
  readonly failure: Error | undefined;
  /** Makes files of all committed bodies and removes all garbage, now: for tests, backups and people who want to look. */
  settle(): Promise<void>;
}

/** The engine's parts, put together by `openEmbeddedEngine`. */
export interface EngineParts {
  readonly records: EngineHost<RecordOperations>;
  readonly reader: RecordReader;
  readonly bodies: BodyReader;
  readonly stager: Stager;
  readonly housekeeper: Housekeeper;
  readonly masterKey: MasterKey;
  readonly cache: LatestCache;
  readonly outbox: CommittedOutbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly bucketNameOf: ((bucketId: BucketId) => string | undefined) | undefined;
  /** Stops everything; awaited by `close`. */
  readonly shutDown: () => Promise<void>;
}

/** How long completing an upload again answers the same version: a day. */
export const COMPLETION_REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** A command that changes one key and may have events announced. */
interface AnnouncingCommand {
  readonly bucket: BucketReference;
  readonly key: string;
  readonly announce?: Announcement | DeletionAnnouncements;
}

type Answer<Name extends keyof RecordOperations> = Exclude<
  ReturnType<RecordOperations[Name]>,
  { readonly refused: unknown }
>;

export function assembleEngine(parts: EngineParts): EmbeddedEngine {
  const { records, reader, bodies, stager, housekeeper, masterKey, cache, clock, random } = parts;
  const { outbox } = parts;

  const references = new Map<BucketId, BucketReference>();
  const bucketReference = (id: BucketId): BucketReference => {
    const known = references.get(id);
    if (known !== undefined) return known;
    const reference = { id, directory: bucketDirectoryName(parts.bucketNameOf?.(id) ?? id) };
    references.set(id, reference);
    return reference;
  };
  const chance = (): string => chanceOf(random.bytes(CHANCE_BYTES));
  const checkedKey = (key: string): string => {
    // A lone surrogate has no UTF-8 form; replaced by U+FFFD it would be another key.
    if (!key.isWellFormed()) throw new TypeError("a key must be well-formed Unicode");
    return key;
  };

  /** Applies a command; a refusal becomes an error. */
  async function apply<Name extends keyof RecordOperations>(
    name: Name,
    command: Parameters<RecordOperations[Name]>[0],
  ): Promise<Answer<Name>> {
    let answer: unknown;
    try {
      answer = await records.apply(name, command as never);
    } catch (error) {
      throw storageError(error);
    }
    if (isRefusal(answer)) throw new EngineError(answer.refused, answer.details);
    return answer as Answer<Name>;
  }

  /** Applies a command that changes one key. `decode` makes the result; `latest` says which version readers shall find from now on. */
  async function write<Name extends keyof RecordOperations, Result>(
    name: Name,
    command: Parameters<RecordOperations[Name]>[0] & AnnouncingCommand,
    decode: (answer: Answer<Name>) => { readonly result: Result; readonly latest?: ObjectVersion },
  ): Promise<Result> {
    const { id } = command.bucket;
    let latest: ObjectVersion | undefined;
    const end = cache.begin(id, command.key);
    try {
      const decoded = decode(await apply(name, command));
      latest = decoded.latest;
      if (command.announce !== undefined) outbox.noticeCommit(command.announce);
      return decoded.result;
    } finally {
      end(latest);
    }
  }

  /** Runs a write that commits a body; when it fails the body is removed. */
  async function committing<Result>(body: StagedBody, run: (record: StagedRecord) => Promise<Result>): Promise<Result> {
    const record = stager.take(body);
    if (record === undefined) throw new TypeError("the body was not staged by this engine, or was used before");
    try {
      const result = await run(record);
      if (record.data === null) housekeeper.noticeCommit(0);
      else housekeeper.noticeCommit(record.data.length, record.body);
      return result;
    } catch (error) {
      // Should the command have been kept although its answer was lost, the file is needed: only a refusal proves that it was not.
      if (error instanceof EngineError || wasNotTried(error)) await stager.remove(record).catch(() => undefined);
      throw error;
    } finally {
      stager.release(record);
    }
  }

  const find = (bucketId: BucketId, key: string, versionId?: string): ObjectVersion | undefined => {
    if (versionId === undefined) {
      const cached = cache.get(bucketId, key);
      if (cached !== undefined) return cached;
    }
    const place = reader.place(bucketId);
    if (place === undefined) return undefined;
    const found = versionId === undefined ? reader.latest(place, key) : reader.version(place, key, versionId);
    if (found === undefined) return undefined;
    const version = decodeVersion(bucketId, key, found.row, found.isLatest);
    if (versionId === undefined) cache.set(version);
    return version;
  };

  /** A body that is missing belongs, most likely, to a version that was removed since it was looked up. */
  const explain = (error: unknown, version: ObjectVersion): unknown => {
    if (!(error instanceof EngineError) || error.code !== "Corrupt") return error;
    const { bucketId, key, versionId } = version;
    const now = find(bucketId, key, versionId);
    if (now !== undefined && now.lastModified === version.lastModified && now.etag === version.etag) return error;
    return new EngineError(versionId === NULL_VERSION ? "NoSuchKey" : "NoSuchVersion", {}, error);
  };

  return {
    stage: (source, { encryption, sizeHint }) =>
      stager.stage(source, newBodyKey(encryption, masterKey, random), sizeHint),
    stageBytes: async (bytes, encryption) => stager.stageBytes(bytes, newBodyKey(encryption, masterKey, random)),
    async discard(body) {
      const record = stager.take(body);
      if (record === undefined) return;
      stager.release(record);
      await stager.remove(record);
    },

    put: ({ bucketId, key, versioning, body, etag, checksum, attributes, precondition, announce }) =>
      committing(body, (record) => {
        const { headers, metadata, tags, acl } = attributes;
        const detail = { headers, metadata, tags, acl, checksum };
        const version: NewVersion = {
          owner: attributes.owner,
          size: record.size,
          etag,
          cipher: record.cipher,
          lock: packLock(attributes.lock),
          detail: packDetail(detail),
        };
        const command: PutCommand = {
          bucket: bucketReference(bucketId),
          key: checkedKey(key),
          now: clock.now(),
          versioning,
          chance: versioning === "Enabled" ? chance() : "",
          version,
          body: { body: record.body, data: record.data },
          condition: precondition,
          announce,
        };
        return write("put", command, (answer) => {
          const row: VersionRow = { ...version, ...answer, body: record.body, upload: null, marker: 0 };
          const latest = decodeVersion(bucketId, key, row, true, detail);
          return { result: { version: latest }, latest };
        });
      }),

    head: async (bucketId, key, versionId) => find(bucketId, key, versionId),
    async parts(version) {
      return bodies.parts(version).map(decodePart);
    },
    async read(version, range, key) {
      try {
        return bodies.read(version, range, key);
      } catch (error) {
        throw explain(error, version);
      }
    },
    async readSmall(version, range, key) {
      const length = range === undefined ? version.size : range.end - range.start;
      if (length > SMALL_READ_BYTES) return undefined;
      try {
        return bodies.readSmall(version, range, key);
      } catch (error) {
        throw explain(error, version);
      }
    },

    async delete(request) {
      const { bucketId, key, versioning } = request;
      const command = {
        bucket: bucketReference(bucketId),
        key: checkedKey(key),
        now: clock.now(),
        versioning,
        chance: versioning === "Enabled" && request.versionId === undefined ? chance() : "",
        versionId: request.versionId,
        owner: request.owner,
        bypassGovernance: request.bypassGovernance === true,
        ifMatch: request.ifMatch,
        announce: request.announce,
      };
      const answer = await write("delete", command, (result) => ({ result }));
      housekeeper.noticeCommit(0);
      const { versionId, deleteMarker, removed, removedLatest } = answer;
      return {
        versionId,
        deleteMarker,
        removed: removed === null ? undefined : decodeVersion(bucketId, key, removed, removedLatest),
      };
    },

    async update({ bucketId, key, versionId, set, bypassGovernance, announce }) {
      const command = {
        bucket: bucketReference(bucketId),
        key: checkedKey(key),
        now: clock.now(),
        versionId,
        tags: set.tags === undefined ? undefined : JSON.stringify(set.tags),
        acl: "acl" in set ? (set.acl === undefined ? null : JSON.stringify(set.acl)) : undefined,
        retention: set.retention,
        legalHold: set.legalHold,
        bypassGovernance: bypassGovernance === true,
        announce,
      };
      return write("update", command, ({ row, latest }) => ({ result: decodeVersion(bucketId, key, row, latest) }));
    },

    list: async (query) => reader.snapshot(() => listObjects(reader, query)),
    listVersions: async (query) => reader.snapshot(() => listVersions(reader, query)),

    async createUpload(bucketId, key, attributes) {
      const { row } = await apply("createUpload", {
        bucket: bucketReference(bucketId),
        key: checkedKey(key),
        now: clock.now(),
        chance: chance(),
        owner: attributes.owner,
        initiator: JSON.stringify(attributes.initiator),
        algorithm: attributes.checksumAlgorithm ?? null,
        type: attributes.checksumType ?? null,
        cipher: newBodyKey(attributes.encryption, masterKey, random)?.record ?? null,
        lock: packLock(attributes.lock),
        detail: packDetail({
          headers: attributes.headers,
          metadata: attributes.metadata,
          tags: attributes.tags,
          acl: attributes.acl,
        }),
      });
      return decodeUpload(bucketId, key, row);
    },
    async upload(bucketId, key, uploadId) {
      const place = reader.place(bucketId);
      const row = place && reader.upload(place, key, uploadId);
      return row && decodeUpload(bucketId, key, row);
    },
    async stagePart(upload, source, customerKey) {
      const cipher = cipherOfUpload(upload);
      if (cipher === undefined) throw new TypeError("the upload was not read from this engine");
      return stager.stage(source, bodyKeyOfRecord(cipher, customerKey, masterKey));
    },
    putPart: ({ bucketId, key, uploadId, partNumber, body, etag, checksum }) =>
      committing(body, async (record) => {
        const { row } = await apply("putPart", {
          bucket: bucketReference(bucketId),
          key: checkedKey(key),
          now: clock.now(),
          uploadId,
          part: partNumber,
          size: record.size,
          etag,
          checksum: checksum === undefined ? null : JSON.stringify(checksum),
          body: { body: record.body, data: record.data },
        });
        return decodePart(row);
      }),
    async listParts(bucketId, key, uploadId, after, limit) {
      const place = reader.place(bucketId);
      const upload = place && reader.upload(place, key, uploadId);
      if (upload === undefined) throw new EngineError("NoSuchUpload");
      const rows = reader.partsAfter(upload.upload, after, limit + 1);
      return { parts: rows.slice(0, limit).map(decodePart), truncated: limit > 0 && rows.length > limit };
    },
    listUploads: async (query) => reader.snapshot(() => listUploads(reader, query)),
    async completeUpload(request) {
      const { bucketId, key, versioning, checksum } = request;
      const command = {
        bucket: bucketReference(bucketId),
        key: checkedKey(key),
        now: clock.now(),
        uploadId: request.uploadId,
        versioning,
        chance: versioning === "Enabled" ? chance() : "",
        parts: request.parts.map(({ partNumber, etag, checksum: value }) => ({
          part: partNumber,
          etag,
          checksum: value,
        })),
        minPartSize: request.minPartSize,
        etag: request.etag,
        checksum: checksum === undefined ? null : JSON.stringify(checksum),
        expectedSize: request.expectedSize,
        condition: request.precondition,
        announce: request.announce,
      };
      const result = await write("completeUpload", command, ({ row, isLatest }) => {
        const version = decodeVersion(bucketId, key, row, isLatest);
        return { result: { version }, latest: isLatest ? version : undefined };
      });
      housekeeper.noticeCommit(0);
      return result;
    },
    async abortUpload(bucketId, key, uploadId) {
      await apply("abortUpload", {
        bucket: bucketReference(bucketId),
        key: checkedKey(key),
        now: clock.now(),
        uploadId,
      });
      housekeeper.noticeCommit(0);
    },

    outbox,

    async closeBucket(bucketId) {
      await apply("closeBucket", { bucket: bucketReference(bucketId), now: clock.now() });
    },
    async reopenBucket(bucketId) {
      await apply("reopenBucket", { bucket: bucketReference(bucketId), now: clock.now() });
    },
    async dropBucket(bucketId) {
      cache.forgetBucket(bucketId);
      const command = { bucket: bucketReference(bucketId), now: clock.now() };
      while ((await apply("dropBucket", command)).more) {
        // Each command forgets a bounded piece, so that writes to other buckets pass between.
      }
      cache.forgetBucket(bucketId);
      housekeeper.noticeCommit(0);
    },
    async usage(bucketId) {
      const row = reader.bucket(bucketId);
      if (row === undefined) return { objects: 0, versions: 0, bytes: 0, uploads: 0 };
      const { objects, versions, bytes, uploads } = row;
      return { objects, versions, bytes, uploads };
    },

    locate: async (version) => bodies.locate(version),
    async uploadsOlderThan(bucketId, initiatedBefore, limit) {
      const place = reader.place(bucketId);
      if (place === undefined) return [];
      const rows = reader.uploadsInitiatedBefore(place, initiatedBefore, limit);
      return rows.map((row) => decodeUpload(bucketId, decodeKey(row.key), row));
    },
    closedBuckets: async () => reader.closedBuckets(),
    filledBuckets: async () => reader.filledBuckets(),
    get failure() {
      return records.failure;
    },
    settle: () => housekeeper.settle(true),
    close: parts.shutDown,
  };
}
