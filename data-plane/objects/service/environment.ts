/** What the S3 operations are given. */
import type { Catalog, ControlPlane } from "#data-plane/link";
import type { EventDestination } from "#data-plane/service";
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import type { EmbeddedEngine } from "../engine/index.ts";
import type { ObjectEngine } from "../engine/port.ts";

export interface ObjectsEnvironment {
  /** An engine that can name closed and filled buckets has interrupted deletions settled, and vanished buckets reported, at the start. */
  readonly engine: ObjectEngine & Partial<Pick<EmbeddedEngine, "closedBuckets" | "filledBuckets">>;
  readonly catalog: Catalog;
  readonly control: ControlPlane;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** What bucket notifications can go to; without it every destination is refused. They must take events until the service is closed. */
  readonly eventDestinations?: readonly EventDestination[];
}
