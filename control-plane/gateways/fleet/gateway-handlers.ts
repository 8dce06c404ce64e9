/** Gateways that have registered, and groups of them. */
import type { ArtifactRefusal, GatewayRecord, ServedArtifact } from "#contracts";
import { noSuch, owned, versionProblem } from "#control-plane/applications";
import { type CatalogReader, type CommandHandlers, groups, refuse } from "#control-plane/events";
import type { FleetDependencies } from "./dependencies.ts";
import { currentDeployment, desiredArtifact } from "./deployments.ts";
import { done, invalid, limited, nameTaken, projectOf } from "./find.ts";
import { FLEET_LIMITS } from "./limits.ts";
import { digestProblem, instanceProblem, nameProblem, shortTextProblem } from "./rules.ts";

type GatewayCommands =
  | "gateway.register"
  | "gateway.report"
  | "gateway.update"
  | "gateway.remove"
  | "gatewayGroup.create"
  | "gatewayGroup.update"
  | "gatewayGroup.delete";

export function createGatewayHandlers({ newId }: FleetDependencies): CommandHandlers<GatewayCommands> {
  return {
    "gateway.register"({ projectId, keyId, instanceId, name, metadata }, views) {
      const key = views.record("gatewayKey", keyId);
      if (key === undefined || key.projectId !== projectId || key.revokedAt !== undefined) return noSuch("key");
      const problem =
        instanceProblem(instanceId) ??
        shortTextProblem("name", name) ??
        shortTextProblem("metadata.version", metadata.version) ??
        shortTextProblem("metadata.hostname", metadata.hostname);
      if (problem !== undefined) return invalid(problem);
      const { accountId, groupId } = key;
      const named = name === undefined || name === "" ? {} : { name };
      const [known] = views.inGroup("gateway", groups.ofInstance(projectId, instanceId));
      if (known !== undefined) {
        const { gatewayId } = known;
        if (sameDescription(known, { ...named, keyId, metadata }))
          return { ok: true, events: [], result: { gatewayId } };
        const payload = { gatewayId, name: named.name ?? null, keyId, metadata };
        return {
          ok: true,
          events: [{ type: "gateway.described", aggregateId: gatewayId, org: accountId, payload }],
          result: { gatewayId },
        };
      }
      if (views.countInGroup("gateway", groups.ofProject(projectId)) >= FLEET_LIMITS.gatewaysPerProject) {
        return limited(`A project has ${FLEET_LIMITS.gatewaysPerProject} gateways at most`);
      }
      const gatewayId = newId("gwy_");
      const grouped = groupId === undefined ? {} : { groupId };
      const payload = { gatewayId, accountId, projectId, instanceId, ...named, ...grouped, keyId, metadata };
      return {
        ok: true,
        events: [{ type: "gateway.registered", aggregateId: gatewayId, org: accountId, payload }],
        result: { gatewayId },
      };
    },

    "gateway.report"({ gatewayId, served, refusal }, views) {
      const gateway = views.record("gateway", gatewayId);
      if (gateway === undefined) return noSuch("gateway");
      const problem =
        (served === null ? undefined : digestProblem("served.digest", served.digest)) ??
        (refusal === null ? undefined : digestProblem("refusal.digest", refusal.digest));
      if (problem !== undefined) return invalid(problem);
      const next = servedNext(gateway.served, served);
      if (sameServed(gateway.served, next) && sameRefusal(gateway.refusal, refusal)) return done;
      const payload = { gatewayId, served: next, refusal: refusal === null ? null : shortened(refusal) };
      return {
        ...done,
        events: [{ type: "gateway.reported", aggregateId: gatewayId, org: gateway.accountId, payload }],
      };
    },

    "gateway.update"(command, views) {
      const { accountId, gatewayId, groupId } = command;
      const gateway = owned(views, "gateway", accountId, gatewayId);
      if (gateway === undefined) return noSuch("gateway");
      if (groupId !== null && owned(views, "gatewayGroup", accountId, groupId)?.projectId !== gateway.projectId) {
        return noSuch("group of this project");
      }
      const stale = versionProblem(gateway, command);
      if (stale !== undefined) return stale;
      if ((gateway.groupId ?? null) === groupId) return done;
      const blocked = leavingProblem(views, gateway, groupId);
      if (blocked !== undefined) return refuse("ResourceInUse", blocked);
      const payload = { gatewayId, groupId };
      return { ...done, events: [{ type: "gateway.updated", aggregateId: gatewayId, org: accountId, payload }] };
    },

    "gateway.remove"({ accountId, gatewayId }, views) {
      if (owned(views, "gateway", accountId, gatewayId) === undefined) return noSuch("gateway");
      const payload = { gatewayId };
      return { ...done, events: [{ type: "gateway.removed", aggregateId: gatewayId, org: accountId, payload }] };
    },

    "gatewayGroup.create"({ accountId, projectId, name }, views) {
      if (projectOf(views, accountId, projectId) === undefined) return noSuch("project");
      const problem = nameProblem(name);
      if (problem !== undefined) return invalid(problem);
      if (views.inGroup("gatewayGroup", groups.namedInProject(projectId, name)).length > 0) {
        return nameTaken("group", name);
      }
      if (views.countInGroup("gatewayGroup", groups.ofProject(projectId)) >= FLEET_LIMITS.groupsPerProject) {
        return limited(`A project has ${FLEET_LIMITS.groupsPerProject} groups at most`);
      }
      const groupId = newId("ggr_");
      const payload = { groupId, accountId, projectId, name };
      return {
        ok: true,
        events: [{ type: "gatewayGroup.created", aggregateId: groupId, org: accountId, payload }],
        result: { groupId },
      };
    },

    "gatewayGroup.update"(command, views) {
      const { accountId, groupId, name } = command;
      const group = owned(views, "gatewayGroup", accountId, groupId);
      if (group === undefined) return noSuch("group");
      const problem = nameProblem(name);
      if (problem !== undefined) return invalid(problem);
      const stale = versionProblem(group, command);
      if (stale !== undefined) return stale;
      if (name === group.name) return done;
      const others = views.inGroup("gatewayGroup", groups.namedInProject(group.projectId, name));
      if (others.some((other) => other.groupId !== groupId)) return nameTaken("group", name);
      const payload = { groupId, name };
      return { ...done, events: [{ type: "gatewayGroup.updated", aggregateId: groupId, org: accountId, payload }] };
    },

    "gatewayGroup.delete"({ accountId, groupId }, views) {
      const group = owned(views, "gatewayGroup", accountId, groupId);
      if (group === undefined) return noSuch("group");
      const use = useOf(views, group.projectId, groupId);
      if (use !== undefined) return refuse("ResourceInUse", `The group is needed by ${use}`);
      const payload = { groupId };
      return { ...done, events: [{ type: "gatewayGroup.deleted", aggregateId: groupId, org: accountId, payload }] };
    },
  };
}

/** A rollout that has reached a gateway by its group does not take that back: gateways follow the greatest generation that they have heard of. */
function leavingProblem(views: CatalogReader, gateway: GatewayRecord, groupId: string | null): string | undefined {
  const current = currentDeployment(views, gateway.projectId);
  const { gatewayId } = gateway;
  const after = desiredArtifact(current, groupId === null ? { gatewayId } : { gatewayId, groupId });
  const before = desiredArtifact(current, gateway);
  if (before === undefined || after === undefined || after.generation >= before.generation) return undefined;
  return "A rollout has reached the gateway by its group: let that end first, or roll it back";
}

function useOf(views: CatalogReader, projectId: string, groupId: string): string | undefined {
  const gateways = views.countInGroup("gateway", groups.ofGatewayGroup(groupId));
  if (gateways > 0) return `${gateways} ${gateways === 1 ? "gateway" : "gateways"}`;
  const [key] = views.inGroup("gatewayKey", groups.ofGatewayGroup(groupId));
  if (key !== undefined) return `the key ${key.name}`;
  const current = currentDeployment(views, projectId);
  const underWay = current?.status === "rolling" || current?.status === "halted";
  const named = underWay && current.strategy.stages.some((stage) => stage.groups?.includes(groupId));
  return named ? "a rollout that is under way" : undefined;
}

function sameDescription(
  known: GatewayRecord,
  { name, keyId, metadata }: Pick<GatewayRecord, "name" | "keyId" | "metadata">,
): boolean {
  return (
    known.name === name &&
    known.keyId === keyId &&
    known.metadata.version === metadata.version &&
    known.metadata.hostname === metadata.hostname
  );
}

/** A heartbeat says no generation: the one that was said of the same digest stays. */
function servedNext(before: ServedArtifact | undefined, said: ServedArtifact | null): ServedArtifact | null {
  if (said === null || said.generation !== undefined) return said;
  return before?.digest === said.digest ? before : { digest: said.digest };
}

const sameServed = (before: ServedArtifact | undefined, next: ServedArtifact | null): boolean =>
  before?.digest === next?.digest && before?.generation === next?.generation;

const sameRefusal = (before: ArtifactRefusal | undefined, next: ArtifactRefusal | null): boolean =>
  before?.generation === next?.generation && before?.digest === next?.digest && before?.stage === next?.stage;

const REASON_MAX = 1_000;

function shortened({ generation, digest, stage, reason, at_ms }: ArtifactRefusal): ArtifactRefusal {
  return { generation, digest, stage, reason: reason.slice(0, REASON_MAX).toWellFormed(), at_ms };
}
