/** Decides which instances run where, replaces them when they change, and brings deploys to an end. */
export { type DecisionInput, decideGroups, type GroupDecision, planDeploys } from "./decide.ts";
export { type Liveness, NodeHealthWatch } from "./node-health.ts";
export { drainBlockers } from "./plan-group.ts";
export { createScheduler, type Scheduler, type SchedulerOptions } from "./scheduler.ts";
export { DEFAULT_SETTINGS, type SchedulerSettings } from "./settings.ts";
export { groupKey, groupSpecOf } from "./workload-group.ts";
export { World } from "./world.ts";
