/** What the conformance suite needs of an engine, and short forms for what its cases do all the time. */

import type { AccountId, BucketId } from "#contracts";
import type {
  Checksum,
  EncryptionRequest,
  ListQuery,
  ObjectAttributes,
  ObjectEngine,
  ObjectVersion,
  Upload,
  VersioningState,
  WritePrecondition,
} from "../port.ts";

/** One engine on a directory of its own. */
export interface EngineFixture {
  /** The engine as it is now: another one after `reopen`. */
  readonly engine: ObjectEngine;
  /** Closes and opens again on the same directory. */
  reopen(): Promise<void>;
  /** Moves the engine's clock, in milliseconds. */
  advance(ms: number): void;
  now(): number;
  close(): Promise<void>;
}

export const OWNER = "111122223333" as AccountId;
export const NONE: EncryptionRequest = { mode: "none" };

let buckets = 0;

/** A bucket that no other case uses. */
export function freshBucket(): BucketId {
  return `bucket-${++buckets}` as BucketId;
}

/** Attributes with nothing special about them. */
export function attributes(changes: Partial<ObjectAttributes> = {}): ObjectAttributes {
  return { owner: OWNER, headers: {}, metadata: {}, tags: [], lock: {}, ...changes };
}

/** The bytes of a text. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Bytes that differ at every place, so that a shift or swap shows. */
export function pattern(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed | 1;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** The bytes in pieces of `size`, as a socket gives them. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(Uint8Array.from(piece));
  return new Uint8Array(Buffer.concat(pieces));
}

export interface PutOptions {
  readonly versioning?: VersioningState;
  readonly encryption?: EncryptionRequest;
  readonly attributes?: Partial<ObjectAttributes>;
  readonly precondition?: WritePrecondition;
  readonly checksum?: Checksum;
  /** Stream in pieces of this size instead of handing over whole bytes. */
  readonly pieces?: number;
}

/** A stand-in for an MD5: the engine does not look into etags. */
export function etagOf(bytes: Uint8Array): string {
  return Bun.hash(bytes).toString(16).padStart(32, "0");
}

/** Stages and puts. */
export async function put(
  engine: ObjectEngine,
  bucketId: BucketId,
  key: string,
  bytes: Uint8Array,
  options: PutOptions = {},
) {
  const encryption = options.encryption ?? NONE;
  const body =
    options.pieces === undefined
      ? await engine.stageBytes(bytes, encryption)
      : await engine.stage(inPieces(bytes, options.pieces), { encryption });
  return engine.put({
    bucketId,
    key,
    versioning: options.versioning ?? "Off",
    body,
    etag: etagOf(bytes),
    checksum: options.checksum,
    attributes: attributes(options.attributes),
    precondition: options.precondition,
  });
}

/** The bytes of a version, through both ways of reading, which must agree. */
export async function bytesOf(engine: ObjectEngine, version: ObjectVersion, key?: Uint8Array): Promise<Uint8Array> {
  const streamed = await collect(await engine.read(version, undefined, key));
  const small = await engine.readSmall(version, undefined, key);
  if (small !== undefined && Buffer.compare(small, streamed) !== 0) throw new Error("readSmall and read disagree");
  return streamed;
}

/** The text of the latest version, or what there is instead. */
export async function textAt(engine: ObjectEngine, bucketId: BucketId, key: string): Promise<string> {
  const version = await engine.head(bucketId, key);
  if (version === undefined) return "(nothing)";
  if (version.deleteMarker) return "(delete marker)";
  return new TextDecoder().decode(await bytesOf(engine, version));
}

export function remove(
  engine: ObjectEngine,
  bucketId: BucketId,
  key: string,
  options: { versioning?: VersioningState; versionId?: string; bypassGovernance?: boolean; ifMatch?: string } = {},
) {
  return engine.delete({ bucketId, key, owner: OWNER, versioning: "Off", ...options });
}

export function query(bucketId: BucketId, changes: Partial<ListQuery> = {}): ListQuery {
  return { bucketId, prefix: "", delimiter: "", limit: 1000, ...changes };
}

export async function startUpload(
  engine: ObjectEngine,
  bucketId: BucketId,
  key: string,
  encryption: EncryptionRequest = NONE,
): Promise<Upload> {
  const initiator = { id: "arn:aws:iam::111122223333:user/ada", displayName: "ada" };
  return engine.createUpload(bucketId, key, { ...attributes(), encryption, initiator });
}

export async function putPart(
  engine: ObjectEngine,
  upload: Upload,
  partNumber: number,
  bytes: Uint8Array,
  key?: Uint8Array,
) {
  const body = await engine.stagePart(upload, inPieces(bytes, 100_000), key);
  const { bucketId, uploadId } = upload;
  return engine.putPart({ bucketId, key: upload.key, uploadId, partNumber, body, etag: etagOf(bytes) });
}

/** Completes with the parts given as `[number, bytes]`. */
export function complete(
  engine: ObjectEngine,
  upload: Upload,
  parts: readonly (readonly [number, Uint8Array])[],
  changes: Partial<Parameters<ObjectEngine["completeUpload"]>[0]> = {},
) {
  const { bucketId, key, uploadId } = upload;
  return engine.completeUpload({
    bucketId,
    key,
    uploadId,
    versioning: "Off",
    parts: parts.map(([partNumber, bytes]) => ({ partNumber, etag: etagOf(bytes) })),
    minPartSize: 1,
    etag: `whole-${parts.length}`,
    ...changes,
  });
}

/** The code that a promise is refused with; "(fulfilled)" when it is not. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "(fulfilled)";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
