/** Nodes, and the instances that run on them. */
import type { Dated } from "./applications.ts";
import type { AccountId } from "./ids.ts";
import type { IsolationClass } from "./manifest.ts";

/** What the operator wants of a node. */
export type NodeIntent =
  | "active"
  /** Nothing new; what can move moves. */
  | "draining"
  /** Nothing new; everything without volumes is taken away at once. */
  | "disabled";

/** What the control plane sees of it. */
export type NodeHealth =
  | "online"
  /** Connected, and says itself that it cannot run instances. */
  | "degraded"
  /** Not heard of for a minute. */
  | "offline";

/** What a node has for instances: physical less what is reserved for the host. */
export interface NodeAllocatable {
  readonly memoryBytes: number;
  readonly cpuCores: number;
  readonly diskBytes: number;
}

export interface NodeRecord extends Dated {
  readonly kind: "node";
  /** `nod_…`, chosen by the node at its first start. */
  readonly nodeId: string;
  readonly name: string;
  /** SHA-256 of the node's own key, hex: nobody else registers under its id. */
  readonly keyHash: string;
  readonly intent: NodeIntent;
  readonly health: NodeHealth;
  readonly healthReason?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly allocatable: NodeAllocatable;
  /** What it offers, measured; strongest last. */
  readonly isolation: readonly IsolationClass[];
  readonly version: string;
  readonly architecture: string;
}

export const INSTANCE_STATUSES = [
  "pending",
  "preparing",
  "starting",
  "ready",
  "unready",
  "draining",
  "stopped",
  "failed",
] as const;
export type InstanceStatusName = (typeof INSTANCE_STATUSES)[number];

export const INSTANCE_REASONS = [
  "image_pull_failed",
  "image_too_large",
  "image_pull_timeout",
  "image_layer_invalid",
  "rootfs_build_failed",
  "start_failed",
  "network_setup_failed",
  "volume_attach_failed",
  "secrets_missing",
  "secrets_injection_failed",
  "healthcheck_failed",
  "prestart_failed",
  "oom_killed",
  "exited",
  "crash_loop_backoff",
  "terminated_by_operator",
  "node_draining",
  "node_lost",
  "runtime_unavailable",
] as const;
export type InstanceReason = (typeof INSTANCE_REASONS)[number];

export interface InstanceMount {
  readonly volumeId: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
}

/** Where an instance is reached: `ports` from the declared `internal` number to the one that listens. */
export interface InstanceAddress {
  readonly host: string;
  readonly ports: Readonly<Record<string, number>>;
}

export interface InstanceRecord extends Dated {
  readonly kind: "instance";
  /** `ins_…` */
  readonly instanceId: string;
  readonly accountId: AccountId;
  readonly appId: string;
  readonly envId: string;
  readonly processType: string;
  readonly nodeId: string;
  readonly releaseId: string;
  readonly deployId: string;
  readonly secretsVersionId?: string;
  /** Of everything that an instance cannot change while it runs; see `control-plane/scheduler`. Hex. */
  readonly specHash: string;
  readonly memoryBytes: number;
  readonly cpuMillis: number;
  readonly diskBytes: number;
  readonly mounts: readonly InstanceMount[];
  readonly desiredState: "running" | "draining" | "stopped";
  readonly drainGraceSeconds?: number;
  /** When it was told to drain, and why. */
  readonly drainingSince?: number;
  readonly drainReason?: string;
  /** What its node said last; `stopped` and `failed` are final. */
  readonly status: InstanceStatusName;
  readonly address?: InstanceAddress;
  readonly reason?: InstanceReason;
  readonly detail?: string;
  readonly exitCode?: number;
  /** How often it was started again. */
  readonly restarts: number;
  readonly readySince?: number;
  readonly endedAt?: number;
}

export interface ExecSessionRecord extends Dated {
  readonly kind: "execSession";
  /** `exs_…` */
  readonly execSessionId: string;
  readonly accountId: AccountId;
  readonly appId: string;
  readonly envId: string;
  readonly instanceId: string;
  readonly nodeId: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  /** SHA-256 of the token that connects it, hex: good once, for a minute. */
  readonly tokenHash: string;
  readonly expiresAt: number;
  readonly status: "granted" | "connected" | "ended";
  readonly connectedAt?: number;
  readonly endedAt?: number;
  readonly exitCode?: number;
  readonly endReason?: ExecEndReason;
}

export const EXEC_END_REASONS = [
  "exited",
  "killed",
  "timeout",
  "connect_timeout",
  "client_disconnect",
  "operator_revoked",
  "node_lost",
] as const;
export type ExecEndReason = (typeof EXEC_END_REASONS)[number];

/** A restore of a backup of the control plane that was tried, and how it went. */
export interface DrillRecord extends Dated {
  readonly kind: "drill";
  /** `drl_…` */
  readonly drillId: string;
  /** Name of the backup. */
  readonly backup: string;
  readonly passed: boolean;
  readonly detail: string;
  /** Events of the restored log. */
  readonly events: number;
}

export type NodeCommand =
  /** A node registers: it becomes known the first time, and says what it has each time. */
  | {
      readonly type: "node.enroll";
      readonly nodeId: string;
      readonly name: string;
      readonly keyHash: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly allocatable: NodeAllocatable;
      readonly isolation: readonly IsolationClass[];
      readonly version: string;
      readonly architecture: string;
    }
  | {
      readonly type: "node.setIntent";
      readonly nodeId: string;
      readonly intent: NodeIntent;
      readonly expectedVersion?: number;
    }
  /** From the control plane's own watch over heartbeats. */
  | {
      readonly type: "node.observe";
      readonly nodeId: string;
      readonly health: NodeHealth;
      readonly reason?: string;
    }
  /** Refused while it has instances or volumes. */
  | { readonly type: "node.remove"; readonly nodeId: string }
  /** What a node says of one of its instances. Saying the same again changes nothing. */
  | {
      readonly type: "instance.report";
      readonly nodeId: string;
      readonly instanceId: string;
      readonly status: Exclude<InstanceStatusName, "pending">;
      readonly address?: InstanceAddress;
      readonly reason?: InstanceReason;
      readonly detail?: string;
      readonly exitCode?: number;
      readonly restarts: number;
    }
  /** The operator takes one away; the scheduler puts another one in its place. */
  | { readonly type: "instance.restart"; readonly accountId: AccountId; readonly instanceId: string }
  | {
      readonly type: "execSession.grant";
      readonly accountId: AccountId;
      readonly envId: string;
      readonly instanceId: string;
      readonly command: readonly string[];
      readonly tty: boolean;
    }
  | { readonly type: "execSession.connect"; readonly execSessionId: string }
  | {
      readonly type: "execSession.end";
      readonly execSessionId: string;
      readonly exitCode?: number;
      readonly endReason: ExecEndReason;
    }
  | {
      readonly type: "drill.record";
      readonly backup: string;
      readonly passed: boolean;
      readonly detail: string;
      readonly events: number;
    };

export interface NodeCommandResults {
  "node.enroll": Record<string, never>;
  "node.setIntent": Record<string, never>;
  "node.observe": Record<string, never>;
  "node.remove": Record<string, never>;
  "instance.report": Record<string, never>;
  "instance.restart": Record<string, never>;
  /** The only time the token is shown. */
  "execSession.grant": { readonly execSessionId: string; readonly token: string; readonly expiresAt: number };
  "execSession.connect": Record<string, never>;
  "execSession.end": Record<string, never>;
  "drill.record": { readonly drillId: string };
}
