/** Why: what people ask of an environment that does not do as they expect, answered from records and events. Pure. */
import type { EnvRecord, EventEnvelope, InstanceRecord } from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";
import { envStatusOf } from "./env-status.ts";

export interface Finding {
  readonly question: "not_serving" | "not_converging" | "restarted" | "what_changed";
  readonly answer: string;
  /** Ids of the events that say so. */
  readonly evidence: readonly number[];
  /** What to do. */
  readonly hint?: string;
}

/** So many changes are told. */
const CHANGES_TOLD = 10;

/** @param events of the environment, in order; the latest few hundred are enough */
export function explain(views: CatalogReader, env: EnvRecord, events: readonly EventEnvelope[]): readonly Finding[] {
  return [
    ...notServing(views, env),
    ...notConverging(views, env, events),
    ...restarted(views, env, events),
    ...changed(events),
  ];
}

function evidenceOf(events: readonly EventEnvelope[], matches: (event: EventEnvelope) => boolean): readonly number[] {
  return events
    .filter(matches)
    .slice(-3)
    .map(({ id }) => id);
}

function notServing(views: CatalogReader, env: EnvRecord): readonly Finding[] {
  const { processes, brokenRoutes } = envStatusOf(views, env);
  if (processes.length === 0) {
    return [
      { question: "not_serving", answer: "Nothing has been deployed here.", evidence: [], hint: "biplane deploy" },
    ];
  }
  return brokenRoutes.map(({ routeId, reason }) => {
    const route = views.record("route", routeId);
    const name = route?.hostname === undefined ? `port ${route?.listenPort}` : `${route.hostname}${route.path ?? ""}`;
    const scaled = reason.includes("scaled to zero");
    return {
      question: "not_serving",
      answer: `${name} is not served: ${reason}.`,
      evidence: [],
      ...(scaled ? { hint: `biplane scale ${route?.processType}=1` } : {}),
    };
  });
}

function notConverging(views: CatalogReader, env: EnvRecord, events: readonly EventEnvelope[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [processType, { reason, message }] of Object.entries(env.unschedulable)) {
    findings.push({
      question: "not_converging",
      answer: `${processType} has fewer instances than it should: ${reason}: ${message}.`,
      evidence: evidenceOf(events, ({ type }) => type === "env.schedulingChanged"),
      ...hintFor(reason),
    });
  }
  for (const deploy of views.inGroup("deploy", groups.inEnv(env.envId))) {
    const current = Object.values(env.desired).some(({ deployId }) => deployId === deploy.deployId);
    if (!current || deploy.status === "succeeded") continue;
    const why = deploy.message === undefined ? "" : `: ${deploy.message}`;
    findings.push({
      question: "not_converging",
      answer: `The deploy ${deploy.deployId} is ${deploy.status}${why}.`,
      evidence: evidenceOf(events, ({ aggregateId }) => aggregateId === deploy.deployId),
      ...(deploy.status === "failed"
        ? { hint: "biplane logs, then deploy a release that works, or biplane rollback" }
        : {}),
    });
  }
  return findings;
}

function hintFor(reason: string): { readonly hint?: string } {
  switch (reason) {
    case "no_capacity_memory":
      return { hint: "ask for less memory in biplane.toml, scale something down, or add a node" };
    case "secrets_missing":
      return { hint: "biplane secrets set NAME=VALUE" };
    case "crash_loop":
      return { hint: "biplane logs shows what the program said before it ended" };
    case "no_node_with_isolation":
      return { hint: "biplane nodes list shows what nodes offer" };
    case "org_quota_exceeded":
      return { hint: "biplane quotas shows the limits" };
    default:
      return {};
  }
}

function restarted(views: CatalogReader, env: EnvRecord, events: readonly EventEnvelope[]): readonly Finding[] {
  const instances = views.inGroup("instance", groups.inEnv(env.envId));
  return instances
    .filter(({ restarts, status }) => restarts > 0 || status === "failed")
    .map((instance) => ({
      question: "restarted" as const,
      answer: `${instance.processType} ${instance.instanceId} ${endOf(instance)}.`,
      evidence: evidenceOf(events, ({ aggregateId }) => aggregateId === instance.instanceId),
      ...(instance.reason === "oom_killed" ? { hint: "give it more memory: processes.….resources.memory" } : {}),
    }));
}

function endOf({ status, restarts, reason, detail, exitCode }: InstanceRecord): string {
  const times = restarts === 0 ? "" : `was started again ${restarts} ${restarts === 1 ? "time" : "times"}`;
  const code = exitCode === undefined ? "" : `, exit code ${exitCode}`;
  const why = reason === undefined ? "" : ` (${reason}${code}${detail === undefined ? "" : `: ${detail}`})`;
  if (status === "failed") return `${times === "" ? "failed" : `${times} and failed`}${why}`;
  return `${times}${why}`;
}

/** What people and programs have changed, the latest first. */
const CHANGES: Readonly<Record<string, string>> = {
  "deploy.created": "a release was deployed",
  "env.scaleSet": "it was scaled",
  "env.restartRequested": "a restart was asked for",
  "secretBundle.versionSet": "its secrets were changed",
  "route.created": "a route was made",
  "route.updated": "a route was changed",
  "route.deleted": "a route was taken away",
  "volumeAttachment.created": "a volume was attached",
  "volumeAttachment.deleted": "a volume was detached",
};

function changed(events: readonly EventEnvelope[]): readonly Finding[] {
  return events
    .filter(({ type }) => CHANGES[type] !== undefined)
    .slice(-CHANGES_TOLD)
    .reverse()
    .map(({ id, type, actor, occurredAt }) => ({
      question: "what_changed" as const,
      answer: `${new Date(occurredAt).toISOString()}: ${CHANGES[type]} by ${actor}.`,
      evidence: [id],
    }));
}
