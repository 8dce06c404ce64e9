/** What the gateways of a project shall serve: rolled out, halted, taken back. */
import { GATEWAY_DEPLOYMENT_STATUSES, type GatewayDeploymentRecord, ROLLOUT_STAGES_MAX } from "#contracts";
import { type CommandOf, groups } from "#control-plane/events";
import { currentDeployment, deploymentsOf } from "#control-plane/gateways/fleet";
import { type HttpResponse, json, ProblemError } from "#foundation/http";
import {
  answerOf,
  found,
  listSchema,
  PAGE,
  page,
  reads,
  recordSchema,
  renamed,
  writes,
} from "../applications/shared.ts";
import { invalidBody, readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { named } from "../named-schemas.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, moment, object, text } from "../schemas.ts";
import { groupAt } from "./data-plane-routes.ts";
import * as present from "./present.ts";
import { boolean, digest, listOf, newest, PROJECT, projectAt, recordAt } from "./shared.ts";

const DEPLOYMENT_PATH = `${PROJECT}/deployments/{deployment}`;

const STAGE = object(
  {
    percent: { type: "number", exclusiveMinimum: 0, maximum: 100, description: "Of all gateways; at least one." },
    groups: { ...listOf(text), description: "Groups that are reached as a whole, by id or name." },
    bake_seconds: { ...count, description: "How long they must do well before the next stage. Default 0." },
  },
  ["percent", "groups", "bake_seconds"],
);
const STRATEGY = named(
  "RolloutStrategy",
  object(
    {
      stages: {
        ...listOf(STAGE),
        minItems: 1,
        maxItems: ROLLOUT_STAGES_MAX,
        description: "Each reaches what those before have reached, and more; the last reaches 100 percent.",
      },
      error_rate_max: {
        type: "number",
        minimum: 0,
        maximum: 1,
        description: "Share of requests that may be answered with 500 or above. Absent: it is not looked at.",
      },
      requests_min: { ...count, description: "Fewer requests in a stage prove nothing. Default 0." },
      automatic_rollback: {
        ...boolean,
        description: "Back by itself when gateways do badly; else it halts. Default false.",
      },
    },
    ["error_rate_max", "requests_min", "automatic_rollback"],
  ),
);
const WANTED = object({ artifact_id: text, digest, generation: count });
const DEPLOYMENT = recordSchema(
  "GatewayDeployment",
  {
    org_id: text,
    project_id: text,
    deployment_kind: { enum: ["deploy", "rollback"] },
    artifact_id: text,
    digest,
    generation: { ...count, description: "Rises with every decision about what is served in a project." },
    current: { ...boolean, description: "It is the project's latest; the others are history." },
    strategy: STRATEGY,
    status: { enum: GATEWAY_DEPLOYMENT_STATUSES },
    stage: { ...count, description: "Index of the stage that is reached." },
    stage_started_at: moment,
    baseline: { ...WANTED, description: "What gateways serve that are not reached." },
    rollback_of: text,
    reason: text,
    finished_at: moment,
  },
  ["baseline", "rollback_of", "reason", "finished_at"],
);
const DEPLOY = object(
  {
    artifact_id: { ...text, description: "Default: the newest." },
    strategy: STRATEGY,
  },
  ["artifact_id", "strategy"],
);
const ROLLBACK = object({ artifact_id: { ...text, description: "Default: what was before." }, reason: text }, [
  "artifact_id",
  "reason",
]);
const HALT = object({ reason: text }, ["reason"]);
const ADVANCE = object({ stage: { ...count, description: "The one that was seen; another one is refused." } }, [
  "stage",
]);
const NOTHING = object({});
const PROBLEMS = ["NoSuchResource", "ValidationFailed"];
const UNDER_WAY = ["NoSuchResource", "RevisionMismatch", "ResourceInUse"];

export const DEPLOYMENT_ROUTES: readonly OrgRoute[] = [
  writes({
    method: "POST",
    path: `${PROJECT}/deploy`,
    operationId: "deployArtifact",
    summary: "Says which artifact the gateways of a project shall serve, and how it is rolled out.",
    description:
      "Without a strategy it is for all gateways at once. What is deployed everywhere already changes nothing.",
    scope: "deploys:write",
    requestBody: DEPLOY,
    answer: answerOf(DEPLOYMENT, "The deployment.", 202),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { accountId, projectId } = projectAt(call, environment);
      const members = await readMembers(call.request, DEPLOY);
      const artifactId = members.artifact_id ?? latestArtifact(environment, projectId);
      const strategy = strategyOf(call, environment, members.strategy);
      const given = strategy === undefined ? {} : { strategy };
      const command = { type: "gatewayDeployment.start", accountId, projectId, artifactId, ...given };
      const { deploymentId } = await execute(call, environment, command as CommandOf<"gatewayDeployment.start">);
      return shown(environment, deploymentId, 202);
    },
  }),
  writes({
    method: "POST",
    path: `${PROJECT}/rollback`,
    operationId: "rollBackArtifact",
    summary: "Goes back to what the gateways served before, or to the artifact that is named, all at once.",
    scope: "rollbacks:write",
    requestBody: ROLLBACK,
    answer: answerOf(DEPLOYMENT, "The deployment that goes back.", 202),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { accountId, projectId } = projectAt(call, environment);
      const members = await readMembers(call.request, ROLLBACK);
      const given = renamed(members, { artifact_id: "artifactId", reason: "reason" });
      const command = { type: "gatewayDeployment.rollback", accountId, projectId, ...given };
      const { deploymentId } = await execute(call, environment, command as CommandOf<"gatewayDeployment.rollback">);
      return shown(environment, deploymentId, 202);
    },
  }),
  reads({
    method: "GET",
    path: `${PROJECT}/deployments`,
    operationId: "listGatewayDeployments",
    summary: "Lists the deployments of a project.",
    scope: "gateways:read",
    query: PAGE,
    answer: answerOf(listSchema(DEPLOYMENT), "The current one first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { projectId } = projectAt(call, environment);
      const all = deploymentsOf(environment.core.views, projectId);
      return page(
        call,
        all,
        ({ deploymentId }) => deploymentId,
        (record) => present.deployment(record, record === all[0]),
      );
    },
  }),
  reads({
    method: "GET",
    path: DEPLOYMENT_PATH,
    operationId: "getGatewayDeployment",
    summary: "Shows a deployment: how far it is, and why it halted.",
    scope: "gateways:read",
    answer: answerOf(DEPLOYMENT, "The deployment."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => shown(environment, deploymentAt(call, environment).deploymentId),
  }),
  writes({
    method: "POST",
    path: `${DEPLOYMENT_PATH}/halt`,
    operationId: "haltGatewayDeployment",
    summary: "Halts a rollout in its stage.",
    scope: "deploys:write",
    requestBody: HALT,
    answer: answerOf(DEPLOYMENT, "The deployment."),
    problems: UNDER_WAY,
    async handle(call, environment) {
      const { accountId, deploymentId } = deploymentAt(call, environment);
      const members = await readMembers(call.request, HALT);
      const command = { type: "gatewayDeployment.halt", accountId, deploymentId, ...members };
      await execute(call, environment, command as CommandOf<"gatewayDeployment.halt">);
      return shown(environment, deploymentId);
    },
  }),
  writes({
    method: "POST",
    path: `${DEPLOYMENT_PATH}/resume`,
    operationId: "resumeGatewayDeployment",
    summary: "Goes on with a rollout that was halted: its stage begins anew.",
    scope: "deploys:write",
    requestBody: NOTHING,
    answer: answerOf(DEPLOYMENT, "The deployment."),
    problems: UNDER_WAY,
    async handle(call, environment) {
      const { accountId, deploymentId } = deploymentAt(call, environment);
      await readMembers(call.request, NOTHING);
      await execute(call, environment, { type: "gatewayDeployment.resume", accountId, deploymentId });
      return shown(environment, deploymentId);
    },
  }),
  writes({
    method: "POST",
    path: `${DEPLOYMENT_PATH}/advance`,
    operationId: "advanceGatewayDeployment",
    summary: "Takes a rollout to its next stage, whatever its gateways say; also out of a halt.",
    scope: "deploys:write",
    requestBody: ADVANCE,
    answer: answerOf(DEPLOYMENT, "The deployment."),
    problems: UNDER_WAY,
    async handle(call, environment) {
      const { accountId, deploymentId, stage } = deploymentAt(call, environment);
      const members = await readMembers(call.request, ADVANCE);
      const command = { type: "gatewayDeployment.advance", accountId, deploymentId, stage: members.stage ?? stage };
      await execute(call, environment, command as CommandOf<"gatewayDeployment.advance">);
      return shown(environment, deploymentId);
    },
  }),
];

function shown({ core }: ApiEnvironment, deploymentId: string, status = 200): HttpResponse {
  const record = found(core.views.record("gatewayDeployment", deploymentId), "deployment");
  const current = currentDeployment(core.views, record.projectId);
  return json(present.deployment(record, current?.deploymentId === deploymentId), status);
}

function deploymentAt(call: OrgCall, environment: ApiEnvironment): GatewayDeploymentRecord {
  const { deployment } = call.params;
  if (deployment !== "current") return recordAt(call, environment, "gatewayDeployment", deployment!, "deployment");
  return found(currentDeployment(environment.core.views, projectAt(call, environment).projectId), "deployment");
}

function latestArtifact({ core }: ApiEnvironment, projectId: string): string {
  const artifacts = core.views.inGroup("gatewayArtifact", groups.ofProject(projectId));
  const [latest] = newest(artifacts, ({ artifactId }) => artifactId);
  if (latest !== undefined) return latest.artifactId;
  throw new ProblemError({
    status: 404,
    code: "NoSuchResource",
    title: "The project has no artifact.",
    detail: "Upload a spec and compile it first.",
  });
}

/** The strategy in the words of commands: names of groups become ids, and members are there that have a default. What they say is checked with the command. */
function strategyOf(call: OrgCall, environment: ApiEnvironment, given: unknown): unknown {
  if (given === undefined) return undefined;
  const {
    stages,
    automatic_rollback: automaticRollback = false,
    ...limits
  } = structure(given, "strategy", STRATEGY.properties);
  if (!Array.isArray(stages)) throw invalidBody("strategy.stages must be a list.");
  return {
    stages: stages.map((stage: unknown, index) => {
      const at = `strategy.stages[${index}]`;
      const { percent, groups: named, bake_seconds: bakeSeconds = 0 } = structure(stage, at, STAGE.properties);
      if (named !== undefined && !Array.isArray(named)) throw invalidBody(`${at}.groups must be a list.`);
      return {
        ...(percent === undefined ? {} : { percent }),
        ...(named === undefined
          ? {}
          : { groups: named.map((group: unknown) => groupAt(call, environment, String(group)).groupId) }),
        bakeSeconds,
      };
    }),
    ...renamed(limits, { error_rate_max: "errorRateMax", requests_min: "requestsMin" }),
    automaticRollback,
  };
}

/** A structure without members that nobody knows: one that is misspelt must not pass for one that was left out. */
function structure(
  value: unknown,
  at: string,
  known: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidBody(`${at} must be a structure.`);
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return value as Readonly<Record<string, unknown>>;
  throw invalidBody(`${at} has a member that is not known here. Known: ${Object.keys(known).join(", ")}.`);
}
