/** What the routes work on. */
import type { Clock, Timers } from "#foundation/runtime";
import type { HealthRegistry, Logger, MetricsRegistry } from "#foundation/telemetry";
import type { ControlPlaneCore } from "./core.ts";
import type { DataPlaneRegistry } from "./data-plane-registry.ts";

export interface ApiEnvironment {
  readonly core: ControlPlaneCore;
  readonly registry: DataPlaneRegistry;
  readonly health: HealthRegistry;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The program's version. */
  readonly version: string;
  readonly startedAt: number;
  /** Aborted when the API closes: long answers end then. */
  readonly closing: AbortSignal;
  /** Followers of the event log now. */
  followers: number;
}
