/** What GetObject and HeadObject have in common: the version, the conditions, the range, and the headers that describe it. */
import type { CallContext } from "#data-plane/service";
import { AwsError, type S3 } from "#foundation/aws";
import type { ByteRange, Checksum, ObjectVersion } from "../../engine/port.ts";
import { invalidArgument, invalidRange, invalidRequest, notModified, preconditionFailed } from "../../errors.ts";
import { answerChecksum } from "../../rules/checksum-names.ts";
import { evaluateRead } from "../../rules/conditions.ts";
import { answerEncryption, isConfidential, keyForRead } from "../../rules/encryption.ts";
import { quoteEtag } from "../../rules/etags.ts";
import { expirationHeader, expiryOf } from "../../rules/lifecycle/plan.ts";
import { answeredMetadata } from "../../rules/metadata.ts";
import { contentRange, parseRange, partRange } from "../../rules/ranges.ts";
import { DEFAULT_CONTENT_TYPE } from "../../rules/stored-headers.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { findVersion, shownVersionId } from "./find-version.ts";

type ReadRequest = S3.GetObjectRequest;
/** The members that both outputs have. */
type Description = Draft<Omit<S3.HeadObjectOutput, "ArchiveStatus"> & Pick<S3.GetObjectOutput, "TagCount">>;

/** An object that may be read: what of it, with which key, and the answer's headers. */
export interface OpenObject {
  readonly version: ObjectVersion;
  /** Undefined for the whole body. */
  readonly range: ByteRange | undefined;
  readonly customerKey: Uint8Array | undefined;
  readonly description: Description;
}

const PART_NUMBER_MAX = 10_000;

/** What of the body is asked for, and the checksum that speaks of exactly that. */
interface Slice {
  readonly range: ByteRange | undefined;
  readonly partsCount: number | undefined;
  readonly checksum: Checksum | undefined;
}

async function sliceOfPart(tools: Toolbox, version: ObjectVersion, partNumber: number): Promise<Slice> {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > PART_NUMBER_MAX) {
    throw invalidArgument(
      "Part number must be an integer between 1 and 10000, inclusive",
      "partNumber",
      String(partNumber),
    );
  }
  const parts = version.partsCount === undefined ? undefined : await tools.engine.parts(version);
  const range = partRange(parts === undefined ? [version.size] : parts.map(({ size }) => size), partNumber);
  if (range === undefined) {
    throw new AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", {
      statusCode: 416,
      fields: { ActualPartCount: version.partsCount ?? 1, PartNumberRequested: partNumber },
    });
  }
  return {
    // An empty body has no first byte to name.
    range: version.size === 0 ? undefined : range,
    partsCount: version.partsCount,
    checksum: parts === undefined ? version.checksum : parts[partNumber - 1]?.checksum,
  };
}

function sliceOfRange(version: ObjectVersion, header: string | undefined): Slice {
  if (header === undefined) return { range: undefined, partsCount: undefined, checksum: version.checksum };
  const outcome = parseRange(header, version.size);
  if (outcome.kind === "unsatisfiable") throw invalidRange(header, version.size);
  if (outcome.kind === "whole") return { range: undefined, partsCount: undefined, checksum: version.checksum };
  return { range: outcome.range, partsCount: undefined, checksum: undefined };
}

function checkConditions(input: ReadRequest, view: BucketView, version: ObjectVersion, now: number): void {
  if (
    input.IfMatch === undefined &&
    input.IfNoneMatch === undefined &&
    input.IfModifiedSince === undefined &&
    input.IfUnmodifiedSince === undefined
  ) {
    return;
  }
  const verdict = evaluateRead(
    {
      ifMatch: input.IfMatch,
      ifNoneMatch: input.IfNoneMatch,
      ifModifiedSince: input.IfModifiedSince,
      ifUnmodifiedSince: input.IfUnmodifiedSince,
    },
    version.etag,
    version.lastModified,
    now,
  );
  if (verdict.verdict === "failed") throw preconditionFailed(verdict.condition);
  if (verdict.verdict === "not-modified") {
    const headers: [string, string][] = [
      ["etag", quoteEtag(version.etag)],
      ["last-modified", new Date(version.lastModified).toUTCString()],
    ];
    if (version.headers.cacheControl !== undefined) headers.push(["cache-control", version.headers.cacheControl]);
    if (version.headers.expires !== undefined) headers.push(["expires", version.headers.expires]);
    const versionId = shownVersionId(view, version);
    if (versionId !== undefined) headers.push(["x-amz-version-id", versionId]);
    throw notModified(headers);
  }
}

/** The `response-*` parameters, which only a signed request may use: a link that anybody made must not change what a browser sees. */
function override(input: ReadRequest, description: Description, context: CallContext): void {
  const { ResponseCacheControl, ResponseContentDisposition, ResponseContentEncoding } = input;
  const { ResponseContentLanguage, ResponseContentType, ResponseExpires } = input;
  if (
    ResponseCacheControl === undefined &&
    ResponseContentDisposition === undefined &&
    ResponseContentEncoding === undefined &&
    ResponseContentLanguage === undefined &&
    ResponseContentType === undefined &&
    ResponseExpires === undefined
  ) {
    return;
  }
  if (context.caller.type === "anonymous") {
    throw invalidRequest("Request specific response headers cannot be used for anonymous GET requests.");
  }
  if (ResponseCacheControl !== undefined) description.CacheControl = ResponseCacheControl;
  if (ResponseContentDisposition !== undefined) description.ContentDisposition = ResponseContentDisposition;
  if (ResponseContentEncoding !== undefined) description.ContentEncoding = ResponseContentEncoding;
  if (ResponseContentLanguage !== undefined) description.ContentLanguage = ResponseContentLanguage;
  if (ResponseContentType !== undefined) description.ContentType = ResponseContentType;
  if (ResponseExpires !== undefined) description.ExpiresString = ResponseExpires.toUTCString();
}

/** What only some callers may see: the lock, and how many tags there are. */
async function describeGuarded(
  tools: Toolbox,
  view: BucketView,
  input: ReadRequest,
  version: ObjectVersion,
  context: CallContext,
  description: Description,
): Promise<void> {
  const may = async (action: string): Promise<boolean> =>
    context.decide(await tools.access.ask(action, view, input, context, version)).allowed;
  const { lock, tags } = version;
  if (lock.mode !== undefined && lock.retainUntil !== undefined && (await may("s3:GetObjectRetention"))) {
    description.ObjectLockMode = lock.mode;
    description.ObjectLockRetainUntilDate = new Date(lock.retainUntil);
  }
  if (lock.legalHold !== undefined && (await may("s3:GetObjectLegalHold"))) {
    description.ObjectLockLegalHoldStatus = lock.legalHold ? "ON" : "OFF";
  }
  if (
    tags.length > 0 &&
    (await may(input.VersionId === undefined ? "s3:GetObjectTagging" : "s3:GetObjectVersionTagging"))
  ) {
    description.TagCount = tags.length;
  }
}

function describe(view: BucketView, version: ObjectVersion, slice: Slice, withChecksum: boolean): Description {
  const { headers } = version;
  const description: Description = {
    AcceptRanges: "bytes",
    LastModified: new Date(version.lastModified),
    ContentLength: slice.range === undefined ? version.size : slice.range.end - slice.range.start,
    ETag: quoteEtag(version.etag),
    ContentType: headers.contentType ?? DEFAULT_CONTENT_TYPE,
  };
  if (slice.range !== undefined) description.ContentRange = contentRange(slice.range, version.size);
  if (slice.partsCount !== undefined) description.PartsCount = slice.partsCount;
  if (view.versioning !== "Off") description.VersionId = version.versionId;
  if (headers.cacheControl !== undefined) description.CacheControl = headers.cacheControl;
  if (headers.contentDisposition !== undefined) description.ContentDisposition = headers.contentDisposition;
  if (headers.contentEncoding !== undefined) description.ContentEncoding = headers.contentEncoding;
  if (headers.contentLanguage !== undefined) description.ContentLanguage = headers.contentLanguage;
  if (headers.expires !== undefined) description.ExpiresString = headers.expires;
  if (headers.websiteRedirectLocation !== undefined) {
    description.WebsiteRedirectLocation = headers.websiteRedirectLocation;
  }
  if (headers.storageClass !== undefined) description.StorageClass = headers.storageClass as S3.StorageClass;
  const metadata = answeredMetadata(version.metadata);
  if (metadata !== undefined) description.Metadata = metadata;
  if (view.record.sections.lifecycle !== undefined && version.isLatest) {
    description.Expiration = expirationHeader(expiryOf(view.lifecycle, version));
  }
  if (version.encryption.mode !== "none") answerEncryption(description, version.encryption);
  if (withChecksum) answerChecksum(description, slice.checksum);
  return description;
}

/**
 * Everything up to the body.
 * @throws AwsError for what S3 refuses, NotModified (304) among it
 */
export async function openObject(tools: Toolbox, input: ReadRequest, context: CallContext): Promise<OpenObject> {
  const view = tools.access.bucket(input.Bucket);
  const version = await findVersion(tools, view, input, context);
  checkConditions(input, view, version, context.now);
  const customerKey =
    version.encryption.mode === "SSE-C" ||
    input.SSECustomerAlgorithm !== undefined ||
    input.SSECustomerKey !== undefined
      ? keyForRead(version.encryption, input, isConfidential(context.request))
      : undefined;
  if (input.PartNumber !== undefined && input.Range !== undefined) {
    throw invalidRequest("Cannot specify both Range header and partNumber query parameter");
  }
  const slice =
    input.PartNumber === undefined
      ? sliceOfRange(version, input.Range)
      : await sliceOfPart(tools, version, input.PartNumber);
  const description = describe(view, version, slice, input.ChecksumMode === "ENABLED");
  const { lock, tags } = version;
  if (tags.length > 0 || lock.mode !== undefined || lock.legalHold !== undefined) {
    await describeGuarded(tools, view, input, version, context, description);
  }
  override(input, description, context);
  return { version, range: slice.range, customerKey, description };
}
