/** Staged rollouts of artifacts to gateways: when a stage is passed, when one halts, when it goes back by itself. */
export { createRollouts, type Rollouts, type RolloutsOptions } from "./rollouts.ts";
export { DEFAULT_ROLLOUT_SETTINGS, type RolloutSettings } from "./settings.ts";
