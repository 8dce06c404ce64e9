/** Answers of the API about fleets, as far as commands read them. */
import type { BuildDiagnostic } from "#contracts";

interface Record {
  readonly id: string;
  readonly created_at: string;
}

export interface Key extends Record {
  readonly name: string;
  readonly prefix: string;
  readonly group_id?: string;
  readonly expires_at?: string;
  readonly revoked_at?: string;
}

export interface NewKey extends Key {
  readonly key: string;
}

export interface Spec extends Record {
  readonly name: string;
  readonly latest_revision: { readonly revision_id: string; readonly number: number };
}

export interface Build extends Record {
  readonly status: "queued" | "succeeded" | "failed";
  readonly revisions: readonly { readonly spec_name: string; readonly number: number }[];
  readonly artifact_id?: string;
  readonly diagnostics?: readonly BuildDiagnostic[];
  readonly errors?: number;
  readonly warnings?: number;
  readonly message?: string;
}

export interface Artifact extends Record {
  readonly digest: string;
  readonly size_bytes: number;
  readonly operations: number;
  readonly origin: "build" | "upload";
  readonly uploaded_by?: string;
  readonly signatures?: readonly { readonly key_id: string; readonly verified: boolean }[];
  readonly revisions: readonly { readonly spec_name: string; readonly number: number }[];
}

export interface TrustedKey extends Record {
  readonly name: string;
  readonly key_id: string;
  readonly updated_at: string;
}

export interface Group extends Record {
  readonly name: string;
}

export interface DataPlane extends Record {
  readonly name?: string;
  readonly group_id?: string;
  readonly status: "online" | "deploying" | "offline";
  readonly last_seen: string | null;
  readonly artifact_id: string | null;
  readonly artifact_digest: string | null;
  readonly desired: { readonly artifact_id: string; readonly digest: string; readonly generation: number } | null;
  readonly drift: boolean;
  readonly health?: {
    readonly requests_total: number;
    readonly errors_total: number;
    readonly p99_ms: number | null;
  };
  readonly refusal?: { readonly stage: string; readonly reason: string };
}

export interface Stage {
  readonly percent?: number;
  readonly groups?: readonly string[];
  readonly bake_seconds: number;
}

export interface Deployment extends Record {
  readonly deployment_kind: "deploy" | "rollback";
  readonly artifact_id: string;
  readonly digest: string;
  readonly generation: number;
  readonly current: boolean;
  readonly status: "rolling" | "halted" | "completed" | "rolled_back" | "superseded";
  readonly stage: number;
  readonly strategy: { readonly stages: readonly Stage[] };
  readonly reason?: string;
}

/** `orders 3, users 1` */
export const revisionsText = (revisions: Artifact["revisions"]): string =>
  revisions.map(({ spec_name: name, number }) => `${name} ${number}`).join(", ");
