/** Which deployment of a project is the current one, and what each of its gateways shall serve. Pure. */
import { createHash } from "node:crypto";
import {
  type DesiredArtifact,
  type GatewayDeploymentRecord,
  type GatewayRecord,
  REACH_ALL,
  type WantedArtifact,
} from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";

/** All of a project's that are kept, the current one first. */
export function deploymentsOf(views: CatalogReader, projectId: string): readonly GatewayDeploymentRecord[] {
  return [...views.inGroup("gatewayDeployment", groups.ofProject(projectId))].sort(
    (left, right) => right.generation - left.generation,
  );
}

/** The one with the greatest generation. Costs what is kept of the project's: at most 100. */
export function currentDeployment(views: CatalogReader, projectId: string): GatewayDeploymentRecord | undefined {
  let current: GatewayDeploymentRecord | undefined;
  for (const one of views.inGroup("gatewayDeployment", groups.ofProject(projectId))) {
    if (current === undefined || one.generation > current.generation) current = one;
  }
  return current;
}

/** Where a gateway stands in the order of a rollout: 0 to 2³² - 1, another order for each deployment, so that not always the same are first. */
export function rolloutHash(deploymentId: string, gatewayId: string): number {
  return createHash("sha256").update(`${deploymentId} ${gatewayId}`).digest().readUInt32BE(0);
}

/**
 * The `reach` by which exactly this share of the given gateways is reached, one at least; of those that come later, about the same share.
 *
 * @param gatewayIds those that count: all, or those that are connected
 */
export function reachOf(deploymentId: string, gatewayIds: readonly string[], percent: number): number {
  if (percent >= 100) return REACH_ALL;
  if (gatewayIds.length === 0) return Math.ceil((percent / 100) * REACH_ALL);
  const hashes = gatewayIds.map((gatewayId) => rolloutHash(deploymentId, gatewayId)).sort((a, b) => a - b);
  const wanted = Math.max(1, Math.ceil((percent / 100) * hashes.length));
  return hashes[wanted - 1]! + 1;
}

/** Whether the stages of a rollout so far reach a gateway. */
export function reaches(
  { deploymentId, strategy, stage, reach }: GatewayDeploymentRecord,
  { gatewayId, groupId }: Pick<GatewayRecord, "gatewayId" | "groupId">,
): boolean {
  if (reach >= REACH_ALL) return true;
  for (let index = 0; groupId !== undefined && index <= stage; index++) {
    if (strategy.stages[index]?.groups?.includes(groupId)) return true;
  }
  return rolloutHash(deploymentId, gatewayId) < reach;
}

/** What a gateway shall serve; undefined: nothing was ever deployed for it, and it keeps what it has. */
export function desiredArtifact(
  current: GatewayDeploymentRecord | undefined,
  gateway: Pick<GatewayRecord, "gatewayId" | "groupId">,
): DesiredArtifact | undefined {
  if (current === undefined) return undefined;
  const wanted: WantedArtifact | undefined = reaches(current, gateway) ? current : current.baseline;
  if (wanted === undefined) return undefined;
  return { artifact_id: wanted.artifactId, digest: wanted.digest, generation: wanted.generation };
}

/** The same by the views. */
export function desiredOf(views: CatalogReader, gateway: GatewayRecord): DesiredArtifact | undefined {
  return desiredArtifact(currentDeployment(views, gateway.projectId), gateway);
}
