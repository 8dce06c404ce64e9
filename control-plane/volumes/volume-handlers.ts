/** Volumes, what they are attached to, their snapshots, and what is restored from them. */
import type { NodeRecord, SnapshotRecord, VolumeCommand, VolumeRecord } from "#contracts";
import {
  noSuch,
  owned,
  processOf,
  quotaExceeded,
  quotaLimits,
  quotaProblem,
  versionProblem,
} from "#control-plane/applications";
import {
  type CatalogReader,
  type CommandHandlers,
  groups,
  type NewEvent,
  type Refusal,
  refuse,
} from "#control-plane/events";
import { hasEnded } from "#control-plane/nodes";

export interface VolumeDependencies {
  readonly newId: (prefix: "vol_" | "vat_" | "snp_" | "rst_") => string;
  readonly now: () => number;
  /** A data key for a backup, locked; what the backup is of is part of the lock. */
  readonly newSnapshotKey: (snapshot: Pick<SnapshotRecord, "accountId" | "volumeId" | "snapshotId">) => string;
}

const GIB = 1024 ** 3;
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NOTE_MAX = 256;
const RESERVED_PATHS = ["/proc", "/sys", "/dev", "/run/secrets"];

const done = { ok: true, events: [], result: {} } as const;

export function createVolumeHandlers(dependencies: VolumeDependencies): CommandHandlers<VolumeCommand["type"]> {
  const { newId, now, newSnapshotKey } = dependencies;
  return {
    "volume.create"(command, views) {
      const { accountId, name, sizeBytes, backupEnabled = true } = command;
      if (views.account(accountId) === undefined) return refuse("NoSuchAccount", "There is no such account");
      const problem = volumeProblem(name, sizeBytes);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (views.inGroup("volume", groups.named(accountId, name)).length > 0) {
        return refuse("ResourceAlreadyExists", `name: there is a volume named ${name} already`);
      }
      const over = quotaProblem(views, accountId, { volumes: 1, total_volume_bytes: sizeBytes });
      if (over !== undefined) return over;
      const home = homeFor(views, sizeBytes, command.nodeId);
      if ("ok" in home) return home;
      const volumeId = newId("vol_");
      const payload = {
        volumeId,
        accountId,
        name,
        sizeBytes,
        backupEnabled,
        homeNodeId: home.nodeId,
        filesystem: "ext4",
        state: "creating",
      } as const;
      return {
        ok: true,
        events: [{ type: "volume.created", aggregateId: volumeId, org: accountId, payload }],
        result: { volumeId },
      };
    },

    "volume.delete"(command, views) {
      const { accountId, volumeId } = command;
      const volume = owned(views, "volume", accountId, volumeId);
      if (volume === undefined) return noSuch("volume");
      const stale = versionProblem(volume, command);
      if (stale !== undefined) return stale;
      const [attachment] = views.inGroup("volumeAttachment", groups.ofVolume(volumeId));
      if (attachment !== undefined) {
        return refuse(
          "ResourceInUse",
          `The volume is attached to ${attachment.processType} at ${attachment.mountPath}: detach it first`,
        );
      }
      if (inUse(views, volume) !== undefined) return refuse("ResourceInUse", "An instance still uses the volume");
      if (volume.state === "deleting") return done;
      const payload = { volumeId, state: "deleting", failedReason: null } as const;
      return {
        ok: true,
        events: [{ type: "volume.stateChanged", aggregateId: volumeId, org: accountId, payload }],
        result: {},
      };
    },

    "volumeAttachment.create"(command, views) {
      const { accountId, volumeId, envId, processType, mountPath, readOnly = false } = command;
      const volume = owned(views, "volume", accountId, volumeId);
      if (volume === undefined) return noSuch("volume");
      const env = owned(views, "env", accountId, envId);
      if (env === undefined) return noSuch("environment");
      if (!/^[a-z][a-z0-9-]{0,31}$/.test(processType))
        return refuse("ValidationFailed", "processType must be the name of a process of the manifest");
      const problem = pathProblem(mountPath);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (volume.state === "deleting") return refuse("ResourceInUse", "The volume is being deleted");
      const [existing] = views.inGroup("volumeAttachment", groups.ofVolume(volumeId));
      if (existing !== undefined) {
        return refuse(
          "ResourceInUse",
          `The volume is attached to ${existing.processType} at ${existing.mountPath}: a volume has one writer`,
        );
      }
      const siblings = views.inGroup("volumeAttachment", groups.ofProcess(envId, processType));
      if (siblings.some((one) => one.mountPath === mountPath)) {
        return refuse("ResourceAlreadyExists", `mountPath: another volume is attached at ${mountPath}`);
      }
      const elsewhere = siblings.find((one) => views.record("volume", one.volumeId)?.homeNodeId !== volume.homeNodeId);
      if (elsewhere !== undefined) {
        return refuse(
          "ValidationFailed",
          "volumeId: the process has a volume on another node, and an instance is on one node",
        );
      }
      const desired = Object.hasOwn(env.desired, processType) ? env.desired[processType] : undefined;
      const release = desired === undefined ? undefined : views.record("release", desired.releaseId);
      if (
        (env.scale[processType] ?? 0) > 1 ||
        (release !== undefined && (processOf(release, processType)?.scaling.min ?? 1) > 1)
      ) {
        return refuse(
          "ValidationFailed",
          "processType: it has more than one instance, and a volume has one writer: scale it to 1 first",
        );
      }
      const over = quotaProblem(views, accountId, { volume_attachments: 1 });
      if (over !== undefined) return over;
      const attachmentId = newId("vat_");
      const payload = { attachmentId, accountId, volumeId, appId: env.appId, envId, processType, mountPath, readOnly };
      return {
        ok: true,
        events: [{ type: "volumeAttachment.created", aggregateId: attachmentId, org: accountId, payload }],
        result: { attachmentId },
      };
    },

    "volumeAttachment.delete"({ accountId, attachmentId }, views) {
      const attachment = owned(views, "volumeAttachment", accountId, attachmentId);
      if (attachment === undefined) return noSuch("attachment");
      const volume = views.record("volume", attachment.volumeId);
      const user = volume === undefined ? undefined : inUse(views, volume);
      if (user !== undefined) {
        return refuse(
          "ResourceInUse",
          `The instance ${user} uses the volume: scale ${attachment.processType} to 0 first`,
        );
      }
      const payload = { attachmentId };
      return {
        ok: true,
        events: [{ type: "volumeAttachment.deleted", aggregateId: attachmentId, org: accountId, payload }],
        result: {},
      };
    },

    "snapshot.create"({ accountId, volumeId, note }, views) {
      const volume = owned(views, "volume", accountId, volumeId);
      if (volume === undefined) return noSuch("volume");
      if (note !== undefined && note.length > NOTE_MAX)
        return refuse("ValidationFailed", `note must have ${NOTE_MAX} characters at most`);
      if (volume.state !== "available") return refuse("ResourceInUse", `The volume is ${volume.state}`);
      const all = views.inGroup("snapshot", groups.ofVolume(volumeId));
      if (all.some(isUnderWay))
        return refuse("ResourceInUse", "snapshot_in_progress: one snapshot of a volume at a time");
      const limit = quotaLimits(views, accountId).snapshots_per_volume;
      if (all.length >= limit) return quotaExceeded("snapshots_per_volume", limit, all.length, 1);
      const snapshotId = newId("snp_");
      const names = { snapshotId, accountId, volumeId };
      const payload = {
        ...names,
        nodeId: volume.homeNodeId,
        status: "queued",
        wrappedKey: newSnapshotKey(names),
        ...(note === undefined ? {} : { note }),
      } as const;
      return {
        ok: true,
        events: [{ type: "snapshot.created", aggregateId: snapshotId, org: accountId, payload }],
        result: { snapshotId },
      };
    },

    "snapshot.delete"({ accountId, snapshotId }, views) {
      const snapshot = owned(views, "snapshot", accountId, snapshotId);
      if (snapshot === undefined) return noSuch("snapshot");
      if (isUnderWay(snapshot)) return refuse("ResourceInUse", "The snapshot is being made");
      for (const job of views.records("restoreJob")) {
        if (job.snapshotId === snapshotId && isUnderWay(job))
          return refuse("ResourceInUse", "A volume is being restored from it");
      }
      return {
        ok: true,
        events: [{ type: "snapshot.deleted", aggregateId: snapshotId, org: accountId, payload: { snapshotId } }],
        result: {},
      };
    },

    "restoreJob.create"({ accountId, snapshotId, newVolumeName, nodeId }, views) {
      const snapshot = owned(views, "snapshot", accountId, snapshotId);
      if (snapshot === undefined) return noSuch("snapshot");
      if (snapshot.status !== "succeeded")
        return refuse("ResourceInUse", `snapshot_not_succeeded: it is ${snapshot.status}`);
      const source = views.record("volume", snapshot.volumeId);
      const sizeBytes = Math.max(GIB, source?.sizeBytes ?? snapshot.sizeBytes ?? GIB);
      const name = newVolumeName ?? `${source?.name ?? "volume"}-restored-${snapshotId.slice(-6)}`;
      const problem = volumeProblem(name, sizeBytes);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (views.inGroup("volume", groups.named(accountId, name)).length > 0) {
        return refuse("ResourceAlreadyExists", `newVolumeName: there is a volume named ${name} already`);
      }
      const over = quotaProblem(views, accountId, { volumes: 1, total_volume_bytes: sizeBytes });
      if (over !== undefined) return over;
      const home = homeFor(views, sizeBytes, nodeId ?? snapshot.nodeId);
      if ("ok" in home) return home;
      const restoreId = newId("rst_");
      const newVolumeId = newId("vol_");
      const volume = {
        volumeId: newVolumeId,
        accountId,
        name,
        sizeBytes,
        backupEnabled: true,
        homeNodeId: home.nodeId,
        filesystem: "ext4",
        state: "creating",
        restoredFrom: snapshotId,
      } as const;
      const job = {
        restoreId,
        accountId,
        snapshotId,
        sourceVolumeId: snapshot.volumeId,
        newVolumeId,
        nodeId: home.nodeId,
        status: "queued",
      } as const;
      return {
        ok: true,
        events: [
          { type: "volume.created", aggregateId: newVolumeId, org: accountId, payload: volume },
          { type: "restoreJob.created", aggregateId: restoreId, org: accountId, payload: job },
        ],
        result: { restoreId, newVolumeId },
      };
    },

    "volume.report"({ nodeId, volumeId, state, failedReason }, views) {
      const volume = views.record("volume", volumeId);
      if (volume === undefined || volume.homeNodeId !== nodeId) return noSuch("volume");
      const { accountId } = volume;
      if (state === "deleted") {
        if (volume.state !== "deleting")
          return refuse("ResourceInUse", "Nobody has asked for the volume to be deleted");
        return {
          ok: true,
          events: [{ type: "volume.deleted", aggregateId: volumeId, org: accountId, payload: { volumeId } }],
          result: {},
        };
      }
      if (volume.state === "deleting" || volume.state === state) return done;
      const payload = { volumeId, state, failedReason: failedReason ?? null };
      return {
        ok: true,
        events: [{ type: "volume.stateChanged", aggregateId: volumeId, org: accountId, payload }],
        result: {},
      };
    },

    "snapshot.report"({ type: _, nodeId, snapshotId, ...said }, views) {
      const snapshot = views.record("snapshot", snapshotId);
      if (snapshot === undefined || snapshot.nodeId !== nodeId) return noSuch("snapshot");
      if (!isUnderWay(snapshot) || snapshot.status === said.status) return done;
      const finished = said.status === "running" ? {} : { finishedAt: now() };
      const payload = { snapshotId, ...said, ...finished };
      return {
        ok: true,
        events: [{ type: "snapshot.statusChanged", aggregateId: snapshotId, org: snapshot.accountId, payload }],
        result: {},
      };
    },

    "restoreJob.report"({ type: _, nodeId, restoreId, ...said }, views) {
      const job = views.record("restoreJob", restoreId);
      if (job === undefined || job.nodeId !== nodeId) return noSuch("restore");
      if (!isUnderWay(job) || job.status === said.status) return done;
      const finished = said.status === "running" ? {} : { finishedAt: now() };
      const events: NewEvent[] = [
        {
          type: "restoreJob.statusChanged",
          aggregateId: restoreId,
          org: job.accountId,
          payload: { restoreId, ...said, ...finished },
        },
      ];
      return { ok: true, events, result: {} };
    },
  };
}

const isUnderWay = ({ status }: { readonly status: string }): boolean => status === "queued" || status === "running";

function volumeProblem(name: string, sizeBytes: number): string | undefined {
  if (!NAME.test(name))
    return "name must be 1 to 63 lower-case letters, digits and hyphens, and begin and end with a letter or digit";
  return sizeBytes >= GIB ? undefined : `sizeBytes must be at least ${GIB} (1 GiB)`;
}

function pathProblem(path: string): string | undefined {
  const sound =
    path.startsWith("/") &&
    path !== "/" &&
    !path.endsWith("/") &&
    !path
      .split("/")
      .slice(1)
      .some((part) => part === "" || part === "." || part === "..");
  if (!sound) return "mountPath must be an absolute path without empty, . and .. parts, and not /";
  const reserved = RESERVED_PATHS.find((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  return reserved === undefined ? undefined : `mountPath must not be in ${reserved}`;
}

/** The instance that has a volume now. */
function inUse(views: CatalogReader, { volumeId, homeNodeId }: VolumeRecord): string | undefined {
  return views
    .inGroup("instance", groups.onNode(homeNodeId))
    .find((instance) => !hasEnded(instance) && instance.mounts.some((mount) => mount.volumeId === volumeId))
    ?.instanceId;
}

/** The node that was named, or the one with the most room. */
function homeFor(views: CatalogReader, sizeBytes: number, nodeId: string | undefined): NodeRecord | Refusal {
  const usable = [...views.records("node")].filter(({ intent, health }) => intent === "active" && health === "online");
  if (nodeId !== undefined) {
    const node = usable.find((one) => one.nodeId === nodeId || one.name === nodeId);
    return node ?? refuse("NoSuchResource", "nodeId: there is no active node of this id or name");
  }
  const free = (node: NodeRecord): number =>
    node.allocatable.diskBytes -
    views.inGroup("volume", groups.onNode(node.nodeId)).reduce((sum, volume) => sum + volume.sizeBytes, 0);
  const [best] = usable.sort((left, right) => free(right) - free(left) || (left.nodeId < right.nodeId ? -1 : 1));
  if (best === undefined) return refuse("ResourceInUse", "no_nodes_active: no node is active and online");
  if (free(best) < sizeBytes) return refuse("ResourceInUse", "no_capacity_disk: no node has so much disk left");
  return best;
}
