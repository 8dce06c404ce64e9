/** How an environment is, and why. */
import type { EventEnvelope, EventId } from "#contracts";
import { envStatusOf, explain } from "#control-plane/applications";
import { groups } from "#control-plane/events";
import { json } from "#foundation/http";
import type { ApiEnvironment } from "../environment.ts";
import { named } from "../named-schemas.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import { DEPLOY } from "./release-routes.ts";
import { answerOf, appAt, ENV, envAt, reads, UNSCHEDULABLE } from "./shared.ts";

const STATE = { enum: ["healthy", "degraded", "failing", "idle"] };
const STATUS = named(
  "EnvStatus",
  object({
    app: object({ id: text, name: text }),
    env: object({ id: text, name: text }),
    status: STATE,
    processes: {
      type: "array",
      items: object({
        process_type: text,
        release_id: text,
        release_number: { type: ["integer", "null"] },
        desired: count,
        ready: count,
        live: count,
        unschedulable: { anyOf: [UNSCHEDULABLE, { type: "null" }] },
      }),
    },
    routes: {
      type: "array",
      items: object({
        id: text,
        protocol: text,
        url: { type: ["string", "null"] },
        problem: { type: ["string", "null"] },
      }),
    },
    last_deploy: { anyOf: [DEPLOY, { type: "null" }] },
  }),
);
const FINDING = named(
  "Explanation",
  object(
    {
      question: { enum: ["not_serving", "not_converging", "restarted", "what_changed"] },
      answer: text,
      evidence: { type: "array", items: count },
      hint: text,
    },
    ["hint"],
  ),
);

/** Events that an answer to "why" looks at: those of the last while. */
const EVENTS_LOOKED_AT = 2_000;

export const STATUS_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: `${ENV}/status`,
    operationId: "getEnvStatus",
    summary: "How an environment is: releases, instances, routes with their URLs, the last deploy.",
    scope: "envs:read",
    answer: answerOf(STATUS, "As of now."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(statusOf(call, environment)),
  }),
  reads({
    method: "GET",
    path: `${ENV}/why`,
    operationId: "explainEnv",
    summary: "Why it is not served, why it does not converge, why something was started again, what has changed.",
    scope: "envs:read",
    answer: answerOf(
      object({ env_id: text, status: STATE, findings: { type: "array", items: FINDING } }),
      "Findings, with the ids of the events that say so.",
    ),
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const env = envAt(call, environment);
      const { views } = environment.core;
      const events = await recentEvents(call, environment, env.envId);
      const { status } = envStatusOf(views, env);
      return json({ env_id: env.envId, status, findings: explain(views, env, events) });
    },
  }),
];

function statusOf(call: OrgCall, environment: ApiEnvironment) {
  const app = appAt(call, environment);
  const env = envAt(call, environment);
  const { views } = environment.core;
  const { status, processes, brokenRoutes } = envStatusOf(views, env);
  const problems = new Map(brokenRoutes.map(({ routeId, reason }) => [routeId, reason]));
  const deploys = views.inGroup("deploy", groups.inEnv(env.envId));
  const last = [...deploys].sort((left, right) => right.createdAt - left.createdAt)[0];
  return {
    app: { id: app.appId, name: app.name },
    env: { id: env.envId, name: env.name },
    status,
    processes: processes.map((one) => ({
      process_type: one.processType,
      release_id: one.releaseId,
      release_number: one.releaseNumber ?? null,
      desired: one.desired,
      ready: one.ready,
      live: one.live,
      unschedulable: one.unschedulable ?? null,
    })),
    routes: views.inGroup("route", groups.inEnv(env.envId)).map((route) => ({
      id: route.routeId,
      protocol: route.protocol,
      url: urlOf(environment, route),
      problem: problems.get(route.routeId) ?? null,
    })),
    last_deploy: last === undefined ? null : present.deploy(last),
  };
}

/** Where people find a route, by an edge that is connected now. */
export function urlOf(
  { plans }: Pick<ApiEnvironment, "plans">,
  route: {
    readonly protocol: string;
    readonly hostname?: string;
    readonly path?: string;
    readonly listenPort?: number;
  },
): string | null {
  const base = plans.edges.list().flatMap(({ status }) => status?.httpUrl ?? [])[0];
  if (base === undefined) return null;
  const { port, hostname } = new URL(base);
  if (route.protocol === "tcp_raw") return `tcp://${hostname}:${route.listenPort}`;
  if (route.protocol !== "http") return `tls://${route.hostname}`;
  const suffix = port === "" || port === "80" ? "" : `:${port}`;
  return `http://${route.hostname}${suffix}${route.path === "/" ? "" : (route.path ?? "")}`;
}

/** The latest events that name the environment. */
async function recentEvents(
  { org }: OrgCall,
  { core }: ApiEnvironment,
  envId: string,
): Promise<readonly EventEnvelope[]> {
  const events: EventEnvelope[] = [];
  let cursor = Math.max(0, core.head - EVENTS_LOOKED_AT) as EventId;
  while (cursor < core.head) {
    const batch = await core.events.read(cursor, 1_000);
    if (batch.length === 0) break;
    for (const event of batch) {
      cursor = event.id;
      if (event.org === org.accountId && concerns(event, envId, core)) events.push(event);
    }
  }
  return events;
}

function concerns(
  { payload, aggregateType, aggregateId }: EventEnvelope,
  envId: string,
  { views }: ApiEnvironment["core"],
): boolean {
  if ("envId" in payload && payload.envId === envId) return true;
  const record = views.record(aggregateType, aggregateId);
  return record !== undefined && "envId" in record && record.envId === envId;
}
