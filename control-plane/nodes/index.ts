/** Which data plane keeps what this cloud holds; and the nodes, with the instances that run on them. */
import type { NodeCommand } from "#contracts";
import type { CommandHandlers } from "#control-plane/events";
import type { NodeDependencies } from "./dependencies.ts";
import { createExecHandlers } from "./exec-handlers.ts";
import { createInstanceHandlers } from "./instance-handlers.ts";
import { createNodeHandlers } from "./node-handlers.ts";

export { createDataPlaneHandlers } from "./data-plane-handlers.ts";
export type { NodeDependencies } from "./dependencies.ts";
export { DRAIN_GRACE_SECONDS, drained, hasEnded } from "./instance-handlers.ts";
export { observed } from "./node-handlers.ts";

export function createAllNodeHandlers(dependencies: NodeDependencies): CommandHandlers<NodeCommand["type"]> {
  return { ...createNodeHandlers(), ...createInstanceHandlers(dependencies), ...createExecHandlers(dependencies) };
}
