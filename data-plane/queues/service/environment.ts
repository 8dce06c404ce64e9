/** What the SQS operations are given. */
import type { Catalog, ControlPlane } from "#data-plane/link";
import type { SealingKey } from "#foundation/crypto";
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import type { QueueEngine } from "../engine/port.ts";

export interface QueuesEnvironment {
  readonly engine: QueueEngine;
  readonly catalog: Catalog;
  readonly control: ControlPlane;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Encrypts the messages of queues that ask for it; the data plane's own, kept as long as they are. */
  readonly messageKey: SealingKey;
}
