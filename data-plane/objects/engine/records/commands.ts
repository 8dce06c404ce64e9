/**
 * The writes, as the record keeper applies them one after the other. Plain data: they cross a thread by structured clone.
 *
 * A command that is refused changes nothing and says so in its result instead of throwing: a refusal is a normal answer, and unwinding a savepoint for it
 * would only cost.
 */

import type { BucketId } from "#contracts";
import type { EngineErrorDetails } from "../engine-error.ts";
import type { Announcement, DeletionAnnouncements, EngineErrorCode, VersioningState } from "../port.ts";
import type { PartRow, UploadRow, VersionRow } from "./rows.ts";

/** The command was refused and changed nothing. */
export interface Refusal {
  readonly refused: EngineErrorCode;
  readonly details?: EngineErrorDetails;
}

export function refuse(refused: EngineErrorCode, details?: EngineErrorDetails): Refusal {
  return { refused, details };
}

export function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === "object" && answer !== null && "refused" in answer;
}

/** A bucket as a command names it; `directory` is used when this is the first write to it. */
export interface BucketReference {
  readonly id: BucketId;
  readonly directory: string;
}

/** A body that becomes part of something with this command. */
export interface IncomingBody {
  readonly body: number;
  /** The stored bytes, for the journal; null when they lie in `staging/<body>`. */
  readonly data: Uint8Array | null;
}

/** The columns of a new version that the caller decides. */
export interface NewVersion {
  readonly owner: string;
  readonly size: number;
  readonly etag: string;
  readonly cipher: string | null;
  readonly lock: string | null;
  readonly detail: string | null;
}

/** See `WritePrecondition`. */
export interface Condition {
  readonly ifAbsent?: boolean;
  readonly ifMatch?: string;
}

interface KeyedCommand {
  readonly bucket: BucketReference;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface PutCommand extends KeyedCommand {
  readonly versioning: VersioningState;
  /** For the version id; see `model/ordered-id.ts`. */
  readonly chance: string;
  readonly version: NewVersion;
  readonly body: IncomingBody;
  readonly condition?: Condition;
  readonly announce?: Announcement;
}

/** What the record keeper decided about a new version; the rest of its row is what the command said. */
export interface PutAnswer {
  readonly seq: number;
  readonly version: string | null;
  readonly modified: number;
}

/** A version that was installed. */
export interface InstalledVersion {
  readonly row: VersionRow;
  /** False when an upload was completed again and newer versions have come since. */
  readonly isLatest: boolean;
}

export interface DeleteCommand extends KeyedCommand {
  readonly versioning: VersioningState;
  readonly chance: string;
  /** S3's version id, `null` included; absent to delete "the object". */
  readonly versionId?: string;
  readonly owner: string;
  readonly bypassGovernance: boolean;
  readonly ifMatch?: string;
  readonly announce?: DeletionAnnouncements;
}

export interface DeleteAnswer {
  readonly versionId?: string;
  readonly deleteMarker: boolean;
  readonly removed: VersionRow | null;
  /** Whether the removed version was the latest. */
  readonly removedLatest: boolean;
}

export interface UpdateCommand extends KeyedCommand {
  readonly versionId?: string;
  /** JSON of the new tags. */
  readonly tags?: string;
  /** JSON of the new ACL; null takes it away. */
  readonly acl?: string | null;
  readonly retention?: { readonly mode: "GOVERNANCE" | "COMPLIANCE"; readonly retainUntil: number } | null;
  readonly legalHold?: boolean;
  readonly bypassGovernance: boolean;
  readonly announce?: Announcement;
}

export interface UpdateAnswer {
  readonly row: VersionRow;
  readonly latest: boolean;
}

export interface CreateUploadCommand extends KeyedCommand {
  readonly chance: string;
  readonly owner: string;
  readonly initiator: string;
  readonly algorithm: string | null;
  readonly type: string | null;
  readonly cipher: string | null;
  readonly lock: string | null;
  readonly detail: string | null;
}

export interface UploadAnswer {
  readonly row: UploadRow;
}

export interface UploadCommand extends KeyedCommand {
  readonly uploadId: string;
}

export interface PutPartCommand extends UploadCommand {
  readonly part: number;
  readonly size: number;
  readonly etag: string;
  readonly checksum: string | null;
  readonly body: IncomingBody;
}

export interface PartAnswer {
  readonly row: PartRow;
}

export interface CompleteCommand extends UploadCommand {
  readonly versioning: VersioningState;
  readonly chance: string;
  readonly parts: readonly { readonly part: number; readonly etag: string; readonly checksum?: string }[];
  readonly minPartSize: number;
  readonly etag: string;
  /** JSON of `Checksum`. */
  readonly checksum: string | null;
  readonly expectedSize?: number;
  readonly condition?: Condition;
  readonly announce?: Announcement;
}

export interface BucketCommand {
  readonly bucket: BucketReference;
  readonly now: number;
}

/** Nothing to say beyond "done". */
export interface Done {
  readonly done: true;
}

export const DONE: Done = Object.freeze({ done: true });

/** `more`: call again, so that one command never holds the queue for long. */
export interface Progress {
  readonly more: boolean;
}

/** What a pass of housekeeping did to bodies, to be recorded. */
export interface SettleCommand {
  /** Rows of `arrivals` whose files are at their place. */
  readonly arrived: readonly number[];
  /** Rows of `journal` that are files now. */
  readonly materialised: readonly number[];
  /** Rows of `garbage` whose files are gone. */
  readonly swept: readonly SweptGarbage[];
}

/** One row of `garbage`: a body, or some parts of an upload. */
export interface SweptGarbage {
  readonly id: number;
  readonly bodies: readonly number[];
  /** The upload and its parts that are gone; the row stays until none is left. */
  readonly upload: number | null;
  readonly parts: readonly number[];
}

/** A range of numbers for bodies: `first`, `first + 1` … below `end`. */
export interface NumberBlock {
  readonly first: number;
  readonly end: number;
}

/** Events that need not be delivered any more. */
export interface ForgetEventsCommand {
  readonly destination: string;
  readonly ids: readonly number[];
}

/** All commands by name, as {@link EngineHost} takes them. */
export interface RecordOperations {
  put(command: PutCommand): PutAnswer | Refusal;
  delete(command: DeleteCommand): DeleteAnswer | Refusal;
  update(command: UpdateCommand): UpdateAnswer | Refusal;
  createUpload(command: CreateUploadCommand): UploadAnswer | Refusal;
  putPart(command: PutPartCommand): PartAnswer | Refusal;
  completeUpload(command: CompleteCommand): InstalledVersion | Refusal;
  abortUpload(command: UploadCommand): Done | Refusal;
  closeBucket(command: BucketCommand): Done | Refusal;
  reopenBucket(command: BucketCommand): Done | Refusal;
  /** Marks the bucket as dropped and forgets up to a thousand rows of it. */
  dropBucket(command: BucketCommand): Progress;
  settle(command: SettleCommand): Done;
  /** Forgets completions older than this. */
  forgetCompletions(command: { readonly before: number }): Progress;
  reserveBodies(): NumberBlock;
  forgetEvents(command: ForgetEventsCommand): Done;
}
