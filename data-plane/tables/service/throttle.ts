/**
 * Provisioned throughput that is enforced: a bucket of units for reads and one for writes, for each table and each global index
 * (Developer Guide, "Burst and adaptive capacity").
 *
 * As on AWS, a request is let in while anything is left and is charged what it turned out to consume, so that a bucket may go below zero.
 */

import { throughputExceeded } from "../errors.ts";
import type { ConsumedUnits } from "../rules/capacity.ts";
import { settingsOf } from "../rules/settings.ts";
import type { TablesEnvironment } from "./environment.ts";
import type { TableView } from "./table-view.ts";

/** Unused capacity of the last five minutes can be used up at once. */
const BURST_SECONDS = 300;

type Direction = "read" | "write";

export interface Throttle {
  /**
   * @param index the global index that is read; writes look at the table and all its global indexes
   * @throws AwsError ProvisionedThroughputExceededException
   */
  admit(view: TableView, direction: Direction, index?: string): void;
  charge(view: TableView, direction: Direction, consumed: ConsumedUnits): void;
}

interface Bucket {
  unitsPerSecond: number;
  left: number;
  /** Milliseconds of the monotonic clock. */
  filledAt: number;
}

export function createThrottle({ clock }: Pick<TablesEnvironment, "clock">): Throttle {
  const buckets = new Map<string, Bucket>();

  const bucketOf = (view: TableView, direction: Direction, index: string | undefined): Bucket | undefined => {
    const unitsPerSecond = limitOf(view, direction, index);
    if (unitsPerSecond === undefined) return undefined;
    const key = `${view.record.resourceId}/${index ?? ""}/${direction}`;
    const now = clock.monotonicMs();
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = { unitsPerSecond, left: unitsPerSecond * BURST_SECONDS, filledAt: now };
      buckets.set(key, bucket);
      return bucket;
    }
    const refilled = bucket.left + ((now - bucket.filledAt) / 1000) * bucket.unitsPerSecond;
    bucket.unitsPerSecond = unitsPerSecond;
    bucket.left = Math.min(refilled, unitsPerSecond * BURST_SECONDS);
    bucket.filledAt = now;
    return bucket;
  };

  const expectLeft = (view: TableView, direction: Direction, index: string | undefined): void => {
    const bucket = bucketOf(view, direction, index);
    if (bucket === undefined || bucket.left > 0) return;
    throw throughputExceeded(index === undefined ? "table" : "index");
  };

  return {
    admit(view, direction, index) {
      if (direction === "read") return expectLeft(view, direction, index);
      expectLeft(view, direction, undefined);
      for (const { name } of view.definition.globalIndexes) expectLeft(view, direction, name);
    },
    charge(view, direction, consumed) {
      const take = (index: string | undefined, units: number): void => {
        const bucket = units > 0 ? bucketOf(view, direction, index) : undefined;
        if (bucket !== undefined) bucket.left -= units;
      };
      const globals = view.definition.globalIndexes.map(({ name }) => name);
      let elsewhere = 0;
      for (const name of globals) {
        const units = consumed.indexUnits(name);
        elsewhere += units;
        take(name, units);
      }
      // Local indexes live off the table's throughput.
      take(undefined, consumed.total - elsewhere);
    },
  };
}

/** Units a second; undefined where there is no limit. */
function limitOf(view: TableView, direction: Direction, index: string | undefined): number | undefined {
  const { billing, globalIndexes = [] } = view.record.sections;
  if (index === undefined) {
    if (view.provisioned) return billing?.throughput?.[direction];
    return direction === "read" ? billing?.maxReadRequestUnits : billing?.maxWriteRequestUnits;
  }
  if (view.provisioned) return globalIndexes.find(({ name }) => name === index)?.throughput?.[direction];
  const kept = settingsOf(view.record).indexes?.[index];
  return direction === "read" ? kept?.maxReadRequestUnits : kept?.maxWriteRequestUnits;
}
