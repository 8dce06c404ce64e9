/** The words of the link's state machine: what can happen, what is to be done, and what it remembers. */
import type {
  CatalogChange,
  CatalogKind,
  CatalogRecord,
  Command,
  CommandOrigin,
  CommandOutcome,
  ControlPlaneId,
  ControlPlaneMessage,
  DataPlaneId,
  DataPlaneMessage,
  EventId,
} from "#contracts";

/** Timers of the machine; setting one again replaces it. */
export type LinkTimer =
  /** Opens the next connection. */
  | "retry"
  /** The connection has to be open, and then the welcome has to be there, before this. */
  | "handshake"
  | "heartbeat";

/** Something that happened. `connection` numbers connections; what an ended connection still reports is ignored. */
export type LinkEvent =
  | { readonly type: "start" }
  | { readonly type: "opened"; readonly connection: number }
  | { readonly type: "message"; readonly connection: number; readonly message: ControlPlaneMessage }
  | { readonly type: "closed"; readonly connection: number; readonly reason: string }
  | { readonly type: "timer"; readonly timer: LinkTimer }
  | {
      readonly type: "execute";
      readonly correlation: number;
      readonly command: Command;
      readonly origin: CommandOrigin;
    }
  | { readonly type: "commandTimeout"; readonly correlation: number }
  /** The catalog on disk and in memory stands where an `apply` or `replace` of this machine left it. */
  | {
      readonly type: "applied";
      readonly controlPlaneId: ControlPlaneId;
      readonly through: EventId;
      readonly run?: string | undefined;
    }
  /** An `apply` or `replace` failed; it and all that were asked for after it were dropped. */
  | { readonly type: "applyFailed"; readonly reason: string }
  | { readonly type: "stop" };

/** Something to do, in the order given. */
export type LinkEffect =
  | { readonly type: "connect"; readonly connection: number }
  /** Ends the connection, also one that is still being opened. */
  | { readonly type: "disconnect"; readonly connection: number }
  | { readonly type: "send"; readonly message: DataPlaneMessage }
  /** `status` is filled in by the shell, which knows it. */
  | { readonly type: "heartbeat"; readonly appliedThrough: EventId }
  | { readonly type: "setTimer"; readonly timer: LinkTimer; readonly delayMs: number }
  | { readonly type: "clearTimer"; readonly timer: LinkTimer }
  /** To be on disk BEFORE any `replace` that follows: the records of that snapshot open with it. */
  | { readonly type: "keepSealingKey"; readonly controlPlaneId: ControlPlaneId; readonly sealingKey: string }
  /** Changes the catalog, on disk and then in memory, in the order asked for, and answers `applied` or `applyFailed`. */
  | {
      readonly type: "apply";
      readonly controlPlaneId: ControlPlaneId;
      readonly through: EventId;
      readonly run: string | undefined;
      readonly changes: readonly CatalogChange[];
    }
  /** Replaces the whole catalog; as `apply` otherwise. */
  | {
      readonly type: "replace";
      readonly controlPlaneId: ControlPlaneId;
      readonly cursor: EventId;
      readonly run: string | undefined;
      readonly records: readonly CatalogRecord[];
    }
  | { readonly type: "setCommandTimeout"; readonly correlation: number; readonly delayMs: number }
  /** The caller of `execute` gets this outcome; its timeout is cleared. */
  | { readonly type: "settle"; readonly correlation: number; readonly outcome: CommandOutcome }
  /** The caller of `execute` gets ControlPlaneUnavailable; its timeout is cleared. */
  | { readonly type: "fail"; readonly correlation: number; readonly reason: string }
  /** The cloud has another data plane: without a catalog on disk there is nothing to wait for. */
  | { readonly type: "notLetIn"; readonly message: string }
  | {
      readonly type: "log";
      readonly level: "info" | "warn" | "error";
      readonly message: string;
      readonly reason?: string;
    };

/** Where a command stands: sent, or decided and waiting for the catalog to show the decision. */
export type PendingCommand =
  | { readonly stage: "asked" }
  | {
      readonly stage: "decided";
      readonly controlPlaneId: ControlPlaneId;
      readonly eventId: EventId;
      readonly outcome: CommandOutcome;
    };

/**
 * - `waiting`: for the retry timer
 * - `connecting`: the transport is opening a connection
 * - `registering`: register was sent, the welcome is awaited
 * - `streaming`: welcomed; commands may be sent
 */
export type LinkPhase = "waiting" | "connecting" | "registering" | "streaming" | "stopped";

/** Where a catalog stands: whose events, how far. */
export interface CatalogPosition {
  readonly controlPlaneId: ControlPlaneId;
  readonly cursor: EventId;
  /** The run of the control plane that told the last of it; undefined for one that does not name its runs. */
  readonly run?: string | undefined;
  /** False when it can be served but not continued (other kinds are wanted now, or the log went backwards): a snapshot is due. */
  readonly resumable: boolean;
}

/** What the machine may draw from. */
export interface LinkChance {
  /** Uniform in [0, 1). */
  float(): number;
}

/** Fixed for the life of a machine. */
export interface LinkIdentity {
  readonly dataPlaneId: DataPlaneId;
  readonly name: string;
  readonly version: string;
  readonly wants: readonly CatalogKind[];
}

/** Changed in place by `step`; read by anyone. */
export interface LinkState {
  readonly identity: LinkIdentity;
  phase: LinkPhase;
  /** Number of the current or last connection. */
  connection: number;
  /** Connections in a row that ended before they proved useful. */
  failures: number;
  /** The catalog on disk; undefined before the first snapshot. */
  applied: CatalogPosition | undefined;
  /** The position after everything that was asked to be applied; what the next `changes` must follow on. */
  received: CatalogPosition | undefined;
  /** The control plane of the current connection, from its welcome. */
  peer: ControlPlaneId | undefined;
  /** The run of the peer, from its welcome. */
  peerRun: string | undefined;
  heartbeatMs: number;
  /** The next heartbeat has been moved forward, because there is news to report. */
  heartbeatSoon: boolean;
  /** What this connection has delivered so far. */
  delivery: "nothing" | "snapshot" | "changes";
  snapshotCursor: EventId;
  snapshotRecords: CatalogRecord[];
  readonly pending: Map<number, PendingCommand>;
  /** Last reason for which a connection ended. */
  lastFailure: string | undefined;
}
