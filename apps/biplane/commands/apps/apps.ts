/** `biplane apps`, `envs`, `projects`, `use` */
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";
import type { App, Env } from "./shapes.ts";
import { allItems, findApp, findOrg, keepContext, MAIN_ENV } from "./target.ts";

const since = ({ created_at: at }: { readonly created_at: string }): string => localTime(Date.parse(at));

export const listApps: CommandBody = async (context) => {
  const { access, orgPath } = await findOrg(context);
  return printItems(context, await allItems<App>(access, `${orgPath}/apps`), [
    { title: "APP", cell: ({ name }) => printable(name) },
    { title: "ID", cell: ({ id }) => id },
    { title: "MADE", cell: since },
    { title: "DESCRIPTION", cell: ({ description }) => printable(description ?? "") },
  ]);
};

export const createApp: CommandBody = async (context) => {
  const name = context.arguments.positionals[0]!;
  const { access, orgPath } = await findOrg(context);
  const description = context.arguments.text("description");
  const body = { name, ...(description === undefined ? {} : { description }) };
  const app = await changeByApi<App>(access, "POST", `${orgPath}/apps`, body);
  return printDone(context, app, `Made the app ${printable(app.name)} (${app.id}).`);
};

export const deleteApp: CommandBody = async (context) => {
  const name = context.arguments.positionals[0]!;
  const { access, orgPath } = await findOrg(context);
  await changeByApi(access, "DELETE", `${orgPath}/apps/${encodeURIComponent(name)}`);
  return printDone(context, { app: name, deleted: true }, `The app ${printable(name)} is deleted, with its releases.`);
};

export const listEnvs: CommandBody = async (context) => {
  const { access, appPath } = await findApp(context);
  return printItems(context, await allItems<Env>(access, `${appPath}/envs`), [
    { title: "ENVIRONMENT", cell: ({ name }) => printable(name) },
    { title: "ID", cell: ({ id }) => id },
    { title: "MADE", cell: since },
  ]);
};

export const createEnv: CommandBody = async (context) => {
  const name = context.arguments.positionals[0]!;
  const { access, appPath, app } = await findApp(context);
  const env = await changeByApi<Env>(access, "POST", `${appPath}/envs`, { name });
  return printDone(context, env, `Made the environment ${printable(app.name)}/${printable(env.name)} (${env.id}).`);
};

export const deleteEnv: CommandBody = async (context) => {
  const name = context.arguments.positionals[0]!;
  const { access, appPath, app } = await findApp(context);
  await changeByApi(access, "DELETE", `${appPath}/envs/${encodeURIComponent(name)}`);
  return printDone(
    context,
    { app: app.name, env: name, deleted: true },
    `The environment ${printable(app.name)}/${printable(name)} is deleted; its instances are being taken away.`,
  );
};

export const use: CommandBody = async (context) => {
  const [app, env = MAIN_ENV] = context.arguments.positionals;
  keepContext(context, { app: app!, env });
  return printDone(
    context,
    { app, env },
    `Commands are about ${printable(app!)}/${printable(env)} from now on, unless they say otherwise.`,
  );
};

export const listProjects: CommandBody = async (context) => {
  const { access, orgPath } = await findOrg(context);
  return printItems(context, await allItems<App>(access, `${orgPath}/projects`), [
    { title: "PROJECT", cell: ({ name }) => printable(name) },
    { title: "ID", cell: ({ id }) => id },
    { title: "MADE", cell: since },
  ]);
};

export const createProject: CommandBody = async (context) => {
  const name = context.arguments.positionals[0]!;
  const { access, orgPath } = await findOrg(context);
  const project = await changeByApi<App>(access, "POST", `${orgPath}/projects`, { name });
  return printDone(context, project, `Made the project ${printable(project.name)} (${project.id}).`);
};

export const quotas: CommandBody = async (context) => {
  const { access, orgPath } = await findOrg(context);
  const { limits, usage } = await callApiJson<{
    readonly limits: Readonly<Record<string, number>>;
    readonly usage: Readonly<Record<string, number>>;
  }>(access, { path: `${orgPath}/quotas` });
  const rows = Object.entries(limits).map(([dimension, limit]) => ({ dimension, limit, usage: usage[dimension] }));
  return printItems(context, rows, [
    { title: "QUOTA", cell: ({ dimension }) => dimension },
    { title: "USED", cell: (row) => (row.usage === undefined ? "-" : String(row.usage)) },
    { title: "LIMIT", cell: ({ limit }) => String(limit) },
  ]);
};
