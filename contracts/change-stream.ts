/**
 * The change stream: the one channel by which a data plane learns what to do. JSON text messages over the WebSocket endpoint
 * `/ws/data-plane` of the control plane, or the same messages in process.
 *
 * 1. The data plane sends `register` with the cursor it has on disk.
 * 2. The control plane answers `welcome`, then either `snapshot` parts (no cursor, another control plane's cursor, or a cursor that is
 *    too old) or `changes` after the cursor.
 * 3. `changes` follow as events are appended. `heartbeat` travels back, with the cursor up to which the catalog is on disk.
 * 4. A data plane may send `command`; `commandResult` answers it. Commands are the AWS control operations of its callers.
 */
import type { Command, CommandOrigin, CommandOutcome } from "./commands.ts";
import type { ControlPlaneId, DataPlaneId, EventId } from "./ids.ts";
import type { CatalogChange, CatalogKind, CatalogRecord } from "./records.ts";

export const CHANGE_STREAM_PATH = "/ws/data-plane";
export const CHANGE_STREAM_PROTOCOL = 1;

/** A message larger than this is refused by either side; a snapshot is cut into parts well below it. */
export const CHANGE_STREAM_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** Where a catalog stands. */
export interface ResumePoint {
  readonly controlPlaneId: ControlPlaneId;
  readonly cursor: EventId;
  /** The `run` of the welcome under which the cursor was reached: it tells a log that was put back from a backup from the one that the cursor is of. */
  readonly run?: string;
}

export type DataPlaneMessage =
  | {
      readonly type: "register";
      readonly protocol: number;
      readonly dataPlaneId: DataPlaneId;
      /** What kind of data plane this is; the control plane filters what it delivers by it. */
      readonly kind: "services";
      readonly name: string;
      readonly version: string;
      /** Where the catalog on disk stands, and whose events it was built from; null on a first start. */
      readonly resume: ResumePoint | null;
      readonly wants: readonly CatalogKind[];
    }
  | {
      readonly type: "heartbeat";
      readonly appliedThrough: EventId;
      readonly status: DataPlaneStatus;
    }
  | {
      readonly type: "command";
      readonly correlation: number;
      readonly command: Command;
      readonly origin: CommandOrigin;
    };

/** What a data plane says about itself in each heartbeat; kept in memory by the control plane, never an event. */
export interface DataPlaneStatus {
  readonly state: "starting" | "ready" | "draining";
  /** The AWS endpoint's URL. */
  readonly endpoint: string;
  readonly startedAt: number;
  readonly residentBytes: number;
}

export type ControlPlaneMessage =
  | {
      readonly type: "welcome";
      readonly protocol: number;
      readonly controlPlaneId: ControlPlaneId;
      /** Which run of the control plane speaks; another one after each start. */
      readonly run?: string;
      readonly head: EventId;
      readonly heartbeatMs: number;
      /** Key that opens sealed texts, 32 bytes in base64. Kept by the data plane in a file of mode 0600. */
      readonly sealingKey: string;
    }
  | {
      readonly type: "snapshot";
      readonly cursor: EventId;
      readonly records: readonly CatalogRecord[];
      /** True on the last part: only then does the data plane replace its catalog. */
      readonly last: boolean;
    }
  | {
      readonly type: "changes";
      /** All events in (after, through] are covered, also those that concern nothing this data plane wants. */
      readonly after: EventId;
      readonly through: EventId;
      readonly changes: readonly CatalogChange[];
    }
  | { readonly type: "commandResult"; readonly correlation: number; readonly outcome: CommandOutcome }
  | {
      readonly type: "refused";
      /** `AnotherDataPlane`: the cloud has one already, see `DataPlaneRecord`. */
      readonly code: "Unauthorized" | "ProtocolMismatch" | "BadMessage" | "AnotherDataPlane";
      readonly message: string;
    };

/**
 * One open change stream, seen from the data plane. The transport (WebSocket or in process) is behind it.
 */
export interface ChangeStreamConnection {
  send(message: DataPlaneMessage): void;
  close(): void;
}

/** Opens change streams. The link calls it again, with backoff, whenever a connection has ended. */
export interface ChangeStreamTransport {
  /**
   * @param handlers `onMessage` is called in order; `onClose` exactly once, also when the connection could not be made.
   */
  connect(handlers: {
    onOpen(connection: ChangeStreamConnection): void;
    onMessage(message: ControlPlaneMessage): void;
    onClose(reason: string): void;
  }): { cancel(): void };
}
