/** Deploys: begun, and brought to an end that is reached and not assumed. Pure. */
import type { DeployFailure, DeployRecord, InstanceRecord } from "#contracts";
import { type CatalogReader, groups, type OwnedEvent } from "#control-plane/events";
import { hasEnded } from "#control-plane/nodes";
import type { SchedulerSettings } from "./settings.ts";
import { type GroupSpec, groupSpecOf } from "./workload-group.ts";

/** What a deploy has come to. */
type Outcome =
  | { readonly status: "rolling"; readonly message: string | undefined }
  | { readonly status: "succeeded"; readonly message: string }
  | { readonly status: "failed"; readonly failedReason: DeployFailure; readonly message: string };

/** The events of all deploys that are under way. */
export function planDeploys(views: CatalogReader, now: number, settings: SchedulerSettings): readonly OwnedEvent[] {
  return views.inGroup("deploy", groups.ofDeploying()).flatMap((deploy) => {
    const outcome = outcomeOf(views, deploy, now, settings);
    if (outcome.status === "rolling") {
      if (deploy.status === "rolling" && deploy.message === outcome.message) return [];
      return [changed(deploy, { status: "rolling", message: outcome.message ?? null })];
    }
    return [changed(deploy, { ...outcome, finishedAt: now })];
  });
}

function changed({ deployId, accountId }: DeployRecord, changes: object): OwnedEvent {
  // The members are those that a deploy's status is made of.
  const payload = { deployId, ...changes } as { readonly deployId: string; readonly status: DeployRecord["status"] };
  return { type: "deploy.statusChanged", aggregateId: deployId, org: accountId, payload, correlationId: deployId };
}

interface Progress {
  readonly spec: GroupSpec;
  readonly matching: readonly InstanceRecord[];
  readonly ready: number;
  readonly others: number;
  readonly failures: readonly InstanceRecord[];
}

function outcomeOf(views: CatalogReader, deploy: DeployRecord, now: number, settings: SchedulerSettings): Outcome {
  const parts = deploy.processTypes.flatMap(
    (processType) => progressOf(views, deploy, processType, now, settings) ?? [],
  );
  if (parts.length > 0 && parts.every(isDone)) {
    const fresh = parts.some(({ matching }) => matching.some((one) => one.deployId === deploy.deployId));
    const whole = parts.map(({ spec, ready }) => `${spec.processType} ${ready}/${spec.count}`).join(", ");
    return {
      status: "succeeded",
      message: fresh || parts.every(({ spec }) => spec.count === 0) ? whole : `${whole}; nothing had to change`,
    };
  }
  if (parts.length === 0) return failed("env_deleted", "nothing of it is wanted any more");
  // An instance that is given up for its own restarts has had as many tries as several that were replaced.
  const looping = parts.find(
    ({ failures }) =>
      failures.length > settings.replacementsMax || failures.some(({ reason }) => reason === "crash_loop_backoff"),
  );
  if (looping !== undefined) {
    const { reason = "exited", detail, exitCode } = looping.failures[0]!;
    const why = [
      reason,
      ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
      ...(detail === undefined ? [] : [detail]),
    ];
    const times = looping.failures.length === 1 ? "" : ` ${looping.failures.length} times`;
    return failed("crash_loop", `${looping.spec.processType} failed${times}: ${why.join(", ")}`);
  }
  const slow = parts.flatMap(({ spec, matching }) =>
    matching.flatMap((one) => (isSlow(one, spec, deploy, now, settings) ? [{ one, spec }] : [])),
  )[0];
  if (slow !== undefined) {
    const { reason, detail } = slow.one;
    const why = reason === undefined ? "" : ` (${reason}${detail === undefined ? "" : `: ${detail}`})`;
    const seconds = Math.round((now - slow.one.createdAt) / 1000);
    return failed("startup_timeout", `an instance of ${slow.spec.processType} was not ready after ${seconds} s${why}`);
  }
  const env = views.record("env", deploy.envId);
  const blocked = parts
    .map(({ spec }) => ({ spec, why: env?.unschedulable[spec.processType] }))
    .find(({ why }) => why !== undefined);
  const message =
    blocked === undefined
      ? troubleOf(parts)
      : `${blocked.spec.processType}: ${blocked.why!.reason}: ${blocked.why!.message}`;
  if (now - deploy.createdAt > settings.rolloutTimeoutMs) {
    const minutes = Math.round(settings.rolloutTimeoutMs / 60_000);
    return blocked === undefined
      ? failed("rollout_timeout", `it has not converged within ${minutes} minutes`)
      : failed("unschedulable", message!);
  }
  return { status: "rolling", message };
}

/** What goes wrong so far, for who watches. */
function troubleOf(parts: readonly Progress[]): string | undefined {
  for (const { spec, matching } of parts) {
    const again = matching.find(({ restarts, status }) => restarts > 0 && status !== "ready");
    if (again !== undefined) {
      const why = [again.reason, again.detail].filter((part) => part !== undefined).join(", ");
      return `${spec.processType} does not stay up${why === "" ? "" : `: ${why}`}`;
    }
  }
  return undefined;
}

const failed = (failedReason: DeployFailure, message: string): Outcome => ({ status: "failed", failedReason, message });

/** Undefined for a process type that a later deploy has taken over. */
function progressOf(
  views: CatalogReader,
  { envId, deployId, createdAt }: DeployRecord,
  processType: string,
  now: number,
  settings: SchedulerSettings,
): Progress | undefined {
  const spec = groupSpecOf(views, envId, processType);
  if (spec === undefined || spec.deployId !== deployId) return undefined;
  const all = views.inGroup("instance", groups.ofProcess(envId, processType));
  const live = all.filter((instance) => !hasEnded(instance));
  const matching = live.filter((one) => one.specHash === spec.specHash && one.desiredState === "running");
  const { policy } = spec.process.restart;
  const completed = all.filter(
    (one) =>
      policy !== "always" &&
      one.status === "stopped" &&
      one.desiredState === "running" &&
      one.specHash === spec.specHash &&
      (policy === "never" || one.exitCode === 0),
  ).length;
  const since = Math.max(createdAt, now - settings.replacementWindowMs);
  const failures = all
    .filter((one) => one.status === "failed" && one.specHash === spec.specHash && one.reason !== "node_lost")
    .filter(({ endedAt = 0 }) => endedAt >= since)
    .sort((left, right) => (right.endedAt ?? 0) - (left.endedAt ?? 0));
  return {
    spec,
    matching,
    ready: matching.filter(({ status }) => status === "ready").length + completed,
    others: live.length - matching.length,
    failures,
  };
}

const isDone = ({ spec, ready, others, matching }: Progress): boolean =>
  ready === spec.count && others === 0 && matching.every(({ status }) => status === "ready");

function isSlow(
  { status, createdAt, deployId }: InstanceRecord,
  { process }: GroupSpec,
  deploy: DeployRecord,
  now: number,
  settings: SchedulerSettings,
): boolean {
  if (status === "ready" || deployId !== deploy.deployId) return false;
  // What the manifest gives a program to start, and to prepare, is not counted against it.
  const prestart = process.prestart.reduce((seconds, { timeoutSeconds }) => seconds + timeoutSeconds, 0);
  const given = ((process.health?.grace_period_seconds ?? 0) + prestart) * 1000;
  return now - createdAt > settings.startupTimeoutMs + given;
}
