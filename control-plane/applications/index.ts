/** Applications decide: projects, apps, environments, releases, deploys, routes, quotas. */
import type { ApplicationCommand } from "#contracts";
import type { CommandHandlers } from "#control-plane/events";
import type { ApplicationDependencies } from "./dependencies.ts";
import { createDeployHandlers } from "./deploy-handlers.ts";
import { createQuotaHandlers } from "./quota-handlers.ts";
import { createReleaseHandlers } from "./release-handlers.ts";
import { createRouteHandlers } from "./route-handlers.ts";
import { createTenantHandlers } from "./tenant-handlers.ts";

export type { ApplicationDependencies } from "./dependencies.ts";
export { type EnvStatus, envStatusOf, type ProcessStatus } from "./env-status.ts";
export { explain, type Finding } from "./explain.ts";
export {
  appOf,
  attachmentsOf,
  costOf,
  desiredCount,
  envOf,
  noSuch,
  owned,
  processOf,
  releasesOf,
  specOf,
  versionProblem,
} from "./find.ts";
export {
  DEFAULT_QUOTAS,
  INSTANCE_DIMENSIONS,
  type InstanceUsage,
  type QuotaLimits,
  quotaExceeded,
  quotaLimits,
  quotaProblem,
  usageOf,
} from "./quotas.ts";

/** Secrets are a room of their own. */
export type ApplicationCommands = Exclude<ApplicationCommand["type"], "secrets.set" | "secrets.patch">;

export function createApplicationHandlers(dependencies: ApplicationDependencies): CommandHandlers<ApplicationCommands> {
  return {
    ...createTenantHandlers(dependencies),
    ...createReleaseHandlers(dependencies),
    ...createDeployHandlers(dependencies),
    ...createRouteHandlers(dependencies),
    ...createQuotaHandlers(),
  };
}
