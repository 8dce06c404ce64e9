/**
 * API gateways in connected mode: descriptions of projects, what is built of them, and which gateways shall serve it.
 *
 * Records of this family follow `desired-kinds.ts`. Contents (files of descriptions, artifacts) are in no event: records name them by their digests, and they are on disk
 * before the event that names them is.
 *
 * Of a gateway, an event tells what is rare and what a rollout is decided by: that it exists, what it calls itself, which group it is in, which artifact it serves
 * or refuses. Whether it is connected, when it was heard of last and how it does is memory of the control plane alone, and true again one heartbeat after a start.
 */
import type { Dated } from "./applications.ts";
import type { ArtifactRefusal } from "./gateway-fleet.ts";
import type { AccountId } from "./ids.ts";

interface OfProject extends Dated {
  readonly accountId: AccountId;
  readonly projectId: string;
}

/** A set of descriptions that is written together. Its contents are its revisions. */
export interface GatewaySpecRecord extends OfProject {
  readonly kind: "gatewaySpec";
  /** `spc_…` */
  readonly specId: string;
  /** Unique in its project without regard to case. */
  readonly name: string;
  readonly latest: {
    readonly revisionId: string;
    /** 1, 2, 3 … within its spec. */
    readonly number: number;
  };
}

export interface SpecFile {
  /** With `/`, relative to the folder of the revision. */
  readonly path: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** What a spec said at one time. Never changes. */
export interface GatewaySpecRevisionRecord extends OfProject {
  readonly kind: "gatewaySpecRevision";
  /** `spr_…` */
  readonly revisionId: string;
  readonly specId: string;
  readonly number: number;
  /** Over paths, digests and which files are descriptions. */
  readonly digest: string;
  /** In order of path. */
  readonly files: readonly SpecFile[];
  /** Paths of the files that are compiled; the others are what those refer to. */
  readonly descriptions: readonly string[];
  /** What the person wrote to it. */
  readonly message?: string;
}

/** Which revision of a spec something was made of. Outlives the spec. */
export interface BuiltRevision {
  readonly specId: string;
  readonly specName: string;
  readonly revisionId: string;
  readonly number: number;
}

/** A problem in a description. */
export interface BuildDiagnostic {
  readonly code: string;
  readonly level: "error" | "warning" | "note";
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** JSON Pointer in the file. */
  readonly pointer: string;
  readonly hint?: string;
}

/** What the compiler is told besides the files. */
export interface BuildOptions {
  /** Where operations go that say nothing about it. */
  readonly upstream?: string;
  /** Lets upstreams be addressed by `http:` and `ws:`; also so when `upstream` is. */
  readonly allowPlaintext?: boolean;
  /** Provenance: which commit the descriptions are of, and where from. */
  readonly commit?: string;
  readonly source?: string;
}

export const BUILD_STATUSES = ["queued", "succeeded", "failed"] as const;
export type BuildStatus = (typeof BUILD_STATUSES)[number];

/** A compile job. It stays `queued` until it has an outcome: whoever starts a control plane goes on with those that have none. */
export interface GatewayBuildRecord extends OfProject {
  readonly kind: "gatewayBuild";
  /** `bld_…` */
  readonly buildId: string;
  readonly revisions: readonly BuiltRevision[];
  readonly options: BuildOptions;
  readonly status: BuildStatus;
  /** Once it has succeeded. An artifact with the same digest that was there already is not made twice. */
  readonly artifactId?: string;
  /** The first `BUILD_DIAGNOSTICS_MAX`, those that are errors before others. */
  readonly diagnostics?: readonly BuildDiagnostic[];
  readonly errors?: number;
  readonly warnings?: number;
  /** Why it failed, where no diagnostic says it. */
  readonly message?: string;
  /** Epoch milliseconds. */
  readonly finishedAt?: number;
}

export const BUILD_DIAGNOSTICS_MAX = 100;

export interface GatewayArtifactRecord extends OfProject {
  readonly kind: "gatewayArtifact";
  /** `art_…` */
  readonly artifactId: string;
  /**
   * `sha256:…` over everything in it, as the artifact itself says and proves. Signatures are not in it: two that were signed by different keys have one digest, and are two
   * artifacts.
   */
  readonly digest: string;
  /** `sha256:…` of its bytes as a file: by which they are kept and fetched. */
  readonly contentDigest: string;
  readonly sizeBytes: number;
  /** Version of the compiler. */
  readonly compiler: string;
  /** Of one that was compiled here. */
  readonly buildId?: string;
  /** None of one that was compiled elsewhere. */
  readonly revisions: readonly BuiltRevision[];
  readonly operations: number;
  readonly commit?: string;
  readonly source?: string;
  /** Of one that was compiled elsewhere: the actor who has uploaded it first. */
  readonly uploadedBy?: string;
  /** Of one that was compiled elsewhere: all that it carries. */
  readonly signatures?: readonly ArtifactSignature[];
}

export interface ArtifactSignature {
  /** SHA-256 of the public key that it says it is of, see {@link GatewayTrustedKeyRecord}. */
  readonly keyId: string;
  /** Whether the project trusted that key when it was last uploaded, and the signature was found to be the key's. Otherwise it is a claim. */
  readonly verified: boolean;
}

/** As many as an archive may carry signatures. */
export const TRUSTED_KEYS_MAX = 16;

/** A key that artifacts which were compiled elsewhere are signed with. A project that has any takes no others. */
export interface GatewayTrustedKeyRecord extends OfProject {
  readonly kind: "gatewayTrustedKey";
  /** `gtk_…` */
  readonly trustedKeyId: string;
  /** Unique in its project without regard to case: letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** SHA-256 of the key's DER (SubjectPublicKeyInfo), hex: as signatures name it. */
  readonly keyId: string;
  /** Ed25519, PEM (SubjectPublicKeyInfo). */
  readonly publicKey: string;
}

export const GATEWAY_KEY_SCOPES = ["data-plane:connect", "artifact:read"] as const;
export type GatewayKeyScope = (typeof GATEWAY_KEY_SCOPES)[number];

/** An API key of gateways: `bbk_` and 256 random bits. */
export interface GatewayKeyRecord extends OfProject {
  readonly kind: "gatewayKey";
  /** `gky_…` */
  readonly keyId: string;
  /** Unique among the keys of its project that are not revoked, without regard to case. */
  readonly name: string;
  /** What the secret begins with, for people. */
  readonly prefix: string;
  /** SHA-256 of the secret, hex. */
  readonly hash: string;
  readonly scopes: readonly GatewayKeyScope[];
  /** Gateways that register with it for the first time are of this group. */
  readonly groupId?: string;
  /** Epoch milliseconds. */
  readonly expiresAt?: number;
  readonly rotatedAt?: number;
  /** After a rotation: the secret before is good until then. */
  readonly previous?: { readonly hash: string; readonly validUntil: number };
  readonly revokedAt?: number;
}

/** A group of gateways, for rollouts by name. */
export interface GatewayGroupRecord extends OfProject {
  readonly kind: "gatewayGroup";
  /** `ggr_…` */
  readonly groupId: string;
  /** Unique in its project without regard to case. */
  readonly name: string;
}

/** A gateway that has registered: what the API calls a data plane. */
export interface GatewayRecord extends OfProject {
  readonly kind: "gateway";
  /** `gwy_…`, the `data_plane_id` of the protocol. */
  readonly gatewayId: string;
  /** The gateway's own, unique in its project. */
  readonly instanceId: string;
  /** As it calls itself. */
  readonly name?: string;
  readonly groupId?: string;
  /** By which it registered last. */
  readonly keyId: string;
  readonly metadata: { readonly version: string; readonly hostname: string };
  /** Absent: nothing yet. */
  readonly served?: ServedArtifact;
  /** Why it does not serve what it should. */
  readonly refusal?: ArtifactRefusal;
}

export interface ServedArtifact {
  readonly digest: string;
  /** The generation that it took it by, where it said so. */
  readonly generation?: number;
}

/** A part of a rollout. Every stage reaches what the ones before have reached, and more. */
export interface RolloutStage {
  /** Of all gateways of the project: 1 to 100. At least one gateway where there is any. */
  readonly percent?: number;
  /** Ids of groups that are reached as a whole. */
  readonly groups?: readonly string[];
  /** How long the gateways must do well before the next stage. */
  readonly bakeSeconds: number;
}

export interface RolloutStrategy {
  /** At least one; the last reaches everybody: 100 percent. */
  readonly stages: readonly RolloutStage[];
  /** Share of requests that may be answered with 500 or above, 0 to 1. Absent: it is not looked at. */
  readonly errorRateMax?: number;
  /** Fewer requests than this, of all reached gateways in a stage, prove nothing. Default 0. */
  readonly requestsMin?: number;
  /** What happens when gateways do badly or refuse the artifact: back to what was before, or halt and wait for people. */
  readonly automaticRollback: boolean;
}

export const ROLLOUT_STAGES_MAX = 20;
export const ALL_AT_ONCE: RolloutStrategy = {
  stages: [{ percent: 100, bakeSeconds: 0 }],
  automaticRollback: false,
};

export const GATEWAY_DEPLOYMENT_STATUSES = ["rolling", "halted", "completed", "rolled_back", "superseded"] as const;
export type GatewayDeploymentStatus = (typeof GATEWAY_DEPLOYMENT_STATUSES)[number];

/** An artifact with the generation by which it is wanted. */
export interface WantedArtifact {
  readonly artifactId: string;
  readonly digest: string;
  /** See `DesiredArtifact`: of two the greater counts. */
  readonly generation: number;
}

/**
 * What the gateways of a project shall serve. Of a project's deployments the one with the greatest generation is the current one; the others are history.
 *
 * Generations of a project only ever rise, also in a control plane that was restored from a backup: each is the greater of the last one and 1, and of the milliseconds since 1970.
 */
export interface GatewayDeploymentRecord extends OfProject, WantedArtifact {
  readonly kind: "gatewayDeployment";
  /** `gdp_…` */
  readonly deploymentId: string;
  readonly deploymentKind: "deploy" | "rollback";
  readonly strategy: RolloutStrategy;
  readonly status: GatewayDeploymentStatus;
  /** Index of the stage that is reached. */
  readonly stage: number;
  /** Epoch milliseconds. */
  readonly stageStartedAt: number;
  /**
   * Gateways whose `rolloutHash` is below this are reached: 0 to 2³². Worked out when a stage starts, so that its percentage is met exactly, whoever comes or goes later.
   */
  readonly reach: number;
  /** What gateways serve that are not reached. Absent: nothing was ever deployed, and they keep what they have. */
  readonly baseline?: WantedArtifact;
  /** Of a rollback: the deployment that it ends. */
  readonly rollbackOf?: string;
  /** Why it halted, or was rolled back; for people. */
  readonly reason?: string;
  readonly finishedAt?: number;
}

/** `reach` for all gateways. */
export const REACH_ALL = 2 ** 32;

interface InProject {
  readonly accountId: AccountId;
  readonly projectId: string;
}

interface Guarded {
  readonly expectedVersion?: number;
}

interface RevisionContents {
  readonly files: readonly SpecFile[];
  readonly descriptions: readonly string[];
  readonly message?: string;
}

/** Names of members are those of the records. */
export type GatewayCommand =
  /** Blobs of the files are there already. */
  | ({ readonly type: "gatewaySpec.create"; readonly name: string } & InProject & RevisionContents)
  /** The same contents as the latest revision make no other. */
  | ({ readonly type: "gatewaySpec.revise"; readonly accountId: AccountId; readonly specId: string } & Guarded &
      RevisionContents)
  /** Its revisions go with it; artifacts stay. */
  | ({ readonly type: "gatewaySpec.delete"; readonly accountId: AccountId; readonly specId: string } & Guarded)
  | ({
      readonly type: "gatewayBuild.request";
      /** Ids of revisions, of different specs. */
      readonly revisions: readonly string[];
      readonly options: BuildOptions;
    } & InProject)
  /** From the compiler. */
  | {
      readonly type: "gatewayBuild.succeed";
      readonly buildId: string;
      readonly artifact: {
        readonly digest: string;
        readonly contentDigest: string;
        readonly sizeBytes: number;
        readonly compiler: string;
        readonly operations: number;
      };
      readonly diagnostics: readonly BuildDiagnostic[];
      readonly warnings: number;
    }
  | {
      readonly type: "gatewayBuild.fail";
      readonly buildId: string;
      readonly diagnostics: readonly BuildDiagnostic[];
      readonly errors: number;
      readonly warnings: number;
      readonly message?: string;
    }
  /**
   * One that was compiled elsewhere and verified: `#control-plane/gateways/uploads`. Its blob is there already. The same bytes are the same artifact.
   */
  | ({
      readonly type: "gatewayArtifact.upload";
      readonly artifact: {
        readonly digest: string;
        readonly contentDigest: string;
        readonly sizeBytes: number;
        readonly compiler: string;
        readonly operations: number;
        readonly commit?: string;
        readonly source?: string;
      };
      readonly signatures: readonly ArtifactSignature[];
      readonly uploadedBy: string;
    } & InProject)
  /** Refused while the current deployment needs it. */
  | { readonly type: "gatewayArtifact.delete"; readonly accountId: AccountId; readonly artifactId: string }
  /** Another key under a name that is there takes the place of the one before. The same one changes nothing. */
  | ({ readonly type: "gatewayTrustedKey.put"; readonly name: string; readonly publicKey: string } & InProject)
  | { readonly type: "gatewayTrustedKey.delete"; readonly accountId: AccountId; readonly trustedKeyId: string }
  | ({
      readonly type: "gatewayKey.create";
      readonly name: string;
      /** Default: all. */
      readonly scopes?: readonly string[];
      readonly groupId?: string;
      /** Milliseconds. Default: for ever. */
      readonly lifetimeMs?: number;
    } & InProject)
  /** The secret before is good for `graceSeconds` more. */
  | {
      readonly type: "gatewayKey.rotate";
      readonly accountId: AccountId;
      readonly keyId: string;
      readonly graceSeconds: number;
    }
  | { readonly type: "gatewayKey.revoke"; readonly accountId: AccountId; readonly keyId: string }
  | ({ readonly type: "gatewayGroup.create"; readonly name: string } & InProject)
  | ({
      readonly type: "gatewayGroup.update";
      readonly accountId: AccountId;
      readonly groupId: string;
      readonly name: string;
    } & Guarded)
  /** Refused while gateways, keys or a rollout that is under way need it. */
  | { readonly type: "gatewayGroup.delete"; readonly accountId: AccountId; readonly groupId: string }
  /** From gateways, whose key was verified: `authenticateGateway`. Appends nothing when all is as it was. */
  | {
      readonly type: "gateway.register";
      readonly projectId: string;
      readonly keyId: string;
      readonly instanceId: string;
      readonly name?: string;
      readonly metadata: { readonly version: string; readonly hostname: string };
    }
  /** Appends only when something differs; of refusals the time and the words do not count. */
  | {
      readonly type: "gateway.report";
      readonly gatewayId: string;
      readonly served: ServedArtifact | null;
      readonly refusal: ArtifactRefusal | null;
    }
  /** `null` takes it out of its group. */
  | ({
      readonly type: "gateway.update";
      readonly accountId: AccountId;
      readonly gatewayId: string;
      readonly groupId: string | null;
    } & Guarded)
  /** Whoever holds its connection ends it. A gateway that registers anew is another one. */
  | { readonly type: "gateway.remove"; readonly accountId: AccountId; readonly gatewayId: string }
  | ({
      readonly type: "gatewayDeployment.start";
      readonly artifactId: string;
      /** Default: all at once. */
      readonly strategy?: RolloutStrategy;
      /** Of the first stage; default: worked out over all gateways that are connected, or registered where none is. */
      readonly reach?: number;
    } & InProject)
  /**
   * Back to an older artifact, all at once: the one that is named, else what was before the current deployment.
   */
  | ({
      readonly type: "gatewayDeployment.rollback";
      readonly artifactId?: string;
      readonly reason?: string;
    } & InProject & {
        /** Refused when another one is current. */
        readonly deploymentId?: string;
      })
  /** To the next stage. From the rollout, or from a person: then also out of a halt. Refused when `stage` is not the one that it is in. */
  | {
      readonly type: "gatewayDeployment.advance";
      readonly accountId: AccountId;
      readonly deploymentId: string;
      readonly stage: number;
      readonly reach?: number;
    }
  | {
      readonly type: "gatewayDeployment.halt";
      readonly accountId: AccountId;
      readonly deploymentId: string;
      readonly reason?: string;
    }
  /** Begins the stage that it is in anew. */
  | { readonly type: "gatewayDeployment.resume"; readonly accountId: AccountId; readonly deploymentId: string }
  /** From the rollout, in the last stage. */
  | { readonly type: "gatewayDeployment.complete"; readonly accountId: AccountId; readonly deploymentId: string };

export interface GatewayCommandResults {
  "gatewaySpec.create": { readonly specId: string; readonly revisionId: string };
  "gatewaySpec.revise": { readonly revisionId: string };
  "gatewaySpec.delete": Record<string, never>;
  "gatewayBuild.request": { readonly buildId: string };
  "gatewayBuild.succeed": { readonly artifactId: string };
  "gatewayBuild.fail": Record<string, never>;
  /** `isNew`: it was not there. */
  "gatewayArtifact.upload": { readonly artifactId: string; readonly isNew: boolean };
  "gatewayArtifact.delete": Record<string, never>;
  "gatewayTrustedKey.put": { readonly trustedKeyId: string };
  "gatewayTrustedKey.delete": Record<string, never>;
  /** The only time that it is shown. */
  "gatewayKey.create": { readonly keyId: string; readonly key: string };
  "gatewayKey.rotate": { readonly key: string };
  "gatewayKey.revoke": Record<string, never>;
  "gatewayGroup.create": { readonly groupId: string };
  "gatewayGroup.update": Record<string, never>;
  "gatewayGroup.delete": Record<string, never>;
  "gateway.register": { readonly gatewayId: string };
  "gateway.report": Record<string, never>;
  "gateway.update": Record<string, never>;
  "gateway.remove": Record<string, never>;
  "gatewayDeployment.start": { readonly deploymentId: string };
  "gatewayDeployment.rollback": { readonly deploymentId: string };
  "gatewayDeployment.advance": Record<string, never>;
  "gatewayDeployment.halt": Record<string, never>;
  "gatewayDeployment.resume": Record<string, never>;
  "gatewayDeployment.complete": Record<string, never>;
}
