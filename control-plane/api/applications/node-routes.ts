/** Nodes, edges and quotas: for the operator of the cloud. */
import { QUOTA_DIMENSIONS } from "#contracts";
import { DEFAULT_QUOTAS, quotaLimits, usageOf } from "#control-plane/applications";
import type { CommandOf } from "#control-plane/events";
import { drainBlockers } from "#control-plane/scheduler";
import { json, ProblemError } from "#foundation/http";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute, IDEMPOTENCY_HEADER } from "../execute.ts";
import { named } from "../named-schemas.ts";
import { DONE, done } from "../orgs/shared.ts";
import type { Route } from "../route.ts";
import { count, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import { answerOf, byNames, EXPECTED_VERSION, reads, recordSchema } from "./shared.ts";

const INTENT = { enum: ["active", "draining", "disabled"] };
const NODE = recordSchema(
  "Node",
  {
    name: text,
    intent: INTENT,
    health: { enum: ["online", "degraded", "offline"] },
    health_reason: text,
    labels: byNames(text),
    allocatable: object({ memory_bytes: count, cpu_cores: { type: "number" }, disk_bytes: count }),
    used: object({ memory_bytes: count, cpu_millis: count }),
    isolation: { type: "array", items: text },
    version: text,
    architecture: text,
    instances: count,
    volumes: count,
    connected: { type: "boolean" },
    blockers: { type: "array", items: object({ instance_id: text, reason: text }) },
  },
  ["health_reason"],
);
const EDGE = named(
  "Edge",
  object({
    id: text,
    name: text,
    state: text,
    http_url: { type: ["string", "null"] },
    https_url: { type: ["string", "null"] },
    routes: count,
    connections: count,
  }),
);
const CHANGES = object({ intent: INTENT, expected_version: EXPECTED_VERSION }, ["expected_version"]);
const LIMITS = named("Limits", object(Object.fromEntries(QUOTA_DIMENSIONS.map((name) => [name, count]))));
const QUOTAS = named("Quotas", object({ limits: LIMITS, usage: byNames(count), defaults: LIMITS }));
const NEW_QUOTAS = object({
  limits: byNames({ type: ["integer", "null"] }, "By dimension; `null` for the cloud's default."),
});

export const NODE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/nodes",
    operationId: "listNodes",
    summary: "Lists the nodes that run instances.",
    scope: "nodes:admin",
    answer: answerOf(object({ items: { type: "array", items: NODE } }), "By name."),
    handle(_call, environment) {
      const nodes = [...environment.core.views.records("node")].sort((left, right) =>
        left.name < right.name ? -1 : 1,
      );
      return json({ items: nodes.map(({ nodeId }) => shown(nodeId, environment)) });
    },
  },
  {
    method: "GET",
    path: "/v1/nodes/{node}",
    operationId: "getNode",
    summary: "Shows a node, and what keeps it from being empty.",
    scope: "nodes:admin",
    answer: answerOf(NODE, "The node."),
    problems: ["NoSuchResource"],
    handle: ({ params }, environment) => json(shown(nodeAt(params.node!, environment), environment)),
  },
  {
    method: "PATCH",
    path: "/v1/nodes/{node}",
    operationId: "updateNode",
    summary: "Lets a node take instances, drains it, or switches it off.",
    scope: "nodes:admin",
    headers: IDEMPOTENCY_HEADER,
    requestBody: CHANGES,
    answer: answerOf(NODE, "The node."),
    problems: ["NoSuchResource", "RevisionMismatch", "ValidationFailed"],
    async handle(call, environment) {
      const nodeId = nodeAt(call.params.node!, environment);
      const { intent, expected_version: expectedVersion } = await readMembers(call.request, CHANGES);
      const command = { type: "node.setIntent", nodeId, intent, expectedVersion } as CommandOf<"node.setIntent">;
      await execute(call, environment, command);
      return json(shown(nodeId, environment));
    },
  },
  {
    method: "DELETE",
    path: "/v1/nodes/{node}",
    operationId: "removeNode",
    summary: "Removes a node that has nothing on it any more.",
    scope: "nodes:admin",
    headers: IDEMPOTENCY_HEADER,
    answer: DONE,
    problems: ["NoSuchResource", "ResourceInUse"],
    async handle(call, environment) {
      const nodeId = nodeAt(call.params.node!, environment);
      await execute(call, environment, { type: "node.remove", nodeId });
      environment.plans.agents.end(nodeId, "the node was removed");
      return done();
    },
  },
  {
    method: "GET",
    path: "/v1/edges",
    operationId: "listEdges",
    summary: "Lists the edges that are connected, and where they listen.",
    scope: "authenticated",
    answer: answerOf(object({ items: { type: "array", items: EDGE } }), "By name."),
    handle: (_call, { plans }) =>
      json({
        items: plans.edges.list().map(({ id, name, status }) => ({
          id,
          name,
          state: status?.state ?? "starting",
          http_url: status?.httpUrl ?? null,
          https_url: status?.httpsUrl ?? null,
          routes: status?.routes ?? 0,
          connections: status?.connections ?? 0,
        })),
      }),
  },
  reads({
    method: "GET",
    path: "/v1/orgs/{org}/quotas",
    operationId: "getQuotas",
    summary: "What the org may use at most, and what it uses.",
    scope: "orgs:read",
    answer: answerOf(QUOTAS, "By dimension."),
    handle: ({ org }, { core }) =>
      json({
        limits: quotaLimits(core.views, org.accountId),
        usage: usageOf(core.views, org.accountId),
        defaults: DEFAULT_QUOTAS,
      }),
  }),
  {
    method: "PUT",
    path: "/v1/quotas/{account}",
    operationId: "setQuotas",
    summary: "Sets limits of an org.",
    scope: "cloud:admin",
    headers: IDEMPOTENCY_HEADER,
    requestBody: NEW_QUOTAS,
    answer: answerOf(object({ limits: LIMITS }), "All limits of the org."),
    problems: ["NoSuchAccount", "ValidationFailed"],
    async handle(call, environment) {
      const accountId = call.params.account as CommandOf<"quota.set">["accountId"];
      const { limits } = await readMembers(call.request, NEW_QUOTAS);
      await execute(call, environment, { type: "quota.set", accountId, limits } as CommandOf<"quota.set">);
      return json({ limits: quotaLimits(environment.core.views, accountId) });
    },
  },
];

/** @throws ProblemError 404 NoSuchResource */
function nodeAt(idOrName: string, { core }: ApiEnvironment): string {
  for (const { nodeId, name } of core.views.records("node"))
    if (nodeId === idOrName || name === idOrName) return nodeId;
  throw new ProblemError({ status: 404, code: "NoSuchResource", title: "There is no such node." });
}

function shown(nodeId: string, { core, plans }: ApiEnvironment) {
  return {
    ...present.node(core.views.record("node", nodeId)!, core.views),
    connected: plans.agents.get(nodeId) !== undefined,
    blockers: drainBlockers(core.views, nodeId).map(({ instanceId, reason }) => ({ instance_id: instanceId, reason })),
  };
}
