/** What is stuck: states that should have passed by themselves and have not. Pure. */
import type { ExecSessionRecord, InstanceRecord } from "#contracts";
import { type CatalogReader, groups, type OwnedEvent, type QuarantinedEvent } from "#control-plane/events";
import { DRAIN_GRACE_SECONDS, hasEnded } from "#control-plane/nodes";

export const FINDING_KINDS = [
  "poison_event",
  "deploy_without_progress",
  "instance_drains_too_long",
  "instance_pending_too_long",
  "node_offline",
  "node_degraded",
  "snapshot_without_progress",
  "restore_without_progress",
  "volume_without_progress",
  "process_unschedulable",
  "exec_session_never_ended",
  "backup_stale",
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** What would be done about it: audited events, or the building anew of views. */
export type Remedy =
  | { readonly type: "events"; readonly summary: string; readonly events: readonly OwnedEvent[] }
  | { readonly type: "rebuild"; readonly summary: string; readonly view: string };

export interface Finding {
  /** `<kind>:<object>`; the same for the same thing. */
  readonly id: string;
  readonly kind: FindingKind;
  /** What it is about, as other commands name it. */
  readonly object: string;
  /** Since when, epoch milliseconds. */
  readonly since: number;
  readonly explanation: string;
  readonly remedy?: Remedy;
  /** What a person can do, where no event can. */
  readonly advice?: string;
}

const MINUTE = 60_000;
const DEPLOY_MS = 11 * MINUTE;
const PENDING_MS = 2 * MINUTE;
const DRAIN_EXTRA_MS = MINUTE;
const NODE_MS = 10 * MINUTE;
const JOB_MS = 60 * MINUTE;
const VOLUME_MS = 10 * MINUTE;
const UNSCHEDULABLE_MS = 10 * MINUTE;
const SESSION_EXTRA_MS = MINUTE;
/** Sessions end after an hour, see `data-plane/agent`. */
const SESSION_MS = 60 * MINUTE;
const BACKUP_MS = 36 * 60 * MINUTE;

/** Everything that is stuck now, by kind and object. */
export function findStuck(
  views: CatalogReader,
  quarantined: readonly QuarantinedEvent[],
  now: number,
): readonly Finding[] {
  return [
    ...poisonEvents(quarantined),
    ...deploys(views, now),
    ...instances(views, now),
    ...nodes(views, now),
    ...jobs(views, now),
    ...volumes(views, now),
    ...processes(views, now),
    ...sessions(views, now),
    ...backups(views, now),
  ].toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

const finding = (kind: FindingKind, object: string, rest: Omit<Finding, "id" | "kind" | "object">): Finding => ({
  id: `${kind}:${object}`,
  kind,
  object,
  ...rest,
});

const ago = (now: number, since: number): string => {
  const minutes = Math.round((now - since) / MINUTE);
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
};

function* poisonEvents(quarantined: readonly QuarantinedEvent[]): Generator<Finding> {
  for (const { eventId, view, reason } of quarantined) {
    yield finding("poison_event", `${view}/${eventId}`, {
      since: 0,
      explanation: `The view ${view} could not take the event ${eventId}: ${reason}. What the event said is missing there.`,
      remedy: {
        type: "rebuild",
        summary: `build the view ${view} anew from the log, with the program that runs now`,
        view,
      },
    });
  }
}

function* deploys(views: CatalogReader, now: number): Generator<Finding> {
  for (const deploy of views.inGroup("deploy", groups.ofDeploying())) {
    const { deployId, accountId, createdAt } = deploy;
    if (now - createdAt < DEPLOY_MS) continue;
    const message = "given up by the operator: it made no progress";
    const payload = { deployId, status: "failed", failedReason: "rollout_timeout", message, finishedAt: now } as const;
    yield finding("deploy_without_progress", deployId, {
      since: createdAt,
      explanation: `The deploy is ${deploy.status} for ${ago(now, createdAt)}; the scheduler ends every deploy after ten. Is the scheduler running?`,
      remedy: {
        type: "events",
        summary: "end the deploy as failed; what it wants stays wanted",
        events: [{ type: "deploy.statusChanged", aggregateId: deployId, org: accountId, payload }],
      },
    });
  }
}

function* instances(views: CatalogReader, now: number): Generator<Finding> {
  for (const instance of views.records("instance")) {
    if (hasEnded(instance)) continue;
    const { instanceId, nodeId, desiredState, status, createdAt } = instance;
    const drains = instance.drainingSince;
    const grace = (instance.drainGraceSeconds ?? DRAIN_GRACE_SECONDS) * 1_000;
    if (drains !== undefined && desiredState !== "running" && now - drains > grace + DRAIN_EXTRA_MS) {
      yield finding("instance_drains_too_long", instanceId, {
        since: drains,
        explanation: `It was told to end ${ago(now, drains)} ago (${instance.drainReason ?? "drained"}) and its node ${nodeId} has not said that it has.`,
        ...ended(views, instance, now),
      });
    } else if (status === "pending" && now - createdAt > PENDING_MS) {
      yield finding("instance_pending_too_long", instanceId, {
        since: createdAt,
        explanation: `It was given to the node ${nodeId} ${ago(now, createdAt)} ago, and the node has not begun with it.`,
        ...ended(views, instance, now),
      });
    }
  }
}

/** To count an instance as ended is safe where nothing of it can be left that writes: without volumes, its node destroys it when it sees that it is wanted no more. */
function ended(views: CatalogReader, instance: InstanceRecord, now: number): Pick<Finding, "remedy" | "advice"> {
  const { instanceId, accountId, mounts, nodeId } = instance;
  if (mounts.length > 0) {
    const name = views.record("node", nodeId)?.name ?? nodeId;
    return {
      advice: `It has a volume, so only its node may say that it has ended. Look at the node: biplane nodes show ${name}`,
    };
  }
  const payload = {
    instanceId,
    status: "failed",
    reason: "terminated_by_operator",
    detail: "counted as ended by the operator",
    endedAt: now,
  } as const;
  return {
    remedy: {
      type: "events",
      summary: "count it as ended; another one takes its place, and its node destroys what is left",
      events: [{ type: "instance.statusChanged", aggregateId: instanceId, org: accountId, payload }],
    },
  };
}

function* nodes(views: CatalogReader, now: number): Generator<Finding> {
  for (const { nodeId, name, health, healthReason, updatedAt } of views.records("node")) {
    if (health === "online" || now - updatedAt < NODE_MS) continue;
    const held = views.countInGroup("volume", groups.onNode(nodeId));
    yield finding(health === "offline" ? "node_offline" : "node_degraded", nodeId, {
      since: updatedAt,
      explanation: `The node ${name} is ${health} for ${ago(now, updatedAt)}${healthReason === undefined ? "" : `: ${healthReason}`}${held === 0 ? "" : `; it has ${held} volumes`}.`,
      advice:
        held === 0
          ? `Start its agent, or take it out: biplane nodes remove ${name}`
          : `Start its agent; what uses its volumes cannot run elsewhere. Restore from snapshots: biplane volumes restore`,
    });
  }
}

const isUnderWay = ({ status }: { readonly status: string }): boolean => status === "queued" || status === "running";

function* jobs(views: CatalogReader, now: number): Generator<Finding> {
  const failedReason = "given up by the operator: it made no progress";
  for (const snapshot of views.records("snapshot")) {
    if (!isUnderWay(snapshot) || now - snapshot.createdAt < JOB_MS) continue;
    const { snapshotId, accountId, createdAt, status } = snapshot;
    const payload = { snapshotId, status: "failed", failedReason, finishedAt: now } as const;
    yield finding("snapshot_without_progress", snapshotId, {
      since: createdAt,
      explanation: `The snapshot is ${status} for ${ago(now, createdAt)}.`,
      remedy: {
        type: "events",
        summary: "end the snapshot as failed, so that another one can be made",
        events: [{ type: "snapshot.statusChanged", aggregateId: snapshotId, org: accountId, payload }],
      },
    });
  }
  for (const job of views.records("restoreJob")) {
    if (!isUnderWay(job) || now - job.createdAt < JOB_MS) continue;
    const { restoreId, accountId, createdAt, status, newVolumeId } = job;
    const volume = views.record("volume", newVolumeId);
    const events: OwnedEvent[] = [
      {
        type: "restoreJob.statusChanged",
        aggregateId: restoreId,
        org: accountId,
        payload: { restoreId, status: "failed", failedReason, finishedAt: now },
      },
    ];
    if (volume?.state === "creating") events.push(volumeFailed(volume.volumeId, accountId, failedReason));
    yield finding("restore_without_progress", restoreId, {
      since: createdAt,
      explanation: `The restore is ${status} for ${ago(now, createdAt)}.`,
      remedy: { type: "events", summary: "end the restore as failed, and its volume with it", events },
    });
  }
}

const volumeFailed = (volumeId: string, org: InstanceRecord["accountId"], failedReason: string): OwnedEvent => ({
  type: "volume.stateChanged",
  aggregateId: volumeId,
  org,
  payload: { volumeId, state: "error", failedReason },
});

function* volumes(views: CatalogReader, now: number): Generator<Finding> {
  for (const { volumeId, accountId, name, state, updatedAt, homeNodeId, restoredFrom } of views.records("volume")) {
    if ((state !== "creating" && state !== "deleting") || now - updatedAt < VOLUME_MS) continue;
    // A restore takes as long as it takes, and is looked at above.
    if (state === "creating" && restoredFrom !== undefined) continue;
    const explanation = `The volume ${name} is ${state} for ${ago(now, updatedAt)}; its node is ${homeNodeId}.`;
    yield finding("volume_without_progress", volumeId, {
      since: updatedAt,
      explanation,
      ...(state === "creating"
        ? {
            remedy: {
              type: "events",
              summary: "mark the volume as failed, so that it can be deleted",
              events: [volumeFailed(volumeId, accountId, "its node has not made it in time")],
            },
          }
        : { advice: "Its bytes are on the node: start the node's agent, which deletes them." }),
    });
  }
}

function* processes(views: CatalogReader, now: number): Generator<Finding> {
  for (const { envId, appId, name, unschedulable, updatedAt } of views.records("env")) {
    if (now - updatedAt < UNSCHEDULABLE_MS) continue;
    for (const [type, { reason, message }] of Object.entries(unschedulable)) {
      const app = views.record("app", appId)?.name ?? appId;
      yield finding("process_unschedulable", `${envId}/${type}`, {
        since: updatedAt,
        explanation: `${app}/${name} ${type} cannot be placed for ${ago(now, updatedAt)}: ${reason}: ${message}`,
        advice: `biplane why --app ${app} --env ${name}`,
      });
    }
  }
}

function* sessions(views: CatalogReader, now: number): Generator<Finding> {
  for (const session of views.records("execSession")) {
    const until = untilWhen(session);
    if (session.status === "ended" || now - until < SESSION_EXTRA_MS) continue;
    const { execSessionId, accountId, status, createdAt } = session;
    const endReason = status === "granted" ? "connect_timeout" : "timeout";
    const payload = { execSessionId, status: "ended", endedAt: now, endReason } as const;
    yield finding("exec_session_never_ended", execSessionId, {
      since: createdAt,
      explanation: `The session is ${status} and should have ended ${ago(now, until)} ago.`,
      remedy: {
        type: "events",
        summary: "end it; its node ends the command when it sees that",
        events: [{ type: "execSession.ended", aggregateId: execSessionId, org: accountId, payload }],
      },
    });
  }
}

const untilWhen = ({ status, connectedAt, expiresAt }: ExecSessionRecord): number =>
  status === "connected" ? (connectedAt ?? expiresAt) + SESSION_MS : expiresAt;

/** Only where backups are made at all. */
function* backups(views: CatalogReader, now: number): Generator<Finding> {
  let last: { readonly passed: boolean; readonly createdAt: number; readonly detail: string } | undefined;
  for (const drill of views.records("drill")) if (last === undefined || drill.createdAt > last.createdAt) last = drill;
  if (last === undefined || (last.passed && now - last.createdAt < BACKUP_MS)) return;
  yield finding("backup_stale", "last", {
    since: last.createdAt,
    explanation: last.passed
      ? `The last backup that was proved is ${ago(now, last.createdAt)} old.`
      : `The last backup did not prove good: ${last.detail}`,
    advice: "biplane admin backup DIR, then biplane admin verify-backup DIR",
  });
}
