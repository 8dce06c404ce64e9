/**
 * The director: recovery of the store, an epoch at a time.
 *
 * `plan/` decides, and is pure; `steps/` do, and take back what they did when the layout is not committed; `watch/` is what goes on while the epoch runs.
 */
export { type DirectorNeeds, runDirector } from "./director.ts";
export type { DirectorEnd } from "./endings.ts";
export { DIRECTOR_DEFAULTS, type DirectorOptions } from "./options.ts";
export type {
  ClientOf,
  DirectorRuntime,
  DirectorTask,
  RecoveryNode,
  RecoveryProgress,
  RecoveryStep,
  RecoveryView,
} from "./recovery-view.ts";
export { describeStall, type Stall } from "./stalls.ts";
export type { UndoReport } from "./undo-stack.ts";
