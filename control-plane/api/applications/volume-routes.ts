/** Volumes of an org, what they are attached to, their snapshots, and what is restored from them. */
import { owned } from "#control-plane/applications";
import { type CommandOf, groups } from "#control-plane/events";
import { json } from "#foundation/http";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { DONE, done } from "../orgs/shared.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, moment, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import {
  answerOf,
  ENV,
  EXPECTED_VERSION,
  envAt,
  found,
  listSchema,
  PAGE,
  page,
  reads,
  recordSchema,
  renamed,
  writes,
} from "./shared.ts";

const VOLUMES = "/v1/orgs/{org}/volumes";
const VOLUME_PATH = `${VOLUMES}/{volume}`;

const flag = { type: "boolean" };
const ATTACHMENT = recordSchema("VolumeAttachment", {
  org_id: text,
  volume_id: text,
  app_id: text,
  env_id: text,
  process_type: text,
  mount_path: text,
  read_only: flag,
});
const VOLUME = recordSchema(
  "Volume",
  {
    org_id: text,
    name: text,
    size_bytes: count,
    filesystem: text,
    backup_enabled: flag,
    home_node_id: text,
    state: { enum: ["creating", "available", "deleting", "error"] },
    failed_reason: text,
    restored_from: text,
    attachments: { type: "array", items: ATTACHMENT },
  },
  ["failed_reason", "restored_from"],
);
const STATUS = { enum: ["queued", "running", "succeeded", "failed"] };
const SNAPSHOT = recordSchema(
  "Snapshot",
  {
    org_id: text,
    volume_id: text,
    node_id: text,
    status: STATUS,
    note: text,
    consistency: { enum: ["crash", "quiesced"] },
    size_bytes: count,
    plaintext_sha256: text,
    chunks: count,
    object_key: text,
    failed_reason: text,
    finished_at: moment,
  },
  ["note", "consistency", "size_bytes", "plaintext_sha256", "chunks", "object_key", "failed_reason", "finished_at"],
);
const RESTORE = recordSchema(
  "Restore",
  {
    org_id: text,
    snapshot_id: text,
    source_volume_id: text,
    new_volume_id: text,
    node_id: text,
    status: STATUS,
    failed_reason: text,
    finished_at: moment,
  },
  ["failed_reason", "finished_at"],
);
const NEW_VOLUME = object(
  {
    name: text,
    size_bytes: { ...count, description: "At least 1 GiB (1073741824)." },
    backup_enabled: flag,
    node_id: { ...text, description: "The node's id or name; without it, the node with the most room." },
  },
  ["backup_enabled", "node_id"],
);
const NEW_ATTACHMENT = object({ volume_id: text, process_type: text, mount_path: text, read_only: flag }, [
  "read_only",
]);
const NEW_SNAPSHOT = object({ note: text }, ["note"]);
const NEW_RESTORE = object({ snapshot_id: text, new_volume_name: text, node_id: text }, ["new_volume_name", "node_id"]);
const DELETE = object({ expected_version: EXPECTED_VERSION }, ["expected_version"]);

const VOLUME_NAMES = { name: "name", size_bytes: "sizeBytes", backup_enabled: "backupEnabled", node_id: "nodeId" };
const ATTACHMENT_NAMES = { process_type: "processType", mount_path: "mountPath", read_only: "readOnly" };
const RESTORE_NAMES = { snapshot_id: "snapshotId", new_volume_name: "newVolumeName", node_id: "nodeId" };
const PROBLEMS = ["NoSuchResource", "ResourceAlreadyExists", "ResourceInUse", "QuotaExceeded", "ValidationFailed"];

export const VOLUME_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: VOLUMES,
    operationId: "listVolumes",
    summary: "Lists the volumes of an org.",
    scope: "volumes:read",
    query: PAGE,
    answer: answerOf(listSchema(VOLUME), "By name."),
    handle(call, { core: { views } }) {
      const volumes = [...views.inGroup("volume", groups.ofAccount(call.org.accountId))].sort((left, right) =>
        left.name < right.name ? -1 : 1,
      );
      return page(
        call,
        volumes,
        ({ volumeId }) => volumeId,
        (volume) => present.volume(volume, views),
      );
    },
  }),
  writes({
    method: "POST",
    path: VOLUMES,
    operationId: "createVolume",
    summary: "Makes a volume on a node, where it stays.",
    scope: "volumes:write",
    requestBody: NEW_VOLUME,
    answer: answerOf(VOLUME, "The volume, which its node makes now.", 201),
    problems: PROBLEMS,
    async handle(call, environment) {
      const given = renamed(await readMembers(call.request, NEW_VOLUME), VOLUME_NAMES);
      const command = { type: "volume.create", accountId: call.org.accountId, ...given } as CommandOf<"volume.create">;
      const { volumeId } = await execute(call, environment, command);
      const { views } = environment.core;
      return json(present.volume(views.record("volume", volumeId)!, views), 201);
    },
  }),
  reads({
    method: "GET",
    path: VOLUME_PATH,
    operationId: "getVolume",
    summary: "Shows a volume, by its id or name.",
    scope: "volumes:read",
    answer: answerOf(VOLUME, "The volume."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.volume(volumeAt(call, environment), environment.core.views)),
  }),
  writes({
    method: "DELETE",
    path: VOLUME_PATH,
    operationId: "deleteVolume",
    summary: "Deletes a volume and what is on it. Its snapshots stay.",
    scope: "volumes:write",
    requestBody: DELETE,
    answer: DONE,
    problems: ["NoSuchResource", "ResourceInUse", "RevisionMismatch"],
    async handle(call, environment) {
      const { volumeId, accountId } = volumeAt(call, environment);
      const { expected_version: expectedVersion } = await readMembers(call.request, DELETE);
      const command = { type: "volume.delete", accountId, volumeId, expectedVersion };
      await execute(call, environment, command as CommandOf<"volume.delete">);
      return done();
    },
  }),
  reads({
    method: "GET",
    path: `${ENV}/volume-attachments`,
    operationId: "listVolumeAttachments",
    summary: "Lists which volumes the processes of an environment have.",
    scope: "volumes:read",
    query: PAGE,
    answer: answerOf(listSchema(ATTACHMENT), "The oldest first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { envId } = envAt(call, environment);
      const attachments = environment.core.views.inGroup("volumeAttachment", groups.inEnv(envId));
      return page(call, attachments, ({ attachmentId }) => attachmentId, present.attachment);
    },
  }),
  writes({
    method: "POST",
    path: `${ENV}/volume-attachments`,
    operationId: "attachVolume",
    summary: "Gives a process a volume. Its next instance has it.",
    scope: "volumes:write",
    requestBody: NEW_ATTACHMENT,
    answer: answerOf(ATTACHMENT, "The attachment.", 201),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      const given = await readMembers(call.request, NEW_ATTACHMENT);
      const { volumeId } = volumeNamed(String(given.volume_id), call, environment);
      const command = {
        type: "volumeAttachment.create",
        accountId,
        envId,
        volumeId,
        ...renamed(given, ATTACHMENT_NAMES),
      };
      const { attachmentId } = await execute(call, environment, command as CommandOf<"volumeAttachment.create">);
      return json(present.attachment(environment.core.views.record("volumeAttachment", attachmentId)!), 201);
    },
  }),
  writes({
    method: "DELETE",
    path: `${ENV}/volume-attachments/{attachment}`,
    operationId: "detachVolume",
    summary: "Takes a volume away from a process that has no instance.",
    scope: "volumes:write",
    answer: DONE,
    problems: ["NoSuchResource", "ResourceInUse"],
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      const named = owned(environment.core.views, "volumeAttachment", accountId, call.params.attachment!);
      const { attachmentId } = found(named?.envId === envId ? named : undefined, "attachment");
      await execute(call, environment, { type: "volumeAttachment.delete", accountId, attachmentId });
      return done();
    },
  }),
  reads({
    method: "GET",
    path: `${VOLUME_PATH}/snapshots`,
    operationId: "listSnapshots",
    summary: "Lists the snapshots of a volume, also of a deleted one by its id.",
    scope: "volumes:read",
    query: PAGE,
    answer: answerOf(listSchema(SNAPSHOT), "The newest first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const snapshots = snapshotsAt(call, environment).toSorted((left, right) => right.createdAt - left.createdAt);
      return page(call, snapshots, ({ snapshotId }) => snapshotId, present.snapshot);
    },
  }),
  writes({
    method: "POST",
    path: `${VOLUME_PATH}/snapshots`,
    operationId: "createSnapshot",
    summary: "Copies a volume that nothing uses, encrypted, into the org's object storage, and reads the copy back.",
    scope: "volumes:write",
    requestBody: NEW_SNAPSHOT,
    answer: answerOf(SNAPSHOT, "The snapshot, which the node makes now.", 201),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { volumeId, accountId } = volumeAt(call, environment);
      const given = await readMembers(call.request, NEW_SNAPSHOT);
      const command = { type: "snapshot.create", accountId, volumeId, ...renamed(given, { note: "note" }) };
      const { snapshotId } = await execute(call, environment, command as CommandOf<"snapshot.create">);
      return json(present.snapshot(environment.core.views.record("snapshot", snapshotId)!), 201);
    },
  }),
  reads({
    method: "GET",
    path: `${VOLUME_PATH}/snapshots/{snapshot}`,
    operationId: "getSnapshot",
    summary: "Shows a snapshot.",
    scope: "volumes:read",
    answer: answerOf(SNAPSHOT, "The snapshot."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.snapshot(snapshotAt(call, environment))),
  }),
  writes({
    method: "DELETE",
    path: `${VOLUME_PATH}/snapshots/{snapshot}`,
    operationId: "deleteSnapshot",
    summary: "Deletes a snapshot and its copy.",
    scope: "volumes:write",
    answer: DONE,
    problems: ["NoSuchResource", "ResourceInUse"],
    async handle(call, environment) {
      const { snapshotId, accountId } = snapshotAt(call, environment);
      await execute(call, environment, { type: "snapshot.delete", accountId, snapshotId });
      return done();
    },
  }),
  writes({
    method: "POST",
    path: `${VOLUME_PATH}/restore`,
    operationId: "restoreVolume",
    summary: "Restores a snapshot into a new volume, which is available once all of it was verified.",
    scope: "volumes:write",
    requestBody: NEW_RESTORE,
    answer: answerOf(object({ restore: RESTORE, volume: VOLUME }), "The restore, and the volume that is made.", 201),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { accountId } = call.org;
      const given = renamed(await readMembers(call.request, NEW_RESTORE), RESTORE_NAMES);
      found(
        snapshotsAt(call, environment).find((one) => one.snapshotId === given.snapshotId),
        "snapshot of the volume",
      );
      const command = { type: "restoreJob.create", accountId, ...given };
      const made = await execute(call, environment, command as CommandOf<"restoreJob.create">);
      const { views } = environment.core;
      return json(
        {
          restore: present.restoreJob(views.record("restoreJob", made.restoreId)!),
          volume: present.volume(views.record("volume", made.newVolumeId)!, views),
        },
        201,
      );
    },
  }),
  reads({
    method: "GET",
    path: "/v1/orgs/{org}/restores/{restore}",
    operationId: "getRestore",
    summary: "Shows how far a restore is.",
    scope: "volumes:read",
    answer: answerOf(RESTORE, "The restore."),
    problems: ["NoSuchResource"],
    handle: ({ org, params }, { core: { views } }) =>
      json(present.restoreJob(found(owned(views, "restoreJob", org.accountId, params.restore!), "restore"))),
  }),
];

function volumeNamed(idOrName: string, { org }: OrgCall, { core: { views } }: ApiEnvironment) {
  const [named] = views.inGroup("volume", groups.named(org.accountId, idOrName));
  return found(owned(views, "volume", org.accountId, idOrName) ?? named, "volume");
}

const volumeAt = (call: OrgCall, environment: ApiEnvironment) => volumeNamed(call.params.volume!, call, environment);

/** Of the volume that the path names; by id, it need not be there any more. */
function snapshotsAt(call: OrgCall, environment: ApiEnvironment) {
  const { views } = environment.core;
  const ofDeleted = views
    .inGroup("snapshot", groups.ofVolume(call.params.volume!))
    .filter(({ accountId }) => accountId === call.org.accountId);
  if (ofDeleted.length > 0) return ofDeleted;
  return views.inGroup("snapshot", groups.ofVolume(volumeAt(call, environment).volumeId));
}

function snapshotAt(call: OrgCall, environment: ApiEnvironment) {
  return found(
    snapshotsAt(call, environment).find(({ snapshotId }) => snapshotId === call.params.snapshot),
    "snapshot of the volume",
  );
}
