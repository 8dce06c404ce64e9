/** What the operations on tables are given. */
import type { Catalog, ControlPlane } from "#data-plane/link";
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import type { TableEngine } from "../engine/port.ts";

export interface TablesEnvironment {
  readonly engine: TableEngine;
  readonly catalog: Catalog;
  readonly control: ControlPlane;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /**
   * Tables and indexes with provisioned throughput refuse what exceeds it, with five minutes of burst, as on AWS. Off unless said otherwise: on one's own
   * machine the capacity that a table was given is a number in a template.
   */
  readonly throttling?: boolean;
}
