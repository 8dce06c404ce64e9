/** `biplane gateway data-planes`, `groups` */
import { callApiJson, changeByApi } from "../../../cli/api-client.ts";
import type { CommandBody } from "../../../cli/command.ts";
import { usageError } from "../../../cli/errors.ts";
import { printable } from "../../../cli/terminal.ts";
import { localTime } from "../../../cli/units.ts";
import { allItems } from "../../apps/target.ts";
import { printDone, printItems } from "../../identity/listing.ts";
import { findNamed, findProject } from "./project.ts";
import type { DataPlane, Group } from "./shapes.ts";

export const listDataPlanes: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  const [gateways, groups] = await Promise.all([
    allItems<DataPlane>(access, `${path}/data-planes`),
    allItems<Group>(access, `${path}/gateway-groups`),
  ]);
  const nameOf = new Map(groups.map(({ id, name }) => [id, name]));
  return printItems(context, gateways, [
    { title: "GATEWAY", cell: ({ id }) => id },
    { title: "NAME", cell: ({ name }) => printable(name ?? "") },
    { title: "GROUP", cell: ({ group_id: group }) => printable(nameOf.get(group ?? "") ?? "") },
    { title: "STATUS", cell: ({ status }) => status },
    { title: "SERVES", cell: servesText },
    { title: "REQUESTS", cell: ({ health }) => String(health?.requests_total ?? "") },
    { title: "ERRORS", cell: ({ health }) => String(health?.errors_total ?? "") },
    { title: "SEEN", cell: ({ last_seen: at }) => (at === null ? "" : localTime(Date.parse(at))) },
    { title: "REFUSES", cell: ({ refusal }) => printable(refusal?.reason ?? "") },
  ]);
};

const servesText = ({ artifact_id: artifact, artifact_digest: digest, drift }: DataPlane): string =>
  `${artifact ?? digest?.slice(0, 19) ?? "nothing"}${drift ? " (not what it should)" : ""}`;

export const showDataPlane: CommandBody = async (context) => {
  const project = await findProject(context);
  const { id } = await gatewayMeant(project, context.arguments.positionals[0]!);
  const gateway = await callApiJson<DataPlane>(project.access, { path: `${project.path}/data-planes/${id}` });
  if (context.json) context.terminal.json(gateway);
  else context.terminal.line(printable(JSON.stringify(gateway, null, 2)));
  return undefined;
};

export const groupDataPlane: CommandBody = async (context) => {
  const [named, group] = context.arguments.positionals;
  const isOut = context.arguments.has("none");
  if ((group === undefined) !== isOut) throw usageError("Which group? Name it after the gateway, or say --none.");
  const project = await findProject(context);
  const gateway = await gatewayMeant(project, named!);
  const groupId = group === undefined ? null : (await findNamed<Group>(project, "gateway-groups", "group", group)).id;
  const path = `${project.path}/data-planes/${gateway.id}`;
  const changed = await changeByApi<DataPlane>(project.access, "PATCH", path, { group_id: groupId });
  const said = group === undefined ? "in no group" : `in the group ${printable(group)}`;
  return printDone(context, changed, `The gateway ${printable(gateway.name ?? gateway.id)} is ${said}.`);
};

export const removeDataPlane: CommandBody = async (context) => {
  const project = await findProject(context);
  const { id, name = id } = await gatewayMeant(project, context.arguments.positionals[0]!);
  await changeByApi(project.access, "DELETE", `${project.path}/data-planes/${id}`);
  return printDone(
    context,
    { id, name, removed: true },
    `The gateway ${printable(name)} is removed and disconnected. It serves on what it has; revoke its key to keep it away.`,
  );
};

const gatewayMeant = (project: Parameters<typeof findNamed>[0], idOrName: string) =>
  findNamed<DataPlane>(project, "data-planes", "gateway", idOrName);

export const listGroups: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  return printItems(context, await allItems<Group>(access, `${path}/gateway-groups`), [
    { title: "GROUP", cell: ({ id }) => id },
    { title: "NAME", cell: ({ name }) => printable(name) },
    { title: "MADE", cell: ({ created_at: at }) => localTime(Date.parse(at)) },
  ]);
};

export const createGroup: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  const group = await changeByApi<Group>(access, "POST", `${path}/gateway-groups`, {
    name: context.arguments.positionals[0]!,
  });
  return printDone(context, group, `Made the group ${printable(group.name)} (${group.id}).`);
};

export const deleteGroup: CommandBody = async (context) => {
  const project = await findProject(context);
  const { id, name } = await findNamed<Group>(project, "gateway-groups", "group", context.arguments.positionals[0]!);
  await changeByApi(project.access, "DELETE", `${project.path}/gateway-groups/${id}`);
  return printDone(context, { id, name, deleted: true }, `The group ${printable(name)} is deleted.`);
};
