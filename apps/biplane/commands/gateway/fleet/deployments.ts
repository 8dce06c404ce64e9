/** `biplane gateway deploy`, `rollback`, `deployments` */
import { callApiJson, changeByApi } from "../../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../../cli/command.ts";
import { printable } from "../../../cli/terminal.ts";
import { localTime } from "../../../cli/units.ts";
import { allItems } from "../../apps/target.ts";
import { printDone, printItems } from "../../identity/listing.ts";
import { type FleetProject, findProject } from "./project.ts";
import type { Deployment } from "./shapes.ts";
import { strategyOf } from "./strategy.ts";
import { watchDeployment } from "./watch.ts";

export const deploy: CommandBody = async (context) => {
  const strategy = strategyOf(context.arguments);
  const artifactId = context.arguments.positionals[0];
  const project = await findProject(context);
  const started = await changeByApi<Deployment>(project.access, "POST", `${project.path}/deploy`, {
    ...(artifactId === undefined ? {} : { artifact_id: artifactId }),
    ...(strategy === undefined ? {} : { strategy }),
  });
  return followed(context, project, started);
};

export const rollback: CommandBody = async (context) => {
  const artifactId = context.arguments.positionals[0];
  const reason = context.arguments.text("reason");
  const project = await findProject(context);
  const started = await changeByApi<Deployment>(project.access, "POST", `${project.path}/rollback`, {
    ...(artifactId === undefined ? {} : { artifact_id: artifactId }),
    ...(reason === undefined ? {} : { reason }),
  });
  return followed(context, project, started);
};

async function followed(context: CommandContext, project: FleetProject, started: Deployment) {
  if (context.arguments.has("watch")) return watchDeployment(context, project, started.id);
  const { id, artifact_id: artifact, status } = started;
  return printDone(
    context,
    started,
    status === "completed"
      ? `The gateways serve ${artifact} already.`
      : `The gateways shall serve ${artifact} (${id}). See how far it is: biplane gateway deployments watch --project ${printable(project.name)}`,
  );
}

export const listDeployments: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  return printItems(context, await allItems<Deployment>(access, `${path}/deployments`), [
    { title: "DEPLOYMENT", cell: ({ id }) => id },
    { title: "KIND", cell: ({ deployment_kind: kind }) => kind },
    { title: "ARTIFACT", cell: ({ artifact_id: artifact }) => artifact },
    { title: "STATUS", cell: ({ status }) => status },
    { title: "STAGE", cell: ({ stage, strategy: { stages } }) => `${stage + 1}/${stages.length}` },
    { title: "BEGUN", cell: ({ created_at: at }) => localTime(Date.parse(at)) },
    { title: "REASON", cell: ({ reason }) => printable(reason ?? "") },
  ]);
};

export const showDeployment: CommandBody = async (context) => {
  const { deployment } = await meant(context);
  if (context.json) context.terminal.json(deployment);
  else context.terminal.line(printable(JSON.stringify(deployment, null, 2)));
  return undefined;
};

export const followDeployment: CommandBody = async (context) => {
  const { project, deployment } = await meant(context);
  return watchDeployment(context, project, deployment.id);
};

export const haltDeployment: CommandBody = (context) => {
  const reason = context.arguments.text("reason");
  return changed(context, "halt", reason === undefined ? {} : { reason }, "has halted; it reaches no further gateway");
};

export const resumeDeployment: CommandBody = (context) =>
  changed(context, "resume", {}, "goes on; its stage begins anew");

export const advanceDeployment: CommandBody = (context) => changed(context, "advance", {}, "is in its next stage");

async function changed(context: CommandContext, verb: string, body: object, said: string) {
  const { project, deployment } = await meant(context);
  const path = `${project.path}/deployments/${deployment.id}/${verb}`;
  // What was seen, so that a stage that has ended since is not left out.
  const given = verb === "advance" ? { stage: deployment.stage } : body;
  const now = await changeByApi<Deployment>(project.access, "POST", path, given);
  return printDone(context, now, `The rollout ${now.id} ${said}.`);
}

/** The one that is named, else the current one. */
async function meant(context: CommandContext) {
  const project = await findProject(context);
  const id = context.arguments.positionals[0] ?? "current";
  const path = `${project.path}/deployments/${encodeURIComponent(id)}`;
  return { project, deployment: await callApiJson<Deployment>(project.access, { path }) };
}
