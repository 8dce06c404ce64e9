/**
 * What code may do to the world: time, timers, chance, disk and network, as small interfaces with a real implementation.
 *
 * The simulated implementation is a room of its own, `#foundation/runtime/simulation`, so that a shipped program never loads it.
 */

export { systemClock } from "./bun/clock.ts";
export { systemDisk } from "./bun/disk.ts";
export { systemNetwork } from "./bun/network.ts";
export { systemRandom } from "./bun/random.ts";
export { createSystemRuntime } from "./bun/runtime.ts";
export { systemTimers } from "./bun/timers.ts";
export type { Clock } from "./ports/clock.ts";
export type { Disk, DiskFile, DiskSpace, DiskStat, OpenMode } from "./ports/disk.ts";
export {
  DISK_ERRORS,
  DiskError,
  type DiskErrorCode,
  NETWORK_ERRORS,
  NetworkError,
  type NetworkErrorCode,
  type RuntimeErrorEntry,
} from "./ports/errors.ts";
export {
  type ByteStream,
  type ConnectOptions,
  type EndpointOptions,
  formatAddress,
  MESSAGE_BYTES_MAX,
  type MessageHandler,
  type Network,
  type NetworkAddress,
  type NetworkEndpoint,
  type NetworkListener,
} from "./ports/network.ts";
export { type Random, randomBelow, randomUuid } from "./ports/random.ts";
export type { Runtime, SimulationHooks } from "./ports/runtime.ts";
export { sleep, type TimerHandle, type Timers } from "./ports/timers.ts";
export { createVirtualTime, type VirtualTime } from "./virtual/virtual-time.ts";
