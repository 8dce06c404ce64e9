/** `biplane volumes` */
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { printDone, printItems } from "../identity/listing.ts";
import { allItems, findEnv, findOrg, targetText } from "./target.ts";
import { type Attachment, until, type Volume, volumePath, waitForVolume } from "./volume-shapes.ts";

const UNITS = { Gi: 1024 ** 3, Ti: 1024 ** 4 } as const;

interface Snapshot {
  readonly id: string;
  readonly status: string;
  readonly size_bytes?: number;
  readonly note?: string;
  readonly failed_reason?: string;
  readonly created_at: string;
}

const sizeText = (bytes: number): string => `${Math.round((bytes / UNITS.Gi) * 100) / 100} GiB`;

export const listVolumes: CommandBody = async (context) => {
  const { access, orgPath } = await findOrg(context);
  return printItems(context, await allItems<Volume>(access, `${orgPath}/volumes`), [
    { title: "VOLUME", cell: ({ name }) => printable(name) },
    { title: "SIZE", cell: ({ size_bytes: bytes }) => sizeText(bytes) },
    { title: "STATE", cell: ({ state }) => state },
    {
      title: "ATTACHED",
      cell: ({ attachments }) =>
        attachments.map(({ process_type: type, mount_path: path }) => `${type}:${printable(path)}`).join(", ") || "-",
    },
    { title: "NODE", cell: ({ home_node_id: node }) => node },
    { title: "ID", cell: ({ id }) => id },
  ]);
};

export const createVolume: CommandBody = async (context) => {
  const size = context.arguments.text("size") ?? "1Gi";
  const [, number, unit] = /^([1-9]\d{0,5})(Gi|Ti)$/.exec(size) ?? [];
  if (number === undefined) throw usageError("--size must be like 10Gi or 1Ti.");
  const { access, orgPath } = await findOrg(context);
  const node = context.arguments.text("node");
  const volume = await changeByApi<Volume>(access, "POST", `${orgPath}/volumes`, {
    name: context.arguments.positionals[0]!,
    size_bytes: Number(number) * UNITS[unit as keyof typeof UNITS],
    ...(node === undefined ? {} : { node_id: node }),
  });
  const made = await waitForVolume(context, access, volumePath(orgPath, volume.id));
  return printDone(context, made, `${printable(made.name)} (${sizeText(made.size_bytes)}) is there: ${made.id}`);
};

export const deleteVolume: CommandBody = async (context) => {
  const { access, orgPath } = await findOrg(context);
  const path = volumePath(orgPath, context.arguments.positionals[0]!);
  const volume = await callApiJson<Volume>(access, { path });
  await changeByApi(access, "DELETE", path);
  return printDone(
    context,
    { id: volume.id, deleted: true },
    `${printable(volume.name)} is being deleted. Its snapshots stay.`,
  );
};

export const attachVolume: CommandBody = async (context) => {
  const path = context.arguments.text("path");
  if (path === undefined) throw usageError("Where? Name the path in the process with --path.");
  const target = await findEnv(context);
  const attachment = await changeByApi<Attachment>(target.access, "POST", `${target.envPath}/volume-attachments`, {
    volume_id: context.arguments.positionals[0]!,
    process_type: context.arguments.text("process") ?? "web",
    mount_path: path,
    ...(context.arguments.has("read-only") ? { read_only: true } : {}),
  });
  return printDone(
    context,
    attachment,
    `${targetText(target)} ${attachment.process_type} has it at ${printable(attachment.mount_path)} from its next instance on.`,
  );
};

export const detachVolume: CommandBody = async (context) => {
  const target = await findEnv(context);
  const named = context.arguments.positionals[0]!;
  const volume = await callApiJson<Volume>(target.access, { path: volumePath(target.orgPath, named) });
  const [attachment] = volume.attachments;
  if (attachment === undefined) throw cliErrors.error("NOT_FOUND", `${printable(named)} is not attached.`);
  await changeByApi(target.access, "DELETE", `${target.envPath}/volume-attachments/${attachment.id}`);
  return printDone(
    context,
    { ...attachment, deleted: true },
    `${printable(volume.name)} is not attached to ${attachment.process_type} any more.`,
  );
};

export const listSnapshots: CommandBody = async (context) => {
  const { access, orgPath } = await findOrg(context);
  const path = `${volumePath(orgPath, context.arguments.positionals[0]!)}/snapshots`;
  return printItems(context, await allItems<Snapshot>(access, path), [
    { title: "SNAPSHOT", cell: ({ id }) => id },
    { title: "STATUS", cell: ({ status }) => status },
    { title: "BYTES", cell: ({ size_bytes: bytes }) => String(bytes ?? "-") },
    { title: "MADE", cell: ({ created_at: at }) => at },
    { title: "NOTE", cell: ({ note, failed_reason: reason }) => printable(reason ?? note ?? "-") },
  ]);
};

export const snapshotVolume: CommandBody = async (context) => {
  const { access, orgPath } = await findOrg(context);
  const path = `${volumePath(orgPath, context.arguments.positionals[0]!)}/snapshots`;
  const note = context.arguments.text("message");
  const made = await changeByApi<Snapshot>(access, "POST", path, note === undefined ? {} : { note });
  const snapshot = await until(
    context,
    () => callApiJson<Snapshot>(access, { path: `${path}/${made.id}` }),
    ({ status }) => status === "succeeded" || status === "failed",
    ({ status }) => `the snapshot is ${status}`,
  );
  if (snapshot.status === "failed")
    throw cliErrors.error("SNAPSHOT_FAILED", `The snapshot failed: ${printable(snapshot.failed_reason ?? "")}`);
  return printDone(
    context,
    snapshot,
    `${snapshot.id}: ${snapshot.size_bytes} bytes, encrypted, in the org's object storage, and read back.`,
  );
};

export const deleteSnapshot: CommandBody = async (context) => {
  const { access, orgPath } = await findOrg(context);
  const [volume, snapshot] = context.arguments.positionals as [string, string];
  await changeByApi(access, "DELETE", `${volumePath(orgPath, volume)}/snapshots/${encodeURIComponent(snapshot)}`);
  return printDone(context, { id: snapshot, deleted: true }, `${printable(snapshot)} is deleted.`);
};

export const restoreVolume: CommandBody = async (context) => {
  const { access, orgPath } = await findOrg(context);
  const [named, snapshot] = context.arguments.positionals as [string, string];
  const newName = context.arguments.text("name");
  const node = context.arguments.text("node");
  const { volume } = await changeByApi<{ readonly volume: Volume }>(
    access,
    "POST",
    `${volumePath(orgPath, named)}/restore`,
    {
      snapshot_id: snapshot,
      ...(newName === undefined ? {} : { new_volume_name: newName }),
      ...(node === undefined ? {} : { node_id: node }),
    },
  );
  const made = await waitForVolume(context, access, volumePath(orgPath, volume.id));
  return printDone(context, made, `${printable(made.name)} is what the snapshot holds, verified: ${made.id}`);
};
