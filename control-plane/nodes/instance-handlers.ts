/** What nodes say of their instances, and what people want of single ones. */
import { CLOUD_ORG, type Command, type InstanceRecord } from "#contracts";
import { type CommandHandlers, type NewEvent, refuse, stableJson } from "#control-plane/events";
import type { NodeDependencies } from "./dependencies.ts";

export type InstanceCommands = "instance.report" | "instance.restart" | "drill.record";

const DETAIL_MAX = 1_024;

/** What a drain that nobody has given a time takes at most. */
export const DRAIN_GRACE_SECONDS = 10;

const noSuchInstance = () => refuse("NoSuchResource", "There is no such instance");

/** What an instance has come to; it never comes back from it. */
export const hasEnded = ({ status }: Pick<InstanceRecord, "status">): boolean =>
  status === "stopped" || status === "failed";

export function createInstanceHandlers({ now, newId }: NodeDependencies): CommandHandlers<InstanceCommands> {
  return {
    "instance.report"(command, views) {
      const instance = views.record("instance", command.instanceId);
      if (instance === undefined || instance.nodeId !== command.nodeId) return noSuchInstance();
      const changes = changesOf(instance, command, now());
      if (changes === undefined) return { ok: true, events: [], result: {} };
      const { instanceId, accountId } = instance;
      const payload = { instanceId, ...changes };
      return {
        ok: true,
        events: [{ type: "instance.statusChanged", aggregateId: instanceId, org: accountId, payload }],
        result: {},
      };
    },

    "instance.restart"({ accountId, instanceId }, views) {
      const instance = views.record("instance", instanceId);
      if (instance === undefined || instance.accountId !== accountId) return noSuchInstance();
      if (hasEnded(instance)) return refuse("ResourceInUse", "The instance has ended already");
      if (instance.desiredState !== "running") return { ok: true, events: [], result: {} };
      return { ok: true, events: [drained(instance, "terminated_by_operator", now())], result: {} };
    },

    "drill.record"({ type: _, ...drill }) {
      const drillId = newId("drl_");
      const payload = { drillId, ...drill };
      return {
        ok: true,
        events: [{ type: "drill.recorded", aggregateId: drillId, org: CLOUD_ORG, payload }],
        result: { drillId },
      };
    },
  };
}

/** The event that tells an instance to drain. */
export function drained(
  { instanceId, accountId }: InstanceRecord,
  drainReason: string,
  drainingSince: number,
): NewEvent {
  const payload = {
    instanceId,
    desiredState: "draining",
    drainGraceSeconds: DRAIN_GRACE_SECONDS,
    drainingSince,
    drainReason,
  } as const;
  return { type: "instance.desiredStateChanged", aggregateId: instanceId, org: accountId, payload };
}

type Report = Extract<Command, { readonly type: "instance.report" }>;
type Reported = Pick<InstanceRecord, "status" | "restarts"> & {
  readonly [Member in "address" | "reason" | "detail" | "exitCode" | "readySince" | "endedAt"]?:
    | InstanceRecord[Member]
    | null;
};

/** The members that change; undefined when the same was said before, or when the instance has ended. */
function changesOf(instance: InstanceRecord, report: Report, at: number): Reported | undefined {
  if (hasEnded(instance)) return undefined;
  const said = {
    status: report.status,
    restarts: report.restarts,
    address: report.address,
    reason: report.reason,
    detail: report.detail?.slice(0, DETAIL_MAX),
    exitCode: report.exitCode,
  };
  const before = Object.fromEntries(Object.keys(said).map((name) => [name, instance[name as keyof InstanceRecord]]));
  if (stableJson(before) === stableJson(said)) return undefined;
  const changes: Record<string, unknown> = { status: said.status, restarts: said.restarts };
  for (const [name, value] of Object.entries(said)) {
    if (value === undefined && before[name] !== undefined) changes[name] = null;
    else if (value !== undefined && stableJson(before[name] ?? null) !== stableJson(value)) changes[name] = value;
  }
  if (report.status === "ready" && instance.status !== "ready") changes.readySince = at;
  if (report.status !== "ready" && instance.readySince !== undefined && report.status !== "draining") {
    changes.readySince = null;
  }
  if (report.status === "stopped" || report.status === "failed") changes.endedAt = at;
  return changes as unknown as Reported;
}
