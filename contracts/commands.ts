/**
 * Commands: what a data plane, the command line or the REST API asks the control plane to decide.
 *
 * A command is validated against the views and appends 1..n events in one transaction together with its idempotency record.
 */

import type { ApplicationCommand, ApplicationCommandResults } from "./applications.ts";
import type { GatewayCommand, GatewayCommandResults } from "./gateways.ts";
import type { IdentityCommand, IdentityKind } from "./identity.ts";
import type { AccountId, BucketId, DataPlaneId, EventId, Region, ResourceId } from "./ids.ts";
import type { NodeCommand, NodeCommandResults } from "./nodes.ts";
import type { PlatformCommand, PlatformCommandResults } from "./platform.ts";
import type { BucketSection, KeyOwner } from "./records.ts";
import type { ResourceCommand, ResourceKind } from "./resources.ts";
import type { VolumeCommand, VolumeCommandResults } from "./volumes.ts";

export type Command =
  | {
      readonly type: "account.create";
      readonly name: string;
      readonly accountId?: AccountId;
      /** The person who becomes its first owner. */
      readonly ownerPersonId?: string;
    }
  /** `null` takes the alias away. */
  | {
      readonly type: "account.configure";
      readonly accountId: AccountId;
      readonly name?: string;
      readonly alias?: string | null;
    }
  | { readonly type: "accessKey.create"; readonly accountId: AccountId; readonly owner: KeyOwner }
  | {
      readonly type: "accessKey.update";
      readonly accountId: AccountId;
      readonly accessKeyId: string;
      readonly status: "Active" | "Inactive";
    }
  | { readonly type: "accessKey.delete"; readonly accountId: AccountId; readonly accessKeyId: string }
  | {
      readonly type: "bucket.create";
      readonly accountId: AccountId;
      readonly name: string;
      readonly region: Region;
      readonly objectLockEnabled: boolean;
      /** Sections that are set from the beginning (ownership controls, ACL, tags …). */
      readonly sections: Readonly<Partial<Record<BucketSection, unknown>>>;
    }
  /** The data plane has made sure that the bucket is empty and takes no more writes before it asks for this. */
  | { readonly type: "bucket.delete"; readonly bucketId: BucketId; readonly name: string }
  /** `value: null` removes the section. */
  | {
      readonly type: "bucket.configure";
      readonly bucketId: BucketId;
      readonly name: string;
      readonly section: BucketSection;
      readonly value: unknown;
    }
  /** A data plane that registers is enrolled when none is; changes nothing for the one that is. */
  | { readonly type: "dataPlane.enroll"; readonly dataPlaneId: DataPlaneId; readonly name: string }
  /** The enrolled data plane is lost: the next one that registers takes its place. */
  | { readonly type: "dataPlane.forget"; readonly dataPlaneId: DataPlaneId }
  | ApplicationCommand
  | GatewayCommand
  | IdentityCommand
  | NodeCommand
  | PlatformCommand
  | ResourceCommand
  | VolumeCommand;

export type CommandType = Command["type"];

/** What a command answers besides the event id; only secrets and generated names, everything else is in the catalog. */
export type CommandResults = BaseCommandResults &
  ApplicationCommandResults &
  GatewayCommandResults &
  NodeCommandResults &
  VolumeCommandResults &
  PlatformCommandResults & {
    readonly [Kind in IdentityKind as `${Kind}.create`]: { readonly entityId: string };
  } & {
    readonly [Kind in IdentityKind as `${Kind}.configure` | `${Kind}.rename` | `${Kind}.delete`]: Record<string, never>;
  } & {
    readonly [Kind in ResourceKind as `${Kind}.create`]: { readonly resourceId: ResourceId };
  } & {
    readonly [Kind in ResourceKind as `${Kind}.configure` | `${Kind}.delete`]: Record<string, never>;
  };

interface BaseCommandResults {
  "account.create": { readonly accountId: AccountId; readonly canonicalUserId: string };
  "account.configure": Record<string, never>;
  /** The only time the secret is shown. */
  "accessKey.create": { readonly accessKeyId: string; readonly secretAccessKey: string };
  "accessKey.update": Record<string, never>;
  "accessKey.delete": Record<string, never>;
  "bucket.create": { readonly bucketId: BucketId };
  "bucket.delete": Record<string, never>;
  "bucket.configure": Record<string, never>;
  "dataPlane.enroll": Record<string, never>;
  "dataPlane.forget": Record<string, never>;
}

/** Who asked, for the event's `actor`. `arn` for AWS principals, `system:<what>` for the program itself. */
export interface CommandOrigin {
  readonly actor: string;
  readonly requestId: string;
  /** Repeating a command with the same key within 24 hours gives the first answer and appends nothing. */
  readonly idempotencyKey?: string;
}

/** Permanent codes of refusals; AWS front ends translate them into their service's error. */
export type CommandErrorCode =
  | "ValidationFailed"
  | "BucketAlreadyExists"
  | "BucketAlreadyOwnedByYou"
  | "NoSuchBucket"
  | "TooManyBuckets"
  | "ResourceAlreadyExists"
  | "NoSuchResource"
  | "RevisionMismatch"
  | "AccountAlreadyExists"
  | "NoSuchAccount"
  | "AccountAliasTaken"
  /** Of IAM entities. */
  | "EntityAlreadyExists"
  | "NoSuchEntity"
  | "MalformedPolicyDocument"
  | "PolicyNotAttachable"
  | "NoSuchAccessKey"
  /** Of platform identity. */
  | "NoSuchPerson"
  | "NoSuchMember"
  | "MemberAlreadyExists"
  | "LastOwner"
  | "NoSuchInvitation"
  | "NoSuchServicePrincipal"
  | "ServicePrincipalAlreadyExists"
  | "NoSuchToken"
  | "NoSuchSession"
  | "AnotherDataPlane"
  | "NoSuchDataPlane"
  /** Of applications, nodes and volumes. */
  | "ResourceInUse"
  | "QuotaExceeded"
  /** Nobody has set secrets, and nobody has said that none are needed. */
  | "SecretsMissing"
  | "MasterKeyUnavailable"
  | "WrongNodeKey"
  /** Of artifacts that were compiled elsewhere: no key that the project trusts has signed. */
  | "ArtifactNotTrusted"
  | "LimitExceeded"
  | "DeleteConflict"
  | "IdempotencyKeyReused"
  | "Internal";

export type CommandOutcome<Type extends CommandType = CommandType> =
  | { readonly ok: true; readonly eventId: EventId; readonly result: CommandResults[Type] }
  | {
      readonly ok: false;
      readonly code: CommandErrorCode;
      readonly message: string;
      /** Numbers for programs: of a quota its dimension, limit, current usage and what was asked. */
      readonly details?: Readonly<Record<string, string | number>>;
    };
