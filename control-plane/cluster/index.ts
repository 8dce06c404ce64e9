/**
 * The control plane of a store: coordinators agree on what there is, and the one that leads has a director recover and watch the transaction system.
 */
import type { Runtime } from "#foundation/runtime";
import { type Coordinator, type CoordinatorOptions, openCoordinator } from "./coordinator/index.ts";
import { type DirectorOptions, runDirector } from "./recovery/index.ts";

export { type Coordinator, configProblem, SINGLE } from "./coordinator/index.ts";
export type { DirectorOptions } from "./recovery/index.ts";

export interface ClusterControlOptions extends Omit<CoordinatorOptions, "runDirector"> {
  readonly director?: Partial<DirectorOptions>;
}

/** Starts a coordinator whose directors reach the rest of the cluster by the calls of `rpc`. Fails as `openCoordinator` does. */
export function openClusterControl(
  runtime: Runtime,
  { director, ...options }: ClusterControlOptions,
): Promise<Coordinator> {
  const needs = {
    clientOf: options.rpc.client.bind(options.rpc),
    runtime,
    ...(director === undefined ? {} : { options: director }),
  };
  return openCoordinator(runtime, { ...options, runDirector: (task) => runDirector(task, needs) });
}
