/** What `openLink` is told and what it gives. */
import type {
  CatalogKind,
  ChangeStreamTransport,
  ControlPlaneId,
  DataPlaneId,
  DataPlaneStatus,
  EventId,
} from "#contracts";
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import type { Catalog, ControlPlane } from "./catalog.ts";
import type { LinkPhase } from "./machine-types.ts";

export interface LinkOptions {
  /** Holds `catalog.sqlite` and `sealing-keys.json`; created with mode 0700 where missing. */
  readonly directory: string;
  /** Shown to operators. */
  readonly dataPlaneName: string;
  /** The program's version. */
  readonly version: string;
  readonly transport: ChangeStreamTransport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Asked at each heartbeat. */
  readonly status: () => DataPlaneStatus;
  /** What the catalog is to hold; default everything. */
  readonly wants?: readonly CatalogKind[];
}

/** How the link is doing, for `status` and health checks. */
export interface LinkReport {
  readonly dataPlaneId: DataPlaneId;
  readonly phase: LinkPhase;
  readonly connected: boolean;
  /** The control plane whose decisions the catalog shows; undefined before the first snapshot. */
  readonly controlPlaneId: ControlPlaneId | undefined;
  readonly appliedThrough: EventId;
  /** Records in the catalog. */
  readonly records: number;
  /** Why the last connection ended. */
  readonly lastFailure: string | undefined;
}

export interface Link {
  readonly catalog: Catalog;
  readonly control: ControlPlane;
  readonly state: LinkReport;
  /**
   * Resolves when there is a catalog to serve from: at once when the disk has one, otherwise with the first snapshot. Rejects with
   * ControlPlaneUnavailable when the link is closed before, with DataPlaneRefused when the control plane has another data plane.
   */
  whenReady(): Promise<void>;
  /** Sends a heartbeat now, for a change of state that should show at once; nothing when no stream is open. */
  reportStatus(): void;
  /** Ends the stream; commands that wait reject with ControlPlaneUnavailable. Closing twice is harmless. */
  close(): void;
}
