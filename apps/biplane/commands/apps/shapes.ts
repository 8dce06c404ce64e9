/** What the control API says of applications, as far as commands look at it. */

export interface App {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly created_at: string;
}

export interface Env {
  readonly id: string;
  readonly name: string;
  readonly resource_version: number;
  readonly created_at: string;
}

export interface Release {
  readonly id: string;
  readonly number: number;
  readonly artifact: {
    readonly source: string;
    readonly digest: string;
    readonly reference?: string;
    readonly size_bytes: number;
  };
  readonly manifest: unknown;
  readonly manifest_hash: string;
  readonly message?: string;
  readonly created_at: string;
}

export interface Deploy {
  readonly id: string;
  readonly kind: string;
  readonly release_id: string;
  readonly process_types: readonly string[];
  readonly status: "queued" | "rolling" | "succeeded" | "failed" | "superseded";
  readonly message?: string;
  readonly failed_reason?: string;
  readonly created_at: string;
  readonly finished_at?: string;
}

export interface EnvStatus {
  readonly status: "healthy" | "degraded" | "failing" | "idle";
  readonly app: { readonly id: string; readonly name: string };
  readonly env: { readonly id: string; readonly name: string };
  readonly processes: readonly {
    readonly process_type: string;
    readonly release_id: string;
    readonly release_number: number | null;
    readonly desired: number;
    readonly ready: number;
    readonly live: number;
    readonly unschedulable: { readonly reason: string; readonly message: string } | null;
  }[];
  readonly routes: readonly {
    readonly id: string;
    readonly protocol: string;
    readonly url: string | null;
    readonly problem: string | null;
  }[];
  readonly last_deploy: Deploy | null;
}

export interface Instance {
  readonly id: string;
  readonly process_type: string;
  readonly node: string | null;
  readonly release_id: string;
  readonly desired_state: string;
  readonly status: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly exit_code?: number;
  readonly restarts: number;
  readonly created_at: string;
}

export interface RouteShape {
  readonly id: string;
  readonly protocol: string;
  readonly hostname?: string;
  readonly path?: string;
  readonly listen_port?: number;
  readonly process_type: string;
  readonly port: number;
  readonly proxy_protocol: string;
}

export interface LogLine {
  readonly ts: string;
  readonly instance_id: string;
  readonly process_type: string;
  readonly stream: "stdout" | "stderr" | "system";
  readonly line: string;
}

export interface Upload {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token: string;
}
