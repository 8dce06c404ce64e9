/**
 * Coordinators of a store: a Raft group that knows which nodes there are, and decides which epoch, director and layout holds.
 *
 * The one that leads runs the director of the current epoch, and begins the next epoch when that director ends.
 */
export { configProblem, SINGLE } from "./config.ts";
export { type Coordinator, type CoordinatorOptions, openCoordinator } from "./coordinator.ts";
export type { RunDirector } from "./directing.ts";
