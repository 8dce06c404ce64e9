/** From an answered request to the records that logs keep of it. Pure but for the notes. */
import type { BucketRecord } from "#contracts";
import type { AnsweredRequest, Caller } from "#data-plane/service";
import { decodePercent } from "#foundation/aws/sigv4";
import type { HttpResponse } from "#foundation/http";
import { parseCopySource } from "../rules/copy-source.ts";
import { BATCH_DELETE, type LogRecord } from "./log-record.ts";
import { COPIES, logName } from "./operation-name.ts";
import { notesOf } from "./request-notes.ts";
import { authenticationForm, queryValue, withoutSecrets } from "./request-uri.ts";

/** Bucket and key that a request is for. */
export interface RequestPlace {
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
}

/** From the labels of its operation, else from its address. Undefined where no bucket is named. */
export function placeOf({ labels, hostBucket, request }: AnsweredRequest): RequestPlace | undefined {
  if (labels?.Bucket !== undefined) return { bucket: labels.Bucket, key: labels.Key ?? "" };
  const path = request.path.slice(1);
  if (hostBucket !== undefined) return { bucket: hostBucket, key: decodePercent(path) };
  const slash = path.indexOf("/");
  const bucket = slash < 0 ? path : path.slice(0, slash);
  return bucket === "" ? undefined : { bucket, key: slash < 0 ? "" : decodePercent(path.slice(slash + 1)) };
}

/** The source of a copy; undefined for what is no copy, or names none. */
export function copiedFrom({
  operation,
  request,
}: AnsweredRequest): (RequestPlace & { versionId?: string }) | undefined {
  if (operation === undefined || COPIES[operation] === undefined) return undefined;
  try {
    return parseCopySource(request.headers.get("x-amz-copy-source") ?? "");
  } catch {
    return undefined;
  }
}

const requesterOf = (caller: Caller | undefined): string | undefined => {
  if (caller === undefined || caller.type === "anonymous") return undefined;
  return caller.type === "root" ? caller.canonicalUserId : caller.arn;
};

function header(response: HttpResponse, lowerName: string): string | undefined {
  return response.headers?.find(([name]) => name.toLowerCase() === lowerName)?.[1];
}

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** Bytes of the whole object, where the exchange shows them. */
function objectSize({ operation, request, response, website }: AnsweredRequest): number | undefined {
  if (operation === "PutObject" || operation === "UploadPart") {
    return numberOf(request.headers.get("x-amz-decoded-content-length")) ?? request.contentLength ?? 0;
  }
  if (operation !== "GetObject" && operation !== "HeadObject" && !website) return undefined;
  if (response.status === 206) return numberOf(header(response, "content-range")?.split("/")[1]);
  if (response.status !== 200) return undefined;
  return response.contentLength ?? numberOf(header(response, "content-length"));
}

/** How the sending ended. */
export interface Sent {
  readonly bytes: number;
  /** Milliseconds from the request to the last byte. */
  readonly totalMs: number;
}

/** Record of the request itself, in the log of the bucket it was for. */
export function requestRecord(
  answered: AnsweredRequest,
  place: RequestPlace,
  bucket: BucketRecord,
  bucketOwner: string,
  sent: Sent,
): LogRecord {
  const { request, response, operation, website } = answered;
  const notes = notesOf(request);
  const { signatureVersion, authType } = authenticationForm(request.headers.get("authorization"), request.query);
  const key = notes?.key ?? place.key;
  return {
    bucketOwner,
    bucket: bucket.name,
    time: request.receivedAt,
    remoteIp: request.remoteAddress,
    requester: requesterOf(notes?.caller ?? answered.caller),
    requestId: request.id,
    operation: logName(operation, request.method, key !== "", website),
    key,
    requestUri: `${request.method} ${withoutSecrets(request.target)} HTTP/1.1`,
    status: response.status,
    errorCode: answered.errorCode ?? header(response, "x-amz-error-code"),
    bytesSent: sent.bytes,
    objectSize: objectSize(answered),
    totalMs: sent.totalMs,
    // S3 counts from the last byte of the request, and only the elapsed time from the first is known here.
    turnAroundMs: request.body.empty ? answered.elapsedMs : undefined,
    referrer: mapped(request.headers.get("referer"), withoutSecrets),
    userAgent: request.headers.get("user-agent"),
    versionId: queryValue(request.query, "versionId"),
    hostId: answered.hostId,
    signatureVersion,
    authType,
    hostHeader: request.host,
    aclRequired: notes?.aclRequired === true,
  };
}

const mapped = (text: string | undefined, change: (text: string) => string): string | undefined =>
  text === undefined ? undefined : change(text);

/** The records of the keys of a DeleteObjects, which are no requests of their own. */
export function deletionRecords(record: LogRecord, answered: AnsweredRequest): readonly LogRecord[] {
  return (notesOf(answered.request)?.deletions ?? []).map(({ key, versionId, status, errorCode }) => ({
    ...record,
    operation: BATCH_DELETE,
    key,
    requestUri: undefined,
    status,
    errorCode,
    bytesSent: undefined,
    objectSize: undefined,
    totalMs: undefined,
    turnAroundMs: undefined,
    versionId,
  }));
}

/** The reading half of a copy, for the log of the source. */
export function copyReadRecord(
  record: LogRecord,
  answered: AnsweredRequest,
  source: RequestPlace & { readonly versionId?: string },
  bucketOwner: string,
): LogRecord {
  return {
    ...record,
    bucketOwner,
    bucket: source.bucket,
    operation: COPIES[answered.operation ?? ""]?.read ?? record.operation,
    key: source.key,
    bytesSent: undefined,
    objectSize: undefined,
    versionId: source.versionId,
  };
}
