/**
 * The one error that engines throw on purpose. Anything else that comes out of an engine is a defect.
 */

import type { EngineErrorCode } from "./port.ts";

/** What S3's answer needs beyond the code. All fields are optional and only present where the code implies them. */
export interface EngineErrorDetails {
  /** `InvalidPart`, `EntityTooSmall`, `InvalidPartOrder`: the part that is wrong. */
  readonly partNumber?: number;
  /** `InvalidPart`, `EntityTooSmall`: the etag of that part, without quotes. */
  readonly etag?: string;
  /** `EntityTooSmall`: bytes of the part. `SizeMismatch`: bytes of all parts together. */
  readonly size?: number;
  /** `EntityTooSmall`: bytes that every part but the last must have. `SizeMismatch`: bytes that were announced. */
  readonly expected?: number;
  /** `PreconditionFailed`: the header that did not hold. */
  readonly condition?: "If-Match" | "If-None-Match";
}

const MEANING: Readonly<Record<EngineErrorCode, string>> = {
  PreconditionFailed: "the object is not in the state that the condition demands",
  ConditionalRequestConflict: "another conditional write on the same key won; read the object and try again",
  NoSuchKey: "there is no object under this key",
  NoSuchVersion: "there is no such version of this object",
  NoSuchUpload: "there is no such multipart upload; it may have been completed or aborted",
  InvalidPart: "a part is missing or has another etag or checksum than named",
  InvalidPartOrder: "the parts are not named in ascending order",
  EntityTooSmall: "a part other than the last is smaller than the minimum",
  SizeMismatch: "the parts together do not have the announced size",
  ChecksumMismatch: "the checksum does not match what was stored",
  ObjectLocked: "a retention period or legal hold protects this version",
  BucketClosed: "the bucket is being deleted or is gone",
  BucketNotEmpty: "the bucket still holds versions or delete markers",
  WrongEncryptionKey: "the object is encrypted with another key, or a key is needed and was not given",
  InsufficientStorage: "the disk is full; free space and try again",
  Corrupt: "the bytes on disk are not those that were stored",
};

/**
 * A refusal or failure that S3 operations turn into S3's errors.
 *
 * @example
 * try { await engine.put(write); } catch (error) { if (isEngineError(error, "PreconditionFailed")) … }
 */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;
  readonly details: EngineErrorDetails;

  constructor(code: EngineErrorCode, details: EngineErrorDetails = {}, cause?: unknown) {
    super(MEANING[code], cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

/** Whether `error` came from an engine, and with this code when one is given. */
export function isEngineError(error: unknown, code?: EngineErrorCode): error is EngineError {
  return error instanceof EngineError && (code === undefined || error.code === code);
}
