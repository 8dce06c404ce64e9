/** The control plane as a program: used by `biplane up`, `biplane control` and the executable that holds nothing else. */
export { type ControlPlaneProgram, type ControlPlaneProgramOptions, startControlPlane } from "./control-plane.ts";
export type { DatabaseSetting } from "./event-log.ts";
export { type ControlCommandOptions, runControl } from "./run-control.ts";
export { untilToldToStop } from "./stop-signals.ts";
