/**
 * Plans: what an agent or an edge has to make true, whole. The latest one wins; one with a smaller cursor than the last is stale and ignored. A plan is kept on the
 * disk of whoever carries it out, which restarts from it without the control plane.
 */
import type { RouteProtocol } from "./applications.ts";
import type { AccountId, EventId } from "./ids.ts";
import type { IsolationClass, ManifestHealth, ManifestRestart } from "./manifest.ts";
import type {
  ExecEndReason,
  InstanceAddress,
  InstanceMount,
  InstanceReason,
  InstanceStatusName,
  NodeAllocatable,
} from "./nodes.ts";

/** Everything that a node needs to run one instance. One process type, one command. */
export interface WorkloadSpec {
  readonly specVersion: 1;
  readonly accountId: AccountId;
  readonly appId: string;
  readonly appName: string;
  readonly envId: string;
  readonly envName: string;
  readonly processType: string;
  readonly releaseId: string;
  readonly releaseNumber: number;
  readonly image: {
    readonly source: "directory" | "image";
    readonly digest: string;
    readonly resolvedDigests?: readonly {
      readonly os: string;
      readonly architecture: string;
      readonly digest: string;
    }[];
    readonly sizeBytes: number;
  };
  /** Empty: the image's own. */
  readonly command: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly prestart: readonly { readonly command: readonly string[]; readonly timeoutSeconds: number }[];
  /** The weakest that is acceptable. Absent: `process` for directories, `container` for images. */
  readonly isolation?: IsolationClass;
  readonly memoryBytes: number;
  readonly cpuMillis: number;
  readonly diskBytes: number;
  /** Declared ports; the first one is told to the program as `PORT`. */
  readonly ports: readonly { readonly name: string; readonly internal: number }[];
  readonly health?: ManifestHealth;
  readonly restart: ManifestRestart;
  readonly mounts: readonly InstanceMount[];
  readonly secrets: { readonly required: boolean; readonly versionId?: string; readonly dataHash?: string };
  readonly specHash: string;
}

export interface Assignment {
  readonly instanceId: string;
  readonly desiredState: "running" | "draining" | "stopped";
  readonly drainGraceSeconds: number;
  /** When it was told to drain, epoch milliseconds of the control plane. */
  readonly drainingSince?: number;
  /**
   * Only of a draining instance: no edge sends it anything any more, and what it was answering is answered. Without it the agent waits for the grace before it
   * asks the program to end.
   */
  readonly quiet: boolean;
  readonly workload: WorkloadSpec;
}

export interface VolumeIntent {
  readonly volumeId: string;
  readonly accountId: AccountId;
  readonly sizeBytes: number;
  readonly filesystem: "ext4";
  readonly state: "creating" | "available" | "deleting" | "error";
  /** What is restored into it before it becomes available. */
  readonly restore?: { readonly restoreId: string; readonly snapshot: SnapshotSource };
}

/** Where a backup is, and what it must be. */
export interface SnapshotSource {
  readonly snapshotId: string;
  readonly accountId: AccountId;
  readonly volumeId: string;
  readonly objectKey: string;
  readonly sizeBytes: number;
  readonly plaintextSha256: string;
  readonly chunks: number;
}

export interface SnapshotIntent {
  readonly snapshotId: string;
  readonly accountId: AccountId;
  readonly volumeId: string;
}

export interface NodePlan {
  readonly planVersion: 1;
  readonly nodeId: string;
  readonly cursor: EventId;
  readonly instances: readonly Assignment[];
  readonly volumes: readonly VolumeIntent[];
  /** Those that are queued or running. */
  readonly snapshots: readonly SnapshotIntent[];
}

/** A route with the instances that may be sent to now. */
export interface EdgeRoute {
  readonly routeId: string;
  readonly accountId: AccountId;
  readonly envId: string;
  readonly protocol: RouteProtocol;
  readonly hostname?: string;
  readonly path?: string;
  readonly listenPort?: number;
  readonly proxyProtocol: "off" | "v2";
  /** Whose instances they are, by name: what other parts of the cloud ask for. Absent in plans of control planes that did not say so yet. */
  readonly service?: EdgeService;
  /** Ready instances that are not draining. */
  readonly backends: readonly EdgeBackend[];
  /** Why there are none, for the answer that people see; absent when there are. */
  readonly unavailable?: "scaled_to_zero" | "not_deployed" | "starting" | "unhealthy";
}

/**
 * What ends the names under which edges know applications, whatever their routes are called: `PROCESS.ENVIRONMENT.APP.ORG` before it, and `PORT.` before those where a process has routes to several
 * ports. Such a name is never looked for among the host names of routes.
 */
export const EDGE_SERVICE_SUFFIX = ".app.biplane.internal";

/** The code of what an edge itself answers is in this field; programs behind it may say it, too. */
export const EDGE_ANSWER_FIELD = "biplane-edge";

export interface EdgeService {
  readonly app: string;
  readonly environment: string;
  readonly processType: string;
  /** That the process has declared. */
  readonly port: number;
}

export interface EdgeBackend {
  readonly instanceId: string;
  readonly host: string;
  readonly port: number;
}

export interface EdgeConfig {
  readonly configVersion: 1;
  readonly cursor: EventId;
  readonly routes: readonly EdgeRoute[];
}

/** What an agent says of one of its instances. */
export interface InstanceReport {
  readonly instanceId: string;
  readonly status: Exclude<InstanceStatusName, "pending">;
  readonly address?: InstanceAddress;
  readonly reason?: InstanceReason;
  readonly detail?: string;
  readonly exitCode?: number;
  readonly restarts: number;
}

export interface VolumeReport {
  readonly volumeId: string;
  readonly state: "available" | "deleted" | "error";
  readonly failedReason?: string;
}

export interface SnapshotReport {
  readonly snapshotId: string;
  readonly status: "running" | "succeeded" | "failed";
  readonly consistency?: "crash" | "quiesced";
  readonly sizeBytes?: number;
  readonly plaintextSha256?: string;
  readonly chunks?: number;
  readonly objectKey?: string;
  readonly failedReason?: string;
}

export interface RestoreReport {
  readonly restoreId: string;
  readonly status: "running" | "succeeded" | "failed";
  readonly failedReason?: string;
}

/** One thing that a node has to say. Saying it twice changes nothing. */
export type NodeReport =
  | ({ readonly about: "instance" } & InstanceReport)
  | ({ readonly about: "volume" } & VolumeReport)
  | ({ readonly about: "snapshot" } & SnapshotReport)
  | ({ readonly about: "restore" } & RestoreReport);

/** Temporary AWS credentials that are good for some objects of one bucket, and where to use them. */
export interface ObjectAccess {
  /** URL of the AWS endpoint. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** What the keys begin with. */
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** What an agent may ask for. Each is answered only for what is in its own plan. */
export type NodeRequest =
  /** To read the blobs of an org's releases: `releases/sha256/<hex>`. */
  | { readonly ask: "artifacts"; readonly accountId: AccountId }
  /** To write and read the backups of a volume: `backups/<volume>/…`. */
  | { readonly ask: "backups"; readonly volumeId: string }
  /** The secrets file of an instance. */
  | { readonly ask: "secrets"; readonly instanceId: string }
  /** The data key of a snapshot, base64. */
  | { readonly ask: "snapshotKey"; readonly snapshotId: string };

export type NodeAnswer =
  | { readonly ok: true; readonly ask: "artifacts" | "backups"; readonly access: ObjectAccess }
  | { readonly ok: true; readonly ask: "secrets"; readonly versionId: string; readonly data: string }
  | { readonly ok: true; readonly ask: "snapshotKey"; readonly key: string }
  | { readonly ok: false; readonly code: NodeAnswerCode; readonly message: string };

export type NodeAnswerCode =
  | "not_yours"
  | "master_key_unavailable"
  | "decrypt_failed"
  | "integrity_failed"
  | "no_secrets"
  | "object_store_unavailable"
  | "internal";

/** What a channel is for. The control plane asks for it, the agent dials back: nobody ever connects to a node. */
export type ChannelPurpose =
  | {
      readonly type: "exec";
      readonly execSessionId: string;
      readonly instanceId: string;
      readonly command: readonly string[];
      readonly tty: boolean;
      readonly columns?: number;
      readonly rows?: number;
    }
  | {
      readonly type: "logs";
      readonly instanceIds: readonly string[];
      readonly follow: boolean;
      readonly tailLines?: number;
      /** Epoch milliseconds. */
      readonly since?: number;
      readonly until?: number;
    };

/** One line of an instance's output, as a channel of purpose `logs` carries it: a JSON text message each; then the channel is closed. */
export interface ChannelLogLine {
  /** Epoch milliseconds. */
  readonly ts: number;
  readonly instanceId: string;
  readonly processType: string;
  readonly stream: "stdout" | "stderr" | "system";
  readonly line: string;
  readonly truncated?: boolean;
}

/** Frames of a channel of purpose `exec`: one byte of type, then the body (plfm exec specification). */
export const EXEC_FRAME = { stdin: 0x01, stdout: 0x02, stderr: 0x03, control: 0x10, exit: 0x11 } as const;

/** Body of a control frame, JSON. */
export type ExecControl =
  | { readonly type: "resize"; readonly columns: number; readonly rows: number }
  | { readonly type: "signal"; readonly signal: "INT" | "TERM" | "KILL" | "HUP" }
  | { readonly type: "close" };

/** Body of an exit frame, JSON. */
export interface ExecExitMessage {
  readonly type: "exit";
  readonly exit_code: number | null;
  readonly reason: ExecEndReason;
  readonly message?: string;
}

/** What a node says of itself when it registers. */
export interface NodeDescription {
  readonly labels: Readonly<Record<string, string>>;
  readonly allocatable: NodeAllocatable;
  readonly isolation: readonly IsolationClass[];
  readonly architecture: string;
  /** Why it cannot run instances at all; absent when it can. */
  readonly degraded?: string;
}
