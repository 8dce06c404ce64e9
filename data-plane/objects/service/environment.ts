/** What the S3 operations are given. */
import type { Catalog, ControlPlane } from "#data-plane/link";
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import type { ObjectEngine } from "../engine/port.ts";

export interface ObjectsEnvironment {
  readonly engine: ObjectEngine;
  readonly catalog: Catalog;
  readonly control: ControlPlane;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}
