/**
 * What tests of recoveries begin and end with.
 */
import { expect } from "bun:test";
import { runDirector } from "../index.ts";
import { FakeCluster, type FakeClusterOptions, type FakeDirecting, isRunning } from "./fake-cluster.ts";

export type ClusterOptions = Omit<FakeClusterOptions, "director">;

export function cluster(options: ClusterOptions = {}): FakeCluster {
  return new FakeCluster({ director: runDirector, ...options });
}

/** A cluster that runs and has acknowledged something. */
export async function running(options?: ClusterOptions): Promise<{ world: FakeCluster; first: FakeDirecting }> {
  const world = cluster(options);
  const first = await world.recover();
  await world.writes(10);
  return { world, first };
}

/** It goes on in a new epoch, and has everything. */
export async function expectWhole(world: FakeCluster): Promise<void> {
  expect(isRunning(await world.recoverAtLast())).toBe(true);
  expect(await world.write()).toBe(true);
  await world.readAll();
  expect(world.violations).toEqual([]);
}
