/** The words of a gateway's session: what can happen, what is to be done, and what it remembers. */
import type {
  ArtifactRefusal,
  DesiredArtifact,
  DisconnectReason,
  GatewayHealth,
  GatewayMessage,
  MessageToGateway,
  RegistrationFailure,
  ServedArtifact,
} from "#contracts";

export type Registration = Extract<GatewayMessage, { readonly type: "register" }>;

/** Timers of the machine; setting one again replaces it. */
export type SessionTimer =
  /** The gateway has to be registered before this. */
  | "register"
  /** Something has to be heard before this. */
  | "silence"
  /** The key is looked at again. */
  | "key";

export type SessionEvent =
  | { readonly type: "start" }
  | { readonly type: "message"; readonly message: GatewayMessage }
  /** What was received is no message. */
  | { readonly type: "malformed" }
  /** The answer to `admit`. */
  | { readonly type: "admitted"; readonly gatewayId: string }
  | {
      readonly type: "refused";
      readonly reason: RegistrationFailure;
      readonly message: string;
      readonly retry: boolean;
    }
  | { readonly type: "timer"; readonly timer: SessionTimer }
  /** The key was changed. */
  | { readonly type: "keyChanged" }
  /** What the gateway is to serve may be another now. */
  | { readonly type: "desired"; readonly desired: DesiredArtifact | undefined }
  /** A report could not be taken; it is to be made again. */
  | { readonly type: "reportFailed" }
  /** Somebody here ends the connection. */
  | {
      readonly type: "end";
      readonly reason: DisconnectReason;
      readonly message: string;
      readonly retry: boolean;
    }
  | { readonly type: "closed" };

/** Something to do, in the order given. */
export type SessionEffect =
  | { readonly type: "send"; readonly message: MessageToGateway }
  /** After what was sent. */
  | { readonly type: "close"; readonly reason: string }
  /** Looks at the key and notes the gateway. Answered by `admitted` or `refused`, exactly once. */
  | { readonly type: "admit"; readonly registration: Registration }
  /** It counts as connected from now on, in place of an older connection of the same gateway. */
  | { readonly type: "join"; readonly gatewayId: string; readonly servedDigest: string | null }
  /** It counts as connected no more. */
  | { readonly type: "leave" }
  | {
      readonly type: "heard";
      readonly servedDigest: string | null;
      readonly uptimeSeconds: number;
      readonly health: GatewayHealth;
      readonly refusal: ArtifactRefusal | undefined;
    }
  /** To be written down. */
  | {
      readonly type: "report";
      readonly served: ServedArtifact | null;
      readonly refusal: ArtifactRefusal | null;
    }
  | { readonly type: "setTimer"; readonly timer: SessionTimer; readonly delayMs: number }
  | { readonly type: "clearTimer"; readonly timer: SessionTimer };

/**
 * - `waiting`: for `register`
 * - `admitting`: the key is good, the gateway is being noted
 * - `registered`
 * - `ended`: nothing that comes later counts
 */
export type SessionPhase = "waiting" | "admitting" | "registered" | "ended";

/** What the machine may look at. */
export interface SessionSurroundings {
  /** How often the gateway is asked to say how it does; default `HEARTBEAT_SECS`. */
  readonly heartbeatSecs?: number | undefined;
  /** Epoch milliseconds. */
  now(): number;
  /** Why the key is good no more; asked of registered gateways. */
  keyProblem(): "unknown_key" | "expired_key" | "revoked_key" | undefined;
  /** When the key ends, epoch milliseconds; undefined: never. */
  keyValidUntil(): number | undefined;
  /** What the gateway is to serve. */
  desired(): DesiredArtifact | undefined;
}

/** Changed in place by `stepSession`; read by anyone. */
export interface SessionState {
  phase: SessionPhase;
  registration: Registration | undefined;
  gatewayId: string | undefined;
  /** What it was told last. */
  told: DesiredArtifact | undefined;
  /** What was last given to be written down. */
  reported: { readonly served: ServedArtifact | null; readonly refusal: ArtifactRefusal | null } | undefined;
  /** Of messages: how many may still come at once, and as of when. */
  allowance: number;
  allowanceAt: number;
}
