/** The envelope of every event in the log, and the catalogue of event types with their payloads. */
import type { AccountId, BucketId, DataPlaneId, EventId, Region } from "./ids.ts";
import type { BucketSection, KeyOwner, SealedText } from "./records.ts";
import type { ResourceEventPayloads, ResourceKind } from "./resources.ts";

/** Event type → payload. A type's payload only ever gains optional members; a breaking change raises the event's version. */
export type EventPayloads = BaseEventPayloads & {
  readonly [Kind in ResourceKind as `${Kind}.created`]: ResourceEventPayloads<Kind>["created"];
} & {
  readonly [Kind in ResourceKind as `${Kind}.configured`]: ResourceEventPayloads<Kind>["configured"];
} & {
  readonly [Kind in ResourceKind as `${Kind}.deleted`]: ResourceEventPayloads<Kind>["deleted"];
};

interface BaseEventPayloads {
  "account.created": { readonly accountId: AccountId; readonly name: string; readonly canonicalUserId: string };
  "user.created": {
    readonly accountId: AccountId;
    readonly userName: string;
    readonly userId: string;
    readonly path: string;
  };
  "user.deleted": { readonly accountId: AccountId; readonly userName: string };
  "userPolicy.put": {
    readonly accountId: AccountId;
    readonly userName: string;
    readonly policyName: string;
    readonly document: string;
  };
  "userPolicy.deleted": { readonly accountId: AccountId; readonly userName: string; readonly policyName: string };
  "accessKey.created": {
    readonly accessKeyId: string;
    readonly accountId: AccountId;
    readonly owner: KeyOwner;
    readonly sealedSecret: SealedText;
  };
  "accessKey.updated": { readonly accessKeyId: string; readonly status: "Active" | "Inactive" };
  "accessKey.deleted": { readonly accessKeyId: string };
  "bucket.created": {
    readonly bucketId: BucketId;
    readonly name: string;
    readonly accountId: AccountId;
    readonly region: Region;
    readonly objectLockEnabled: boolean;
    readonly sections: Readonly<Partial<Record<BucketSection, unknown>>>;
  };
  "bucket.configured": {
    readonly bucketId: BucketId;
    readonly name: string;
    readonly section: BucketSection;
    readonly value: unknown;
  };
  "bucket.deleted": { readonly bucketId: BucketId; readonly name: string };
  "dataPlane.enrolled": { readonly dataPlaneId: DataPlaneId; readonly name: string };
  "dataPlane.forgotten": { readonly dataPlaneId: DataPlaneId };
}

export type EventType = keyof EventPayloads;
export type AggregateType = "account" | "user" | "accessKey" | "bucket" | "dataPlane" | ResourceKind;

/** One event as it stands in the log. */
export interface EventEnvelope<Type extends EventType = EventType> {
  /** Position in the log, assigned by the one appender; also the cursor of readers. */
  readonly id: EventId;
  readonly aggregateType: AggregateType;
  readonly aggregateId: string;
  /** 1, 2, 3 … within the aggregate. */
  readonly aggregateSequence: number;
  readonly type: Type;
  /** Version of the payload's shape. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly occurredAt: number;
  readonly actor: string;
  /** The account that owns the aggregate; `CLOUD_ORG` for what belongs to the cloud as a whole. */
  readonly org: AccountId;
  readonly requestId: string;
  readonly correlationId: string;
  /** The event that led to this one, where there is one. */
  readonly causationId: EventId | null;
  readonly payload: EventPayloads[Type];
}
