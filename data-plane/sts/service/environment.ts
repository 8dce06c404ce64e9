/** What the STS operations are given. */
import type { Catalog } from "#data-plane/link";
import type { Clock, Random, Timers } from "#foundation/runtime";

export interface StsEnvironment {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}
