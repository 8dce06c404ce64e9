/** One line of a server access log (Amazon S3 user guide, "Amazon S3 server access log format"). Pure. */
import { encodeUri } from "#foundation/aws/sigv4";

/** The fields that a record is made of. Undefined ones are written as `-`: unknown, or not applicable. */
export interface LogRecord {
  /** Canonical user id. */
  readonly bucketOwner: string;
  readonly bucket: string;
  /** Epoch milliseconds when the request came. */
  readonly time: number;
  readonly remoteIp: string;
  /** Canonical user id, or the ARN of a user; undefined for nobody. */
  readonly requester: string | undefined;
  readonly requestId: string;
  /** `REST.GET.OBJECT` */
  readonly operation: string;
  /** As it is, not encoded. */
  readonly key: string | undefined;
  /** `GET /photos/cat.png HTTP/1.1`, without secrets; undefined for what was no request of its own. */
  readonly requestUri: string | undefined;
  readonly status: number;
  readonly errorCode: string | undefined;
  readonly bytesSent: number | undefined;
  readonly objectSize: number | undefined;
  /** Milliseconds from the request to the last byte of the answer. */
  readonly totalMs: number | undefined;
  /** Milliseconds that were spent on the request before the answer began. */
  readonly turnAroundMs: number | undefined;
  readonly referrer: string | undefined;
  readonly userAgent: string | undefined;
  readonly versionId: string | undefined;
  readonly hostId: string;
  readonly signatureVersion: "SigV2" | "SigV4" | undefined;
  readonly authType: "AuthHeader" | "QueryString" | undefined;
  readonly hostHeader: string | undefined;
  /** An ACL was needed to grant the request. */
  readonly aclRequired: boolean;
}

/** Deletions of one DeleteObjects have a line each; their keys are encoded once and those of requests twice, as on AWS. */
export const BATCH_DELETE = "BATCH.DELETE.OBJECT";

/** No line is longer than its fields: the longest are cut, so that a hostile client cannot fill a log with one request. */
const FIELD_MAX = 8 * 1024;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/** `06/Feb/2019:00:00:38 +0000` */
function timeOf(epochMs: number): string {
  const date = new Date(epochMs);
  return `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** What would end a field in quotes, or a line, before its time: all but printable ASCII, and quotes. */
const UNSAFE_IN_QUOTES = /[^ !#-~]+/g;
/** As above, and spaces and brackets. */
const UNSAFE_BARE = /[^!#-Z\\^-~]+/g;

const percent = (unsafe: string): string => encodeUri(unsafe.toWellFormed(), false);

function escaped(text: string, unsafe: RegExp): string {
  const cut = text.length > FIELD_MAX ? text.slice(0, FIELD_MAX) : text;
  return cut.replace(unsafe, percent);
}

/** A field without quotes: no space may be in it. */
const bare = (text: string | undefined): string =>
  text === undefined || text === "" ? "-" : escaped(text, UNSAFE_BARE);

/** A field in quotes, as those are that clients write. */
const quoted = (text: string | undefined): string =>
  text === undefined || text === "" ? '"-"' : `"${escaped(text, UNSAFE_IN_QUOTES)}"`;

const whole = (value: number | undefined): string => (value === undefined ? "-" : `${Math.round(value)}`);

/** Zero bytes are written as none. */
const sizeOf = (value: number | undefined): string => (value === undefined || value === 0 ? "-" : `${value}`);

function keyOf(key: string | undefined, operation: string): string {
  if (key === undefined || key === "") return "-";
  const once = encodeUri(key.toWellFormed(), true);
  return operation === BATCH_DELETE ? once : encodeUri(once, true);
}

/**
 * The record as a line with its end, in the order of S3's fields; ASCII throughout. TLS and access point fields are unknown here.
 *
 * @example
 * formatRecord(record); // `79a5… photos [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a5… 3E57427F3EXAMPLE REST.GET.OBJECT cat.png "GET /photos/cat.png HTTP/1.1" 200 - 113 …`
 */
export function formatRecord(record: LogRecord): string {
  const own = record.requestUri !== undefined;
  return `${record.bucketOwner} ${record.bucket} [${timeOf(record.time)}] ${bare(record.remoteIp)} ${bare(record.requester)} ${record.requestId} ${record.operation} ${keyOf(record.key, record.operation)} ${own ? quoted(record.requestUri) : "-"} ${record.status} ${bare(record.errorCode)} ${sizeOf(record.bytesSent)} ${whole(record.objectSize)} ${whole(record.totalMs)} ${whole(record.turnAroundMs)} ${own ? quoted(record.referrer) : "-"} ${own ? quoted(record.userAgent) : "-"} ${bare(record.versionId)} ${record.hostId} ${record.signatureVersion ?? "-"} - ${record.authType ?? "-"} ${bare(record.hostHeader)} - - ${record.aclRequired ? "Yes" : "-"}\n`;
}
