/**
 * Whole clusters in one process: virtual time, a seeded scheduler, a network that loses and partitions, disks that tear and forget, machines
 * that die and come back. Everything a run does follows from its seed.
 *
 * For tests and for tools only: a shipped program never imports this room.
 */

export { CALM_DISK, CALM_LINK, type DiskConditions, type LinkConditions, LOOPBACK_LINK } from "./conditions.ts";
export type { DiskDevice } from "./disk/disk-device.ts";
export { SECTOR_BYTES, type WriteBack } from "./disk/file-content.ts";
export type { NameWriteBack } from "./disk/file-tree.ts";
export { DISK_OPERATIONS, type DiskOperation } from "./disk/simulated-disk.ts";
export {
  CALM_PLAN,
  CONDITION_SWIZZLES,
  type ConditionSwizzle,
  drawPlan,
  type FaultPlan,
  planOf,
  STRIKE_SWIZZLES,
  type StrikeSwizzle,
  SURVIVABLE_SWIZZLES,
  type Swizzle,
} from "./fault-plan.ts";
export { ForbiddenGlobalError } from "./forbidden-globals.ts";
export type { Latency } from "./latency.ts";
export type { CrashKind, LifeInfo, Machine, Program } from "./machine.ts";
export { SIMULATION_EPOCH_MS } from "./machine-time.ts";
export type { NetworkFabric } from "./network/fabric.ts";
export {
  findFailingSeed,
  runSeeds,
  SEED_COUNT_VARIABLE,
  SEED_VARIABLE,
  SeedFailure,
  type SeedRange,
  type SeedReport,
} from "./run-seeds.ts";
export type { LoopEnd } from "./scheduler.ts";
export { between, chance, exponential, pick, SeededRandom } from "./seeded-random.ts";
export { runTwice, type SimulationOptions, type SimulationResult, simulate } from "./simulate.ts";
export { assertDeterministicSource, findNondeterminism, type SourceFinding } from "./source-check.ts";
export { DivergenceError, type TraceRecording } from "./trace.ts";
export {
  type FailureKind,
  type MachineOptions,
  type ProgramFailureAction,
  type RunLimits,
  SimulationFailure,
  World,
  type WorldOptions,
} from "./world.ts";
