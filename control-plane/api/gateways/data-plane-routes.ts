/** Gateways that have registered, and their groups. */
import { type CommandOf, groups } from "#control-plane/events";
import { currentDeployment } from "#control-plane/gateways/fleet";
import { json } from "#foundation/http";
import {
  answerOf,
  EXPECTED_VERSION,
  found,
  listSchema,
  PAGE,
  page,
  reads,
  recordSchema,
  renamed,
  writes,
} from "../applications/shared.ts";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { named } from "../named-schemas.ts";
import { DONE, done } from "../orgs/shared.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, moment, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import { boolean, digest, nullable, PROJECT, projectAt, recordAt } from "./shared.ts";

const DATA_PLANE_PATH = `${PROJECT}/data-planes/{dataPlane}`;
const GROUP_PATH = `${PROJECT}/gateway-groups/{group}`;
const number = { type: "number" };

const HEALTH = named(
  "GatewayHealth",
  object({
    requests_total: count,
    errors_total: { ...count, description: "Answered with a status of 500 or above." },
    p50_ms: nullable(number),
    p99_ms: nullable(number),
    memory_bytes: number,
    event_loop_lag_ms: number,
  }),
);
const DATA_PLANE = recordSchema(
  "GatewayDataPlane",
  {
    org_id: text,
    project_id: text,
    instance_id: { ...text, description: "The gateway's own, the same after it was started anew." },
    name: text,
    group_id: text,
    key_id: text,
    metadata: object({ version: text, hostname: text }),
    status: {
      enum: ["online", "deploying", "offline"],
      description: "`deploying`: connected, and on its way to another artifact.",
    },
    connected_at: nullable(moment),
    last_seen: { ...nullable(moment), description: "Null: not since the control plane was started." },
    uptime_seconds: count,
    health: HEALTH,
    artifact_digest: nullable(digest),
    artifact_id: nullable(text),
    generation: count,
    desired: nullable(object({ artifact_id: text, digest, generation: count })),
    drift: { ...boolean, description: "It serves something else than it should." },
    refusal: {
      ...object({
        generation: count,
        digest,
        stage: { enum: ["download", "verify", "apply"] },
        reason: text,
        at_ms: number,
      }),
      description: "Why.",
    },
  },
  ["name", "group_id", "uptime_seconds", "health", "generation", "refusal"],
);
const CHANGES = object({ group_id: nullable(text), expected_version: EXPECTED_VERSION }, ["expected_version"]);
const GROUP = recordSchema("GatewayGroup", { org_id: text, project_id: text, name: text });
const NEW_GROUP = object({ name: text });
const GROUP_CHANGES = object({ name: text, expected_version: EXPECTED_VERSION }, ["expected_version"]);

export const DATA_PLANE_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: `${PROJECT}/data-planes`,
    operationId: "listDataPlanesOfProject",
    summary: "Lists the gateways of a project: whether they are connected, what they serve, how they do.",
    scope: "gateways:read",
    query: [
      ...PAGE,
      {
        name: "group",
        description: "Of this group, named by id or name.",
        type: "string",
        pattern: "^[^\\p{C}]{1,64}$",
      },
      { name: "online", description: "Those that are connected, or those that are not.", type: "boolean" },
    ],
    answer: answerOf(listSchema(DATA_PLANE), "In the order in which they registered first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { projectId } = projectAt(call, environment);
      const { views, gatewayPresence: presence } = environment.core;
      const { group, online } = call.query;
      const groupId = group === undefined ? undefined : groupAt(call, environment, String(group)).groupId;
      const gateways = views
        .inGroup("gateway", groupId === undefined ? groups.ofProject(projectId) : groups.ofGatewayGroup(groupId))
        .filter(({ gatewayId }) => online === undefined || (presence.of(gatewayId)?.online === true) === online)
        .toSorted((left, right) => left.createdAt - right.createdAt || (left.gatewayId < right.gatewayId ? -1 : 1));
      const current = currentDeployment(views, projectId);
      return page(
        call,
        gateways,
        ({ gatewayId }) => gatewayId,
        (record) => present.dataPlane(record, current, presence, views),
      );
    },
  }),
  reads({
    method: "GET",
    path: DATA_PLANE_PATH,
    operationId: "getDataPlaneOfProject",
    summary: "Shows a gateway.",
    scope: "gateways:read",
    answer: answerOf(DATA_PLANE, "The gateway."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => shown(call, environment),
  }),
  writes({
    method: "PATCH",
    path: DATA_PLANE_PATH,
    operationId: "updateDataPlaneOfProject",
    summary: "Puts a gateway into a group; `null` takes it out.",
    scope: "gateways:write",
    requestBody: CHANGES,
    answer: answerOf(DATA_PLANE, "The gateway."),
    problems: ["NoSuchResource", "RevisionMismatch", "ResourceInUse", "ValidationFailed"],
    async handle(call, environment) {
      const { accountId, gatewayId } = gatewayAt(call, environment);
      const members = await readMembers(call.request, CHANGES);
      const given = renamed(members, { group_id: "groupId", expected_version: "expectedVersion" });
      const command = { type: "gateway.update", accountId, gatewayId, ...given };
      await execute(call, environment, command as CommandOf<"gateway.update">);
      return shown(call, environment);
    },
  }),
  writes({
    method: "DELETE",
    path: DATA_PLANE_PATH,
    operationId: "removeDataPlaneOfProject",
    summary: "Takes a gateway away and ends its connection. It serves on what it has; revoke its key to keep it away.",
    scope: "gateways:write",
    answer: DONE,
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const { accountId, gatewayId } = gatewayAt(call, environment);
      await execute(call, environment, { type: "gateway.remove", accountId, gatewayId });
      return done();
    },
  }),
  reads({
    method: "GET",
    path: `${PROJECT}/gateway-groups`,
    operationId: "listGatewayGroups",
    summary: "Lists the groups of a project's gateways.",
    scope: "gateways:read",
    query: PAGE,
    answer: answerOf(listSchema(GROUP), "By name."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { projectId } = projectAt(call, environment);
      const all = environment.core.views
        .inGroup("gatewayGroup", groups.ofProject(projectId))
        .toSorted((left, right) => (left.name < right.name ? -1 : 1));
      return page(call, all, ({ groupId }) => groupId, present.group);
    },
  }),
  writes({
    method: "POST",
    path: `${PROJECT}/gateway-groups`,
    operationId: "createGatewayGroup",
    summary: "Makes a group of gateways.",
    scope: "gateways:write",
    requestBody: NEW_GROUP,
    answer: answerOf(GROUP, "The group.", 201),
    problems: ["NoSuchResource", "ResourceAlreadyExists", "ValidationFailed", "LimitExceeded"],
    async handle(call, environment) {
      const { accountId, projectId } = projectAt(call, environment);
      const members = await readMembers(call.request, NEW_GROUP);
      const command = { type: "gatewayGroup.create", accountId, projectId, ...members };
      const { groupId } = await execute(call, environment, command as CommandOf<"gatewayGroup.create">);
      return json(present.group(environment.core.views.record("gatewayGroup", groupId)!), 201);
    },
  }),
  writes({
    method: "PATCH",
    path: GROUP_PATH,
    operationId: "updateGatewayGroup",
    summary: "Renames a group.",
    scope: "gateways:write",
    requestBody: GROUP_CHANGES,
    answer: answerOf(GROUP, "The group."),
    problems: ["NoSuchResource", "ResourceAlreadyExists", "RevisionMismatch", "ValidationFailed"],
    async handle(call, environment) {
      const { accountId, groupId } = groupAt(call, environment, call.params.group!);
      const members = await readMembers(call.request, GROUP_CHANGES);
      const given = renamed(members, { name: "name", expected_version: "expectedVersion" });
      const command = { type: "gatewayGroup.update", accountId, groupId, ...given };
      await execute(call, environment, command as CommandOf<"gatewayGroup.update">);
      return json(present.group(environment.core.views.record("gatewayGroup", groupId)!));
    },
  }),
  writes({
    method: "DELETE",
    path: GROUP_PATH,
    operationId: "deleteGatewayGroup",
    summary: "Deletes a group that nothing needs.",
    scope: "gateways:write",
    answer: DONE,
    problems: ["NoSuchResource", "ResourceInUse"],
    async handle(call, environment) {
      const { accountId, groupId } = groupAt(call, environment, call.params.group!);
      await execute(call, environment, { type: "gatewayGroup.delete", accountId, groupId });
      return done();
    },
  }),
];

const gatewayAt = (call: OrgCall, environment: ApiEnvironment) =>
  recordAt(call, environment, "gateway", call.params.dataPlane!, "gateway");

function shown(call: OrgCall, environment: ApiEnvironment) {
  const { views, gatewayPresence } = environment.core;
  const gateway = gatewayAt(call, environment);
  return json(present.dataPlane(gateway, currentDeployment(views, gateway.projectId), gatewayPresence, views));
}

/** By id or name. @throws ProblemError 404 NoSuchResource */
export function groupAt(call: OrgCall, environment: ApiEnvironment, idOrName: string) {
  const { projectId } = projectAt(call, environment);
  const { views } = environment.core;
  const byId = views.record("gatewayGroup", idOrName);
  if (byId?.projectId === projectId) return byId;
  return found(views.inGroup("gatewayGroup", groups.namedInProject(projectId, idOrName))[0], "group");
}
