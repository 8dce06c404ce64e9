/**
 * What code may do to the world: time, timers, chance, disk and network, as small interfaces with a real implementation.
 *
 * The simulated implementation is a room of its own, `#foundation/runtime/simulation`, so that a shipped program never loads it.
 */

export { systemClock } from "./bun/clock.ts";
export { systemRandom } from "./bun/random.ts";
export { systemTimers } from "./bun/timers.ts";
export type { Clock } from "./ports/clock.ts";
export { type Random, randomBelow, randomUuid } from "./ports/random.ts";
export { sleep, type TimerHandle, type Timers } from "./ports/timers.ts";
export { createVirtualTime, type VirtualTime } from "./virtual/virtual-time.ts";
