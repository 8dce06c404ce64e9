/** The record of one event as queues, topics and functions get it (Amazon S3 user guide, "Event message structure"). Pure. */
import type { ObjectEventName } from "./event-names.ts";

/** What happened to which object. */
export interface ObjectEvent {
  readonly name: ObjectEventName;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly region: string;
  readonly bucket: string;
  /** Canonical user id of the bucket's owner. */
  readonly bucketOwner: string;
  readonly key: string;
  /** Absent for removals. */
  readonly size?: number;
  readonly etag?: string;
  /** Only with versioning. */
  readonly versionId?: string;
  /** Position in the order of writes to the key; later events of one key have larger ones. */
  readonly sequence: number;
  /** Who caused it; see `notifications/event-cause.ts`. */
  readonly principalId: string;
  readonly sourceAddress: string;
  readonly requestId: string;
  readonly hostId: string;
  readonly configurationId: string;
}

const SEQUENCER_DIGITS = 18;

/** A delete marker is told with the ETag of nothing. */
const MD5_OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e";

/** Hexadecimal digits of one length, so that comparing text compares order. */
export const sequencerOf = (sequence: number): string =>
  sequence.toString(16).toUpperCase().padStart(SEQUENCER_DIGITS, "0");

/** Keys are form-encoded in events: a space is a plus. */
export const eventKey = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll("%20", "+")
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** Events about what is kept with an object, not about its coming and going: they have a later version and no place in the sequence. */
const concernsSettings = (name: ObjectEventName): boolean => /^Object(?:Tagging|Acl|Retention):/.test(name);

function objectOf(event: ObjectEvent): Readonly<Record<string, unknown>> {
  const { name } = event;
  const object: Record<string, unknown> = { key: eventKey(event.key) };
  if (event.size !== undefined && !concernsSettings(name)) object.size = event.size;
  const etag = name.endsWith(":DeleteMarkerCreated") ? MD5_OF_NOTHING : event.etag;
  if (etag !== undefined) object.eTag = etag;
  if (event.versionId !== undefined) object.versionId = event.versionId;
  if (!concernsSettings(name)) object.sequencer = sequencerOf(event.sequence);
  return object;
}

/** One element of `Records`. */
export function eventRecord(event: ObjectEvent): Readonly<Record<string, unknown>> {
  const { name } = event;
  const isLater = concernsSettings(name) || name.startsWith("LifecycleExpiration:");
  return {
    eventVersion: isLater ? "2.3" : "2.1",
    eventSource: "aws:s3",
    awsRegion: event.region,
    eventTime: new Date(event.time).toISOString(),
    eventName: name,
    userIdentity: { principalId: event.principalId },
    requestParameters: { sourceIPAddress: event.sourceAddress },
    responseElements: { "x-amz-request-id": event.requestId, "x-amz-id-2": event.hostId },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: event.configurationId,
      bucket: {
        name: event.bucket,
        ownerIdentity: { principalId: event.bucketOwner },
        arn: `arn:aws:s3:::${event.bucket}`,
      },
      object: objectOf(event),
    },
  };
}

/** What a new configuration sends to each of its destinations. */
export function testEvent(
  bucket: string,
  time: number,
  requestId: string,
  hostId: string,
): Readonly<Record<string, string>> {
  return {
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: new Date(time).toISOString(),
    Bucket: bucket,
    RequestId: requestId,
    HostId: hostId,
  };
}
