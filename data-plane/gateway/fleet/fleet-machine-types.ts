/** The words of the fleet link's state machine: what can happen, what is to be done, and what it remembers. */
import type { ArtifactRefusal, DesiredArtifact, MessageToGateway } from "#contracts";

/** Timers of the machine; setting one again replaces it. */
export type FleetTimer =
  /** Opens the next connection. */
  | "retry"
  /** The connection has to be open, and then registered, before this. */
  | "handshake"
  | "heartbeat"
  /** Tries the desired artifact again. */
  | "again";

/** An artifact to be fetched. */
export interface WantedArtifact extends DesiredArtifact {
  /** Below the control plane's URL; undefined where none was told, then it is the usual one of its id. */
  readonly downloadPath: string | undefined;
}

/** Something that happened. `connection` and `download` number what they name; what an ended one still reports is ignored. */
export type FleetEvent =
  | { readonly type: "start" }
  | { readonly type: "opened"; readonly connection: number }
  | { readonly type: "message"; readonly connection: number; readonly message: MessageToGateway }
  | { readonly type: "closed"; readonly connection: number; readonly reason: string }
  | { readonly type: "timer"; readonly timer: FleetTimer }
  /** The bytes are here and are a whole artifact, with this digest; the shell keeps them for `apply` or `drop`. */
  | { readonly type: "downloaded"; readonly download: number; readonly digest: string }
  /** It ended without one, also after `cancelDownload`. `stage` says whether bytes came: then trying again soon changes nothing. */
  | {
      readonly type: "downloadFailed";
      readonly download: number;
      readonly stage: "download" | "verify";
      readonly reason: string;
    }
  /** The gateway has taken what `apply` gave it. */
  | { readonly type: "applied"; readonly download: number }
  | { readonly type: "applyFailed"; readonly download: number; readonly reason: string }
  | { readonly type: "stop" };

/** Something to do, in the order given. */
export type FleetEffect =
  | { readonly type: "connect"; readonly connection: number }
  /** Ends the connection, also one that is still being opened. */
  | { readonly type: "disconnect"; readonly connection: number }
  /** The shell fills in who this is, the key, and what is served. */
  | { readonly type: "register" }
  /** The shell fills in what is served, and how the gateway does. */
  | { readonly type: "heartbeat"; readonly lastRefusal: ArtifactRefusal | undefined }
  | {
      readonly type: "reportApplied";
      readonly generation: number;
      /** Undefined: it is served. */
      readonly error: string | undefined;
    }
  | { readonly type: "setTimer"; readonly timer: FleetTimer; readonly delayMs: number }
  | { readonly type: "clearTimer"; readonly timer: FleetTimer }
  /** Answered by `downloaded` or `downloadFailed`, exactly once. Never a second one before that. */
  | { readonly type: "download"; readonly download: number; readonly artifact: WantedArtifact }
  /** It is not wanted any more; still to be answered. */
  | { readonly type: "cancelDownload"; readonly download: number }
  /** Uses what was downloaded, and keeps it for the next start. Answered by `applied` or `applyFailed`, exactly once. */
  | { readonly type: "apply"; readonly download: number }
  /** Forgets what was downloaded. */
  | { readonly type: "drop"; readonly download: number }
  | {
      readonly type: "log";
      readonly level: "info" | "warn" | "error";
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    };

/**
 * - `waiting`: for the retry timer
 * - `connecting`: the transport is opening a connection
 * - `registering`: the key was shown, the answer is awaited
 * - `registered`: heartbeats are sent and answered
 * - `stopped`: for good, by us or because the control plane will never let this gateway in. What is served is served on.
 */
export type FleetPhase = "waiting" | "connecting" | "registering" | "registered" | "stopped";

/** The one download or application that is going on. */
export interface FleetWork {
  readonly download: number;
  /** The artifact on its way. Its generation moves on when a newer one wants the same digest. */
  target: WantedArtifact;
  stage: "downloading" | "cancelled" | "applying";
}

/** What the machine may look at and draw from. */
export interface FleetSurroundings {
  /** Uniform in [0, 1). */
  float(): number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Digest of what the gateway serves at this moment; null for nothing. */
  served(): string | null;
}

/** Changed in place by `step`; read by anyone. */
export interface FleetState {
  phase: FleetPhase;
  /** Number of the current or last connection. */
  connection: number;
  /** Number of the current or last download. */
  download: number;
  /** Connections in a row that ended before a heartbeat was answered. */
  failures: number;
  /** Given by the control plane at the last registration. */
  dataPlaneId: string | undefined;
  heartbeatMs: number;
  /** Heartbeats in a row that were not answered. */
  unanswered: number;
  /** The greatest generation ever told. */
  desired: WantedArtifact | undefined;
  /** The generation of which it was said that it is served. */
  reported: number | undefined;
  work: FleetWork | undefined;
  /** Downloads of the desired generation in a row that failed. */
  downloadFailures: number;
  /** The `again` timer runs: the desired artifact is not to be tried before. */
  holding: boolean;
  lastRefusal: ArtifactRefusal | undefined;
  /** Last reason for which a connection ended. */
  lastFailure: string | undefined;
}
