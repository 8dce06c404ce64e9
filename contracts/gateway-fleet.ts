/**
 * What a gateway in connected mode and its control plane say to each other: JSON text messages over a WebSocket at `/ws/data-plane`.
 *
 * 1. The gateway dials, shows its API key as a bearer token and in `register`, and is answered `registered` or `registration_failed`.
 * 2. It sends `heartbeat`, at once and then every `heartbeat_interval_secs`. Every `heartbeat_ack` says which artifact is desired.
 * 3. `artifact_available` says the same a little sooner. It may be lost, doubled or late: nothing depends on it.
 * 4. The gateway pulls the artifact over HTTP with the same key, verifies and uses it, and tells the outcome by `artifact_applied`. What is lost of
 *    that is in the next heartbeat.
 *
 * Members are written with underscores, as in the protocol that this one continues. Members and types that a reader does not know are ignored.
 */

export const GATEWAY_FLEET_PROTOCOL = 1;

/** Below the control plane's URL, behind its path if it has one. */
export const GATEWAY_FLEET_PATH = "/ws/data-plane";

/** A message larger than this is refused by either side. The longest hold a few texts for people. */
export const GATEWAY_FLEET_MESSAGE_BYTES_MAX = 64 * 1024;

/** An artifact as a control plane wants it served. */
export interface DesiredArtifact {
  readonly artifact_id: string;
  /** `sha256:…` over everything in it, as the artifact itself says and proves. */
  readonly digest: string;
  /**
   * Grows with every decision about what is to be served, within a project, also when the decision is to go back to an older artifact. Of two generations
   * the greater counts, whatever came last.
   */
  readonly generation: number;
}

/** How a gateway does. Totals are since its start. */
export interface GatewayHealth {
  readonly requests_total: number;
  /** Answered with a status of 500 or above. */
  readonly errors_total: number;
  /** From the head of a request to the end of its answer, of the last one to two minutes; null where nothing was answered in them. */
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly memory_bytes: number;
  /** The latest that a timer fired in the last one to two minutes. */
  readonly event_loop_lag_ms: number;
}

/** Why the desired artifact is not served. Gone once it is. */
export interface ArtifactRefusal {
  readonly generation: number;
  readonly digest: string;
  /**
   * - `download`: it could not be fetched; the gateway keeps trying
   * - `verify`: what was fetched is no artifact, too large, or another than it should be
   * - `apply`: the gateway would not use it
   */
  readonly stage: "download" | "verify" | "apply";
  readonly reason: string;
  /** Milliseconds since 1970, by the gateway's clock. */
  readonly at_ms: number;
}

export type GatewayMessage =
  | {
      readonly type: "register";
      readonly protocol: number;
      readonly project_id: string;
      readonly api_key: string;
      /** For people. */
      readonly name?: string;
      /** Which group of its project it is in, by name. Absent: that of its key, or where people have put it. */
      readonly group?: string;
      /** The same for every connection of one gateway, also after it was started anew. */
      readonly instance_id: string;
      /** What it serves; null for nothing yet. */
      readonly artifact_digest: string | null;
      readonly metadata: { readonly version: string; readonly hostname: string };
    }
  | {
      readonly type: "heartbeat";
      readonly artifact_digest: string | null;
      /** Since the gateway was started, not since it was connected. */
      readonly uptime_secs: number;
      readonly health: GatewayHealth;
      readonly last_refusal?: ArtifactRefusal;
    }
  /** Said when a generation is served, or when it will not be for now. */
  | {
      readonly type: "artifact_applied";
      readonly generation: number;
      readonly success: boolean;
      /** Why not. */
      readonly error?: string;
    };

export type MessageToGateway =
  | {
      readonly type: "registered";
      readonly data_plane_id: string;
      readonly heartbeat_interval_secs: number;
    }
  /** The connection ends with it. */
  | {
      readonly type: "registration_failed";
      readonly reason: RegistrationFailure;
      /** For people. */
      readonly message?: string;
      /** False: asking again would change nothing, and the gateway stops asking. It serves on. */
      readonly retry: boolean;
    }
  /** `desired` is absent while nothing was ever deployed. */
  | { readonly type: "heartbeat_ack"; readonly desired?: DesiredArtifact }
  | ({
      readonly type: "artifact_available";
      /** Below the control plane's URL: `/v1/artifacts/…/download`, which is also where an artifact is that no path was told of. Never another host's: the key goes with the request. */
      readonly download_path: string;
    } & DesiredArtifact)
  /** The connection ends with it. `retry` as in `registration_failed`. */
  | {
      readonly type: "disconnect";
      readonly reason: DisconnectReason;
      readonly message?: string;
      readonly retry: boolean;
    };

/** What the protocol knows; a gateway decides by `retry` alone, and shows reasons that it does not know as they are. */
export type RegistrationFailure =
  | "unknown_key"
  | "expired_key"
  | "revoked_key"
  | "wrong_project"
  | "missing_scope"
  | "protocol_mismatch"
  | "bad_message"
  | "too_many_gateways"
  | "unavailable"
  | (string & {});

export type DisconnectReason =
  | "expired_key"
  | "revoked_key"
  | "removed"
  | "replaced"
  | "bad_message"
  | "shutting_down"
  | (string & {});
