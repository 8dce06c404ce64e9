/**
 * The kinds of records that are made whole, changed member by member and taken away: how their events are called, and which members each may change.
 *
 * The payload of the event that makes a record is the record without its dates. That of an event that changes it is its key and the new values of members (`null`
 * takes one away). That of the event that ends it is its key, and why.
 */
import type {
  AppRecord,
  Dated,
  DeployRecord,
  EnvRecord,
  ProjectRecord,
  QuotaRecord,
  ReleaseRecord,
  RouteRecord,
  SecretBundleRecord,
} from "./applications.ts";
import type {
  GatewayArtifactRecord,
  GatewayBuildRecord,
  GatewayDeploymentRecord,
  GatewayGroupRecord,
  GatewayKeyRecord,
  GatewayRecord,
  GatewaySpecRecord,
  GatewaySpecRevisionRecord,
  GatewayTrustedKeyRecord,
} from "./gateways.ts";
import type { DrillRecord, ExecSessionRecord, InstanceRecord, NodeRecord } from "./nodes.ts";
import type { RestoreJobRecord, SnapshotRecord, VolumeAttachmentRecord, VolumeRecord } from "./volumes.ts";

export interface DesiredRecords {
  readonly project: ProjectRecord;
  readonly app: AppRecord;
  readonly env: EnvRecord;
  readonly release: ReleaseRecord;
  readonly deploy: DeployRecord;
  readonly route: RouteRecord;
  readonly secretBundle: SecretBundleRecord;
  readonly quota: QuotaRecord;
  readonly volume: VolumeRecord;
  readonly volumeAttachment: VolumeAttachmentRecord;
  readonly snapshot: SnapshotRecord;
  readonly restoreJob: RestoreJobRecord;
  readonly instance: InstanceRecord;
  readonly execSession: ExecSessionRecord;
  readonly node: NodeRecord;
  readonly drill: DrillRecord;
  readonly gatewaySpec: GatewaySpecRecord;
  readonly gatewaySpecRevision: GatewaySpecRevisionRecord;
  readonly gatewayBuild: GatewayBuildRecord;
  readonly gatewayArtifact: GatewayArtifactRecord;
  readonly gatewayTrustedKey: GatewayTrustedKeyRecord;
  readonly gatewayKey: GatewayKeyRecord;
  readonly gatewayGroup: GatewayGroupRecord;
  readonly gateway: GatewayRecord;
  readonly gatewayDeployment: GatewayDeploymentRecord;
}

export type DesiredKind = keyof DesiredRecords;

interface KindShape<Kind extends DesiredKind> {
  readonly key: keyof DesiredRecords[Kind];
  readonly makes: string;
  readonly changes: Readonly<Record<string, readonly (keyof DesiredRecords[Kind])[]>>;
  readonly ends: string;
}

/** Event names are the kind, a dot, and the verb. */
export const DESIRED_KINDS = {
  project: { key: "projectId", makes: "created", changes: { updated: ["name"] }, ends: "deleted" },
  app: { key: "appId", makes: "created", changes: { updated: ["name", "description", "projectId"] }, ends: "deleted" },
  env: {
    key: "envId",
    makes: "created",
    changes: {
      updated: ["name"],
      scaleSet: ["scale"],
      desiredReleaseSet: ["desired"],
      restartRequested: ["restarts"],
      secretsNotNeeded: ["secretsNotNeeded"],
      schedulingChanged: ["unschedulable"],
    },
    ends: "deleted",
  },
  release: { key: "releaseId", makes: "created", changes: {}, ends: "deleted" },
  deploy: {
    key: "deployId",
    makes: "created",
    changes: { statusChanged: ["status", "message", "failedReason", "finishedAt"] },
    ends: "deleted",
  },
  route: {
    key: "routeId",
    makes: "created",
    changes: { updated: ["processType", "port", "proxyProtocol"] },
    ends: "deleted",
  },
  secretBundle: {
    key: "bundleId",
    makes: "created",
    changes: { versionSet: ["versionId", "dataHash", "keys", "versionNumber"] },
    ends: "deleted",
  },
  quota: { key: "accountId", makes: "created", changes: { changed: ["limits"] }, ends: "deleted" },
  volume: {
    key: "volumeId",
    makes: "created",
    changes: { stateChanged: ["state", "failedReason"] },
    ends: "deleted",
  },
  volumeAttachment: { key: "attachmentId", makes: "created", changes: {}, ends: "deleted" },
  snapshot: {
    key: "snapshotId",
    makes: "created",
    changes: {
      statusChanged: [
        "status",
        "consistency",
        "sizeBytes",
        "plaintextSha256",
        "chunks",
        "objectKey",
        "failedReason",
        "finishedAt",
      ],
      rewrapped: ["wrappedKey"],
    },
    ends: "deleted",
  },
  restoreJob: {
    key: "restoreId",
    makes: "created",
    changes: { statusChanged: ["status", "failedReason", "finishedAt"] },
    ends: "deleted",
  },
  instance: {
    key: "instanceId",
    makes: "allocated",
    changes: {
      desiredStateChanged: ["desiredState", "drainGraceSeconds", "drainingSince", "drainReason"],
      statusChanged: ["status", "address", "reason", "detail", "exitCode", "restarts", "readySince", "endedAt"],
    },
    ends: "collected",
  },
  execSession: {
    key: "execSessionId",
    makes: "granted",
    changes: {
      connected: ["status", "connectedAt"],
      ended: ["status", "endedAt", "exitCode", "endReason"],
    },
    ends: "collected",
  },
  node: {
    key: "nodeId",
    makes: "enrolled",
    changes: {
      intentChanged: ["intent"],
      stateChanged: ["health", "healthReason"],
      capacityUpdated: ["name", "labels", "allocatable", "isolation", "version", "architecture"],
    },
    ends: "removed",
  },
  drill: { key: "drillId", makes: "recorded", changes: {}, ends: "collected" },
  gatewaySpec: { key: "specId", makes: "created", changes: { revised: ["latest"] }, ends: "deleted" },
  gatewaySpecRevision: { key: "revisionId", makes: "created", changes: {}, ends: "deleted" },
  gatewayBuild: {
    key: "buildId",
    makes: "requested",
    changes: {
      succeeded: ["status", "artifactId", "diagnostics", "warnings", "finishedAt"],
      failed: ["status", "diagnostics", "errors", "warnings", "message", "finishedAt"],
    },
    ends: "collected",
  },
  gatewayArtifact: { key: "artifactId", makes: "created", changes: { verified: ["signatures"] }, ends: "deleted" },
  gatewayTrustedKey: {
    key: "trustedKeyId",
    makes: "added",
    changes: { replaced: ["keyId", "publicKey"] },
    ends: "removed",
  },
  gatewayKey: {
    key: "keyId",
    makes: "created",
    changes: { rotated: ["prefix", "hash", "previous", "rotatedAt"], revoked: ["revokedAt"] },
    ends: "collected",
  },
  gatewayGroup: { key: "groupId", makes: "created", changes: { updated: ["name"] }, ends: "deleted" },
  gateway: {
    key: "gatewayId",
    makes: "registered",
    changes: {
      described: ["name", "keyId", "metadata"],
      reported: ["served", "refusal"],
      updated: ["groupId"],
    },
    ends: "removed",
  },
  gatewayDeployment: {
    key: "deploymentId",
    makes: "started",
    changes: {
      stageAdvanced: ["status", "stage", "stageStartedAt", "reach", "reason"],
      halted: ["status", "reason"],
      resumed: ["status", "stageStartedAt", "reason"],
      rolledBack: ["status", "reason", "finishedAt"],
      completed: ["status", "finishedAt"],
      superseded: ["status", "finishedAt"],
    },
    ends: "collected",
  },
} as const satisfies { readonly [Kind in DesiredKind]: KindShape<Kind> };

type Shapes = typeof DESIRED_KINDS;
type Verbs<Kind extends DesiredKind> = keyof Shapes[Kind]["changes"] & string;
type KeyOf<Kind extends DesiredKind> = Shapes[Kind]["key"] & keyof DesiredRecords[Kind];
type MembersOf<
  Kind extends DesiredKind,
  Verb extends Verbs<Kind>,
> = Shapes[Kind]["changes"][Verb] extends readonly (infer Member)[] ? Member & keyof DesiredRecords[Kind] : never;

/** A member's new value; `null` takes an optional member away. */
type Patch<Record, Members extends keyof Record> = {
  readonly [Member in Members]?: undefined extends Record[Member] ? Record[Member] | null : Record[Member];
};

/** Payloads of all events of this family, by type. */
export type DesiredEventPayloads = {
  readonly [Kind in DesiredKind as `${Kind}.${Shapes[Kind]["makes"]}`]: Omit<
    DesiredRecords[Kind],
    "kind" | keyof Dated
  >;
} & UnionToIntersection<
  {
    readonly [Kind in DesiredKind]: {
      readonly [Verb in Verbs<Kind> as `${Kind}.${Verb}`]: Pick<DesiredRecords[Kind], KeyOf<Kind>> &
        Patch<DesiredRecords[Kind], MembersOf<Kind, Verb>>;
    };
  }[DesiredKind]
> & {
    readonly [Kind in DesiredKind as `${Kind}.${Shapes[Kind]["ends"]}`]: Pick<DesiredRecords[Kind], KeyOf<Kind>> & {
      readonly reason?: string;
    };
  };

type UnionToIntersection<Union> = (Union extends unknown ? (member: Union) => void : never) extends (
  member: infer Intersection,
) => void
  ? Intersection
  : never;
