/** The envelope of every event in the log, and the catalogue of event types with their payloads. */

import type { DesiredEventPayloads, DesiredKind } from "./desired-kinds.ts";
import type { IdentityEventPayloads, IdentityKind, PolicyPrincipals } from "./identity.ts";
import type { AccountId, BucketId, DataPlaneId, EventId, Region } from "./ids.ts";
import type { PlatformEventPayloads, PlatformKind } from "./platform.ts";
import type { BucketSection, KeyOwner, SealedText } from "./records.ts";
import type { ResourceEventPayloads, ResourceKind } from "./resources.ts";

/** Event type → payload. A type's payload only ever gains optional members; a breaking change raises the event's version. */
export type EventPayloads = BaseEventPayloads &
  DesiredEventPayloads & {
    readonly [Kind in IdentityKind as `${Kind}.created`]: IdentityEventPayloads<Kind>["created"];
  } & {
    readonly [Kind in IdentityKind as `${Kind}.configured`]: IdentityEventPayloads<Kind>["configured"];
  } & {
    readonly [Kind in IdentityKind as `${Kind}.renamed`]: IdentityEventPayloads<Kind>["renamed"];
  } & {
    readonly [Kind in IdentityKind as `${Kind}.deleted`]: IdentityEventPayloads<Kind>["deleted"];
  } & {
    readonly [Kind in PlatformKind as `${Kind}.created`]: PlatformEventPayloads<Kind>["created"];
  } & {
    readonly [Kind in PlatformKind as `${Kind}.changed`]: PlatformEventPayloads<Kind>["changed"];
  } & {
    readonly [Kind in PlatformKind as `${Kind}.ended`]: PlatformEventPayloads<Kind>["ended"];
  } & {
    readonly [Kind in ResourceKind as `${Kind}.created`]: ResourceEventPayloads<Kind>["created"];
  } & {
    readonly [Kind in ResourceKind as `${Kind}.configured`]: ResourceEventPayloads<Kind>["configured"];
  } & {
    readonly [Kind in ResourceKind as `${Kind}.deleted`]: ResourceEventPayloads<Kind>["deleted"];
  };

interface BaseEventPayloads {
  "account.created": { readonly accountId: AccountId; readonly name: string; readonly canonicalUserId: string };
  "account.configured": { readonly accountId: AccountId; readonly name?: string; readonly alias?: string | null };
  "accessKey.created": {
    readonly accessKeyId: string;
    readonly accountId: AccountId;
    readonly owner: KeyOwner;
    readonly sealedSecret: SealedText;
  };
  /** `owner` when the user that it speaks for was renamed. */
  "accessKey.updated": {
    readonly accessKeyId: string;
    readonly status?: "Active" | "Inactive";
    readonly owner?: KeyOwner;
  };
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
    /** Of the section `policy`, where it names any. */
    readonly policyPrincipals?: PolicyPrincipals;
  };
  "bucket.deleted": { readonly bucketId: BucketId; readonly name: string };
  "dataPlane.enrolled": { readonly dataPlaneId: DataPlaneId; readonly name: string };
  "dataPlane.forgotten": { readonly dataPlaneId: DataPlaneId };
}

export type EventType = keyof EventPayloads;
export type AggregateType =
  | "account"
  | "accessKey"
  | "bucket"
  | "dataPlane"
  | IdentityKind
  | PlatformKind
  | DesiredKind
  | ResourceKind;

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
