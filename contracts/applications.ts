/**
 * Applications: what tenants say shall run. Projects, apps, environments, releases, deploys, routes, secret bundles and quotas.
 *
 * Every record is made by one event, changed by events that carry the new values of some of its members, and taken away by one event.
 */
import type { AccountId } from "./ids.ts";
import type { Manifest } from "./manifest.ts";

/** Members that every record of this family has. */
export interface Dated {
  /** Epoch milliseconds, of the event that made it. */
  readonly createdAt: number;
  /** Of the last event that changed it. */
  readonly updatedAt: number;
  /** 1, 2, 3 …: what a caller states as `expected_version`. */
  readonly revision: number;
}

export interface ProjectRecord extends Dated {
  readonly kind: "project";
  /** `prj_…` */
  readonly projectId: string;
  readonly accountId: AccountId;
  /** Unique in its org without regard to case. */
  readonly name: string;
}

export interface AppRecord extends Dated {
  readonly kind: "app";
  /** `app_…` */
  readonly appId: string;
  readonly accountId: AccountId;
  readonly projectId?: string;
  /** A DNS label in lower case, unique in its org. */
  readonly name: string;
  readonly description?: string;
}

/** Why a process type of an environment has fewer instances than it should. */
export const UNSCHEDULABLE_REASONS = [
  "no_nodes_active",
  "no_capacity_memory",
  "no_capacity_disk",
  "no_node_with_isolation",
  "volume_locality_no_node",
  "volume_home_node_offline",
  "volume_in_use",
  "volume_missing",
  "volume_constraints_invalid",
  "secrets_missing",
  "org_quota_exceeded",
  "crash_loop",
] as const;
export type UnschedulableReason = (typeof UNSCHEDULABLE_REASONS)[number];

export interface Unschedulable {
  readonly reason: UnschedulableReason;
  /** For people: which limit, which volume, which node. */
  readonly message: string;
}

/** What shall run of one process type. */
export interface DesiredRelease {
  readonly releaseId: string;
  /** The deploy that asked for it. */
  readonly deployId: string;
}

export interface EnvRecord extends Dated {
  readonly kind: "env";
  /** `env_…` */
  readonly envId: string;
  readonly accountId: AccountId;
  readonly appId: string;
  /** A DNS label in lower case, unique in its app. */
  readonly name: string;
  /** By process type. A process type that is not named has what its manifest says (`scaling.min`). */
  readonly scale: Readonly<Record<string, number>>;
  /** By process type: what shall run. Empty before the first deploy. */
  readonly desired: Readonly<Record<string, DesiredRelease>>;
  /** By process type: why it cannot be placed now. Empty when everything fits. */
  readonly unschedulable: Readonly<Record<string, Unschedulable>>;
  /** Somebody has said that this environment needs no secrets. */
  readonly secretsNotNeeded: boolean;
  /** Counted up to replace all instances of a process type without any other change. */
  readonly restarts: Readonly<Record<string, number>>;
}

/** Where the bytes of a release are: an OCI image whose blobs are objects of the org's own bucket, named by their digests. */
export interface ReleaseArtifact {
  /** What it was made of. */
  readonly source: "directory" | "image";
  /** Digest of the image's manifest or index: `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** Of an index: the digest for each platform. */
  readonly resolvedDigests?: readonly { readonly os: string; readonly architecture: string; readonly digest: string }[];
  /** As the person named it: `nginx:1.27`, `./shop`. */
  readonly reference?: string;
  /** Sum of all blobs. */
  readonly sizeBytes: number;
}

export interface ReleaseRecord extends Dated {
  readonly kind: "release";
  /** `rel_…` */
  readonly releaseId: string;
  readonly accountId: AccountId;
  readonly appId: string;
  /** 1, 2, 3 … within its app. */
  readonly number: number;
  readonly artifact: ReleaseArtifact;
  /** In its normal form. */
  readonly manifest: Manifest;
  /** SHA-256 of its canonical JSON, hex. */
  readonly manifestHash: string;
  /** What the person wrote to it. */
  readonly message?: string;
}

export const DEPLOY_STATUSES = ["queued", "rolling", "succeeded", "failed", "superseded"] as const;
export type DeployStatus = (typeof DEPLOY_STATUSES)[number];
export const DEPLOY_FAILURES = [
  "rollout_timeout",
  "startup_timeout",
  "crash_loop",
  "unschedulable",
  "env_deleted",
] as const;
export type DeployFailure = (typeof DEPLOY_FAILURES)[number];

export interface DeployRecord extends Dated {
  readonly kind: "deploy";
  /** `dep_…` */
  readonly deployId: string;
  readonly accountId: AccountId;
  readonly appId: string;
  readonly envId: string;
  readonly deployKind: "deploy" | "rollback";
  readonly releaseId: string;
  readonly processTypes: readonly string[];
  readonly strategy: "rolling";
  readonly status: DeployStatus;
  /** How far it is, or why it ended, for people. */
  readonly message?: string;
  readonly failedReason?: DeployFailure;
  /** Epoch milliseconds; set once it has succeeded, failed or was superseded. */
  readonly finishedAt?: number;
}

export const ROUTE_PROTOCOLS = ["http", "tls_passthrough", "tcp_raw"] as const;
export type RouteProtocol = (typeof ROUTE_PROTOCOLS)[number];

export interface RouteRecord extends Dated {
  readonly kind: "route";
  /** `rte_…` */
  readonly routeId: string;
  readonly accountId: AccountId;
  readonly appId: string;
  readonly envId: string;
  readonly protocol: RouteProtocol;
  /** Exact, in lower case, as IDNA writes it. `http`: unique with the path; `tls_passthrough`: unique. Absent with `tcp_raw`. */
  readonly hostname?: string;
  /** `http`: what the path begins with, whole segments; `/` for all. The longest wins. */
  readonly path?: string;
  /** `tcp_raw`: the edge's port, unique in the cloud. */
  readonly listenPort?: number;
  readonly processType: string;
  /** A declared `internal` port of the process. */
  readonly port: number;
  /** Whether connections to instances begin with a PROXY header of version 2; never with `http`. */
  readonly proxyProtocol: "off" | "v2";
}

/** The secrets of an environment; there is one at most. What they say is nowhere in the log. */
export interface SecretBundleRecord extends Dated {
  readonly kind: "secretBundle";
  /** `sec_…` */
  readonly bundleId: string;
  readonly accountId: AccountId;
  readonly appId: string;
  readonly envId: string;
  /** `scv_…`; absent before the first version. */
  readonly versionId?: string;
  /** SHA-256 of the canonical file, hex. */
  readonly dataHash?: string;
  /** Names of the keys, sorted: shown to whoever may read metadata. */
  readonly keys?: readonly string[];
  /** 1, 2, 3 … */
  readonly versionNumber?: number;
}

/** What an org may use at most. */
export const QUOTA_DIMENSIONS = [
  "apps",
  "envs",
  "routes",
  "hostnames",
  "public_ports",
  "max_instances",
  "total_memory_bytes",
  "total_cpu_millis",
  "volumes",
  "total_volume_bytes",
  "volume_attachments",
  "snapshots_per_volume",
  "exec_sessions",
  "exec_sessions_per_hour",
] as const;
export type QuotaDimension = (typeof QUOTA_DIMENSIONS)[number];

/** Limits of an org that differ from the cloud's defaults. */
export interface QuotaRecord extends Dated {
  readonly kind: "quota";
  readonly accountId: AccountId;
  readonly limits: Readonly<Partial<Record<QuotaDimension, number>>>;
}

/** Commands of tenants, from the REST API. Names of members are those of the records. */
export type ApplicationCommand =
  | { readonly type: "project.create"; readonly accountId: AccountId; readonly name: string }
  | {
      readonly type: "project.update";
      readonly accountId: AccountId;
      readonly projectId: string;
      readonly name?: string;
      readonly expectedVersion?: number;
    }
  /** Refused while it has apps, or specs, artifacts, keys or gateways. */
  | {
      readonly type: "project.delete";
      readonly accountId: AccountId;
      readonly projectId: string;
      readonly expectedVersion?: number;
    }
  | {
      readonly type: "app.create";
      readonly accountId: AccountId;
      readonly name: string;
      readonly description?: string;
      readonly projectId?: string;
    }
  /** `null` takes a member away. */
  | {
      readonly type: "app.update";
      readonly accountId: AccountId;
      readonly appId: string;
      readonly name?: string;
      readonly description?: string | null;
      readonly projectId?: string | null;
      readonly expectedVersion?: number;
    }
  /** Refused while it has environments; its releases go with it. */
  | {
      readonly type: "app.delete";
      readonly accountId: AccountId;
      readonly appId: string;
      readonly expectedVersion?: number;
    }
  | { readonly type: "env.create"; readonly accountId: AccountId; readonly appId: string; readonly name: string }
  | {
      readonly type: "env.update";
      readonly accountId: AccountId;
      readonly envId: string;
      readonly name?: string;
      readonly expectedVersion?: number;
    }
  /** Its routes, attachments, secrets and deploys go with it; its instances are drained by the scheduler. */
  | {
      readonly type: "env.delete";
      readonly accountId: AccountId;
      readonly envId: string;
      readonly expectedVersion?: number;
    }
  | {
      readonly type: "env.scale";
      readonly accountId: AccountId;
      readonly envId: string;
      readonly scale: Readonly<Record<string, number>>;
      readonly expectedVersion?: number;
    }
  /** All instances of the process types (default: all) are replaced, one by one. */
  | {
      readonly type: "env.restart";
      readonly accountId: AccountId;
      readonly envId: string;
      readonly processTypes?: readonly string[];
    }
  | { readonly type: "env.confirmNoSecrets"; readonly accountId: AccountId; readonly envId: string }
  | {
      readonly type: "release.create";
      readonly accountId: AccountId;
      readonly appId: string;
      readonly artifact: ReleaseArtifact;
      /** A manifest as JSON; put into its normal form and checked. */
      readonly manifest: unknown;
      readonly message?: string;
    }
  /** Makes the endpoints that the manifest declares, and a first `http` route where it declares none, in the same transaction. */
  | {
      readonly type: "deploy.create";
      readonly accountId: AccountId;
      readonly envId: string;
      readonly deployKind: "deploy" | "rollback";
      readonly releaseId: string;
      /** Default: all of the release's. */
      readonly processTypes?: readonly string[];
    }
  | {
      readonly type: "route.create";
      readonly accountId: AccountId;
      readonly envId: string;
      readonly protocol: RouteProtocol;
      readonly hostname?: string;
      readonly path?: string;
      readonly listenPort?: number;
      readonly processType: string;
      readonly port: number;
      readonly proxyProtocol?: "off" | "v2";
      /** Must be true with `v2`: whoever does not expect the header sees garbage. */
      readonly backendExpectsProxyProtocol?: boolean;
    }
  | {
      readonly type: "route.update";
      readonly accountId: AccountId;
      readonly routeId: string;
      readonly processType?: string;
      readonly port?: number;
      readonly proxyProtocol?: "off" | "v2";
      readonly backendExpectsProxyProtocol?: boolean;
      readonly expectedVersion?: number;
    }
  | {
      readonly type: "route.delete";
      readonly accountId: AccountId;
      readonly routeId: string;
      readonly expectedVersion?: number;
    }
  /** `data`: a file in the format of secrets, see `control-plane/secrets`. */
  | {
      readonly type: "secrets.set";
      readonly accountId: AccountId;
      readonly envId: string;
      readonly data: string;
      readonly expectedVersion?: number;
    }
  /** Changes some keys and keeps the others; `null` takes one away. */
  | {
      readonly type: "secrets.patch";
      readonly accountId: AccountId;
      readonly envId: string;
      readonly values: Readonly<Record<string, string | null>>;
      readonly expectedVersion?: number;
    }
  /** `null`: the cloud's default. */
  | {
      readonly type: "quota.set";
      readonly accountId: AccountId;
      readonly limits: Readonly<Partial<Record<QuotaDimension, number | null>>>;
    };

/** Why a deploy made these routes, and which there are now. */
export interface ApplicationCommandResults {
  "project.create": { readonly projectId: string };
  "project.update": Record<string, never>;
  "project.delete": Record<string, never>;
  "app.create": { readonly appId: string };
  "app.update": Record<string, never>;
  "app.delete": Record<string, never>;
  "env.create": { readonly envId: string };
  "env.update": Record<string, never>;
  "env.delete": Record<string, never>;
  "env.scale": Record<string, never>;
  "env.restart": Record<string, never>;
  "env.confirmNoSecrets": Record<string, never>;
  "release.create": { readonly releaseId: string; readonly number: number };
  "deploy.create": { readonly deployId: string };
  "route.create": { readonly routeId: string };
  "route.update": Record<string, never>;
  "route.delete": Record<string, never>;
  "secrets.set": { readonly bundleId: string; readonly versionId: string };
  "secrets.patch": { readonly bundleId: string; readonly versionId: string };
  "quota.set": Record<string, never>;
}
