/** How an environment is, in one look. Pure. */
import type { EnvRecord, InstanceRecord, Unschedulable } from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";
import { desiredCount } from "./find.ts";

export interface ProcessStatus {
  readonly processType: string;
  readonly releaseId: string;
  readonly releaseNumber: number | undefined;
  readonly desired: number;
  readonly ready: number;
  /** That have not ended. */
  readonly live: number;
  readonly unschedulable: Unschedulable | undefined;
}

export interface EnvStatus {
  /** `idle`: nothing is wanted. `degraded`: less is ready than wanted. `failing`: nothing is, or a route leads to nothing. */
  readonly status: "healthy" | "degraded" | "failing" | "idle";
  readonly processes: readonly ProcessStatus[];
  /** Routes that lead to nothing now, and why. */
  readonly brokenRoutes: readonly { readonly routeId: string; readonly reason: string }[];
}

const isLive = ({ status }: InstanceRecord): boolean => status !== "stopped" && status !== "failed";

export function envStatusOf(views: CatalogReader, env: EnvRecord): EnvStatus {
  const processes = Object.entries(env.desired).map(([processType, { releaseId }]): ProcessStatus => {
    const release = views.record("release", releaseId);
    const instances = views.inGroup("instance", groups.ofProcess(env.envId, processType));
    return {
      processType,
      releaseId,
      releaseNumber: release?.number,
      desired: release === undefined ? 0 : desiredCount(env, release, processType),
      ready: instances.filter(({ status, desiredState }) => status === "ready" && desiredState === "running").length,
      live: instances.filter(isLive).length,
      unschedulable: env.unschedulable[processType],
    };
  });
  const brokenRoutes = views.inGroup("route", groups.inEnv(env.envId)).flatMap(({ routeId, processType }) => {
    const process = processes.find((one) => one.processType === processType);
    if (process === undefined) return [{ routeId, reason: `nothing of the process ${processType} is deployed` }];
    if (process.desired === 0) return [{ routeId, reason: `${processType} is scaled to zero` }];
    return process.ready > 0 ? [] : [{ routeId, reason: `no instance of ${processType} is ready` }];
  });
  return { status: verdictOf(processes, brokenRoutes.length), processes, brokenRoutes };
}

function verdictOf(processes: readonly ProcessStatus[], broken: number): EnvStatus["status"] {
  const wanted = processes.filter(({ desired }) => desired > 0);
  if (wanted.length === 0) return "idle";
  if (wanted.some(({ ready }) => ready === 0) || broken > 0) {
    return wanted.every(({ ready, desired }) => ready >= desired) ? "degraded" : "failing";
  }
  return wanted.every(({ ready, desired }) => ready >= desired) ? "healthy" : "degraded";
}
