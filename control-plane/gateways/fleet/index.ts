/** Fleets of gateways: specs and their revisions, builds and artifacts, keys, groups, gateways, and what they shall serve. */
import type { GatewayCommand } from "#contracts";
import type { CommandHandlers } from "#control-plane/events";
import { createArtifactHandlers } from "./artifact-handlers.ts";
import { createBuildHandlers } from "./build-handlers.ts";
import type { FleetDependencies } from "./dependencies.ts";
import { createDeploymentHandlers } from "./deployment-handlers.ts";
import { createGatewayHandlers } from "./gateway-handlers.ts";
import { createKeyHandlers } from "./key-handlers.ts";
import { createSpecHandlers } from "./spec-handlers.ts";
import { createTrustHandlers } from "./trust-handlers.ts";

export {
  authenticateGateway,
  GATEWAY_KEY_PREFIX,
  type GatewayAuthentication,
  type GatewayKeyFailure,
  gatewayKeyHash,
  gatewayKeyProblem,
} from "./authenticate-gateway.ts";
export type { FleetDependencies } from "./dependencies.ts";
export {
  currentDeployment,
  deploymentsOf,
  desiredArtifact,
  desiredOf,
  reaches,
  reachOf,
  rolloutHash,
} from "./deployments.ts";
export { FLEET_LIMITS } from "./limits.ts";
export { createGatewayPresence, type GatewayPresence, type Heard, type PresentGateway } from "./presence.ts";
export { shortTextProblem } from "./rules.ts";
export { trustedKeysOf } from "./trust.ts";

export function createFleetHandlers(dependencies: FleetDependencies): CommandHandlers<GatewayCommand["type"]> {
  return {
    ...createSpecHandlers(dependencies),
    ...createBuildHandlers(dependencies),
    ...createArtifactHandlers(dependencies),
    ...createTrustHandlers(dependencies),
    ...createKeyHandlers(dependencies),
    ...createGatewayHandlers(dependencies),
    ...createDeploymentHandlers(dependencies),
  };
}
