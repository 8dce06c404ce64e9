/** Deployments: what gateways shall serve, how it is rolled out, and the way back. */
import {
  type AccountId,
  ALL_AT_ONCE,
  type GatewayArtifactRecord,
  type GatewayDeploymentRecord,
  REACH_ALL,
  type RolloutStrategy,
  type WantedArtifact,
} from "#contracts";
import { noSuch, owned } from "#control-plane/applications";
import {
  type CatalogReader,
  type CommandHandlers,
  type Decision,
  groups,
  type NewEvent,
  type Refusal,
  refuse,
} from "#control-plane/events";
import type { FleetDependencies } from "./dependencies.ts";
import { currentDeployment, deploymentsOf, reachOf } from "./deployments.ts";
import { done, invalid, projectOf } from "./find.ts";
import { FLEET_LIMITS } from "./limits.ts";
import { messageProblem, strategyProblem } from "./rules.ts";
import { distrustOf } from "./trust.ts";

type DeploymentCommands =
  | "gatewayDeployment.start"
  | "gatewayDeployment.rollback"
  | "gatewayDeployment.advance"
  | "gatewayDeployment.halt"
  | "gatewayDeployment.resume"
  | "gatewayDeployment.complete";

export function createDeploymentHandlers({
  newId,
  now,
  isOnline = () => false,
}: FleetDependencies): CommandHandlers<DeploymentCommands> {
  return {
    "gatewayDeployment.start"({ accountId, projectId, artifactId, strategy = ALL_AT_ONCE, reach }, views) {
      if (projectOf(views, accountId, projectId) === undefined) return noSuch("project");
      const isGroup = (id: string) => owned(views, "gatewayGroup", accountId, id)?.projectId === projectId;
      const problem = strategyProblem(strategy, isGroup) ?? reachProblem(reach);
      if (problem !== undefined) return invalid(problem);
      const artifact = artifactOf(views, accountId, projectId, artifactId);
      if (artifact === undefined) return noSuch("artifact of this project");
      const distrust = distrustOf(views, artifact);
      if (distrust !== undefined) return refuse("ArtifactNotTrusted", distrust);
      const current = currentDeployment(views, projectId);
      if (current?.artifactId === artifactId && current.status === "completed") {
        return { ok: true, events: [], result: { deploymentId: current.deploymentId } };
      }
      const deploymentId = newId("gdp_");
      let generation = nextGeneration(current, now());
      let baseline = current === undefined ? undefined : settled(current);
      // Gateways that a rollout has reached that is not at its end go back, too: what they shall serve gets a generation above the one that they have.
      if (baseline !== undefined && baseline.generation !== current?.generation) {
        baseline = { ...baseline, generation };
        generation += 1;
      }
      const started = startedEvent({
        deploymentId,
        deploymentKind: "deploy",
        artifact,
        generation,
        strategy,
        reach: reachedBy(views, isOnline, projectId, deploymentId, strategy, 0, reach),
        now: now(),
        ...(baseline === undefined ? {} : { baseline }),
      });
      const ending = current === undefined || !underWay(current) ? [] : [superseded(current, now())];
      return {
        ok: true,
        events: [...ending, started, ...collected(views, projectId, current)],
        result: { deploymentId },
      };
    },

    "gatewayDeployment.rollback"(command, views): Decision<"gatewayDeployment.rollback"> {
      const { accountId, projectId, reason } = command;
      if (projectOf(views, accountId, projectId) === undefined) return noSuch("project");
      const problem = messageProblem(reason);
      if (problem !== undefined) return invalid(problem);
      const current = currentDeployment(views, projectId);
      if (current === undefined) return refuse("NoSuchResource", "Nothing was ever deployed in this project");
      if (command.deploymentId !== undefined && command.deploymentId !== current.deploymentId) return notCurrent();
      const artifactId = command.artifactId ?? before(views, current)?.artifactId;
      if (artifactId === undefined)
        return refuse("NoSuchResource", "Nothing was deployed before that: name an artifact");
      const artifact = artifactOf(views, accountId, projectId, artifactId);
      if (artifact === undefined) return noSuch("artifact of this project");
      // The way back to what was before is open, whatever has become of its keys: it may be all that works.
      const distrust = command.artifactId === undefined ? undefined : distrustOf(views, artifact);
      if (distrust !== undefined) return refuse("ArtifactNotTrusted", distrust);
      const deploymentId = newId("gdp_");
      const started = startedEvent({
        deploymentId,
        deploymentKind: "rollback",
        artifact,
        generation: nextGeneration(current, now()),
        strategy: ALL_AT_ONCE,
        reach: REACH_ALL,
        now: now(),
        rollbackOf: current.deploymentId,
        ...(reason === undefined ? {} : { reason }),
      });
      const payload = {
        deploymentId: current.deploymentId,
        status: "rolled_back" as const,
        finishedAt: current.finishedAt ?? now(),
        ...(reason === undefined ? {} : { reason }),
      };
      return {
        ok: true,
        events: [
          { type: "gatewayDeployment.rolledBack", aggregateId: current.deploymentId, org: accountId, payload },
          started,
          ...collected(views, projectId, current),
        ],
        result: { deploymentId },
      };
    },

    "gatewayDeployment.advance"({ accountId, deploymentId, stage, reach }, views) {
      const found = unfinished(views, accountId, deploymentId);
      if ("ok" in found) return found;
      const problem = reachProblem(reach);
      if (problem !== undefined) return invalid(problem);
      if (found.stage !== stage) {
        return refuse("RevisionMismatch", `The rollout is in stage ${found.stage}, not in ${stage}: look at it again`);
      }
      const next = stage + 1;
      if (next >= found.strategy.stages.length)
        return refuse("ResourceInUse", "The rollout is in its last stage already");
      const reached = reachedBy(views, isOnline, found.projectId, deploymentId, found.strategy, next, reach);
      const payload = {
        deploymentId,
        status: "rolling" as const,
        stage: next,
        stageStartedAt: now(),
        reach: Math.max(found.reach, reached),
        reason: null,
      };
      return changed("gatewayDeployment.stageAdvanced", found, payload);
    },

    "gatewayDeployment.halt"({ accountId, deploymentId, reason }, views) {
      const found = unfinished(views, accountId, deploymentId);
      if ("ok" in found) return found;
      const problem = messageProblem(reason);
      if (problem !== undefined) return invalid(problem);
      if (found.status === "halted") return done;
      return changed("gatewayDeployment.halted", found, { deploymentId, status: "halted", reason: reason ?? null });
    },

    "gatewayDeployment.resume"({ accountId, deploymentId }, views) {
      const found = unfinished(views, accountId, deploymentId);
      if ("ok" in found) return found;
      if (found.status === "rolling") return done;
      const payload = { deploymentId, status: "rolling" as const, stageStartedAt: now(), reason: null };
      return changed("gatewayDeployment.resumed", found, payload);
    },

    "gatewayDeployment.complete"({ accountId, deploymentId }, views) {
      const found = unfinished(views, accountId, deploymentId);
      if ("ok" in found) return found;
      if (found.status !== "rolling" || found.stage < found.strategy.stages.length - 1) {
        return refuse("ResourceInUse", "The rollout is not in its last stage, or is halted");
      }
      return changed("gatewayDeployment.completed", found, { deploymentId, status: "completed", finishedAt: now() });
    },
  };
}

/** Rises within a project: also past everything that a control plane has said that was restored from a backup since, as time does. */
function nextGeneration(current: GatewayDeploymentRecord | undefined, now: number): number {
  return Math.max((current?.generation ?? 0) + 1, now);
}

const underWay = ({ status }: GatewayDeploymentRecord): boolean => status === "rolling" || status === "halted";

/** What is served by those whom a rollout does not reach, once another one takes the place of this: what it has brought to everybody, else what was before it. */
function settled(current: GatewayDeploymentRecord): WantedArtifact | undefined {
  const everywhere = current.status === "completed" || (current.status === "rolling" && current.reach >= REACH_ALL);
  if (!everywhere) return current.baseline;
  const { artifactId, digest, generation } = current;
  return { artifactId, digest, generation };
}

/** What was before a deployment; before a rollback: what was before the deployment that it has gone back to. */
function before(views: CatalogReader, current: GatewayDeploymentRecord): WantedArtifact | undefined {
  let one: GatewayDeploymentRecord | undefined = current;
  if (one.deploymentKind === "rollback") {
    const { artifactId } = one;
    one = deploymentsOf(views, current.projectId).find(
      (older) => older.deploymentKind === "deploy" && older.artifactId === artifactId,
    );
  }
  return one?.baseline;
}

function artifactOf(views: CatalogReader, accountId: AccountId, projectId: string, artifactId: string) {
  const artifact = owned(views, "gatewayArtifact", accountId, artifactId);
  return artifact?.projectId === projectId ? artifact : undefined;
}

/** The current deployment of its project, while it is under way. */
function unfinished(
  views: CatalogReader,
  accountId: AccountId,
  deploymentId: string,
): GatewayDeploymentRecord | Refusal {
  const found = owned(views, "gatewayDeployment", accountId, deploymentId);
  if (found === undefined) return noSuch("deployment");
  if (currentDeployment(views, found.projectId)?.deploymentId !== deploymentId) return notCurrent();
  return underWay(found) ? found : refuse("ResourceInUse", `The rollout has ended: it is ${found.status}`);
}

const notCurrent = () => refuse("RevisionMismatch", "Another deployment has taken the place of this one");

function reachProblem(reach: number | undefined): string | undefined {
  return reach === undefined || reach <= REACH_ALL ? undefined : `reach must be ${REACH_ALL} at most`;
}

/** @param given by whoever knows better which gateways count; nobody changes the last stage, which is for all */
function reachedBy(
  views: CatalogReader,
  isOnline: (gatewayId: string) => boolean,
  projectId: string,
  deploymentId: string,
  { stages }: RolloutStrategy,
  stage: number,
  given: number | undefined,
): number {
  const { percent } = stages[stage]!;
  if (percent === 100) return REACH_ALL;
  if (given !== undefined) return given;
  if (percent === undefined) return 0;
  const gateways = views.inGroup("gateway", groups.ofProject(projectId)).map(({ gatewayId }) => gatewayId);
  // A stage of gateways that are all gone would be passed, and prove nothing.
  const online = gateways.filter(isOnline);
  return reachOf(deploymentId, online.length > 0 ? online : gateways, percent);
}

interface Start {
  readonly deploymentId: string;
  readonly deploymentKind: "deploy" | "rollback";
  readonly artifact: GatewayArtifactRecord;
  readonly generation: number;
  readonly strategy: RolloutStrategy;
  readonly reach: number;
  readonly baseline?: WantedArtifact;
  readonly rollbackOf?: string;
  readonly reason?: string;
  readonly now: number;
}

function startedEvent({ artifact, now, ...start }: Start): NewEvent {
  const { accountId, projectId, artifactId, digest } = artifact;
  const payload = {
    ...start,
    accountId,
    projectId,
    artifactId,
    digest,
    status: "rolling" as const,
    stage: 0,
    stageStartedAt: now,
  };
  return { type: "gatewayDeployment.started", aggregateId: start.deploymentId, org: accountId, payload };
}

function superseded({ deploymentId, accountId }: GatewayDeploymentRecord, finishedAt: number): NewEvent {
  const payload = { deploymentId, status: "superseded" as const, finishedAt };
  return { type: "gatewayDeployment.superseded", aggregateId: deploymentId, org: accountId, payload };
}

function collected(
  views: CatalogReader,
  projectId: string,
  current: GatewayDeploymentRecord | undefined,
): readonly NewEvent[] {
  return deploymentsOf(views, projectId)
    .slice(FLEET_LIMITS.deploymentsPerProject - 1)
    .filter((old) => old !== current)
    .map(({ deploymentId, accountId }) => ({
      type: "gatewayDeployment.collected",
      aggregateId: deploymentId,
      org: accountId,
      payload: { deploymentId, reason: "too_many" },
    }));
}

/** The decision to change a deployment by one event. */
function changed(
  type:
    | "gatewayDeployment.stageAdvanced"
    | "gatewayDeployment.halted"
    | "gatewayDeployment.resumed"
    | "gatewayDeployment.completed",
  { deploymentId, accountId }: GatewayDeploymentRecord,
  payload: Readonly<Record<string, unknown>>,
) {
  // Each caller gives the members of the event that it names.
  const event = { type, aggregateId: deploymentId, org: accountId, payload } as unknown as NewEvent;
  return { ...done, events: [event] };
}
