/**
 * The manifest in its normal form: every default filled in, sizes and ports in one spelling, sets in one order.
 *
 * Names are those of the file, because the normal form is itself a manifest: it is what the API takes and gives as JSON. `processSpec` turns one
 * process of it into what somebody who runs processes wants to know.
 */

/** How strongly instances are kept apart; a process may ask for at least this much. */
export const ISOLATION_CLASSES = ["process", "container", "microvm"] as const;
export type IsolationClass = (typeof ISOLATION_CLASSES)[number];

/** Variables by name. */
export type ManifestVars = Readonly<Record<string, string>>;
/** A program and its arguments. No shell is involved. */
export type ManifestCommand = readonly string[];

export interface Manifest {
  readonly schema_version: "v1";
  readonly app: { readonly name: string; readonly description?: string };
  /** An image that exists. Absent: what is deployed is a directory, or an image named by the caller. */
  readonly image?: { readonly ref: string; readonly pull_policy: "if_not_present" | "always" };
  /** How a release is made of a directory. Never together with `image`. */
  readonly build?: { readonly directory: string; readonly command?: ManifestCommand };
  /** What all processes share. */
  readonly env: ManifestEnv;
  /** At least one. */
  readonly processes: Readonly<Record<string, ManifestProcess>>;
  /** By name. */
  readonly volumes: readonly ManifestVolume[];
  readonly endpoints: readonly ManifestEndpoint[];
}

export interface ManifestEnv {
  readonly vars: ManifestVars;
  readonly workdir?: string;
  readonly user?: string;
  readonly prestart: readonly ManifestCommand[];
  readonly prestart_timeout_seconds: number;
}

export interface ManifestProcess {
  readonly command: ManifestCommand;
  readonly workdir?: string;
  readonly user?: string;
  readonly vars: ManifestVars;
  readonly prestart: readonly ManifestCommand[];
  /** Absent: that of `env`. */
  readonly prestart_timeout_seconds?: number;
  readonly isolation?: IsolationClass;
  readonly restart: ManifestRestart;
  readonly resources: ManifestResources;
  readonly scaling: ManifestScaling;
  /** In the order of the file: the first one is told to the program as `PORT`. */
  readonly ports: readonly ManifestPort[];
  readonly health?: ManifestHealth;
  /** By path. */
  readonly mounts: readonly ManifestMount[];
  readonly secrets: { readonly required: boolean };
}

export interface ManifestRestart {
  readonly policy: "always" | "on-failure" | "never";
  /** With `on-failure` only. */
  readonly max_retries?: number;
  readonly backoff_seconds: number;
}

export interface ManifestResources {
  /** `256Mi`, `2Gi`: a hard cap. */
  readonly memory: string;
  /** Processors: a share under load, not a cap. */
  readonly cpu: number;
  /** `4Gi`: what goes away with the instance. */
  readonly disk: string;
}

export interface ManifestScaling {
  readonly min: number;
  readonly max: number;
}

export interface ManifestPort {
  readonly internal: number;
  /** Unique in its process. */
  readonly name: string;
  readonly protocol: "tcp";
}

export interface ManifestHealth {
  readonly type: "tcp" | "http";
  /** The number of a declared port, also when the file names it. */
  readonly port: number;
  /** With `http` only. */
  readonly path?: string;
  readonly interval_seconds: number;
  readonly timeout_seconds: number;
  readonly grace_period_seconds: number;
  readonly success_threshold: number;
  readonly failure_threshold: number;
}

export interface ManifestMount {
  /** Name of a declared volume. */
  readonly volume: string;
  readonly path: string;
  readonly read_only: boolean;
}

export interface ManifestVolume {
  readonly name: string;
  readonly size: string;
  readonly filesystem: "ext4";
  readonly backup_enabled: boolean;
}

export interface ManifestEndpoint {
  readonly process: string;
  /** The number of a declared port, also when the file names it. */
  readonly port: number;
  readonly protocol: "http" | "tls_passthrough" | "tcp_raw";
  /** Exact, in lower case. Absent with `tcp_raw` only. */
  readonly hostname?: string;
  /** What the path begins with; with `http` only. */
  readonly path?: string;
  /** With `tcp_raw` only. */
  readonly listen_port?: number;
  /** Whether connections begin with a PROXY header of version 2; never with `http`. */
  readonly proxy_protocol: "off" | "v2";
}
