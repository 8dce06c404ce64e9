/** `biplane deploys`, `wait` */
import { callApiJson } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printItems } from "../identity/listing.ts";
import { finish } from "./deploy.ts";
import type { Deploy, EnvStatus, Release } from "./shapes.ts";
import { allItems, findEnv, targetText } from "./target.ts";

export const listDeploys: CommandBody = async (context) => {
  const { access, envPath } = await findEnv(context);
  return printItems(context, await allItems<Deploy>(access, `${envPath}/deploys`), [
    { title: "DEPLOY", cell: ({ id }) => id },
    { title: "KIND", cell: ({ kind }) => kind },
    { title: "RELEASE", cell: ({ release_id: id }) => id },
    { title: "STATUS", cell: ({ status }) => status },
    { title: "BEGUN", cell: ({ created_at: at }) => localTime(Date.parse(at)) },
    { title: "MESSAGE", cell: ({ message }) => printable(message ?? "") },
  ]);
};

export const showDeploy: CommandBody = async (context) => {
  const { access, envPath } = await findEnv(context);
  const id = context.arguments.positionals[0]!;
  const deploy = await callApiJson<Deploy>(access, { path: `${envPath}/deploys/${encodeURIComponent(id)}` });
  if (context.json) context.terminal.json(deploy);
  else context.terminal.line(JSON.stringify(deploy, null, 2));
  return undefined;
};

/** For scripts that have begun a deploy with `--no-wait`, and for people who have closed their terminal. */
export const waitForEnd: CommandBody = async (context) => {
  const target = await findEnv(context);
  const { access, envPath, appPath } = target;
  const named = context.arguments.positionals[0];
  const { last_deploy: last } = await callApiJson<EnvStatus>(access, { path: `${envPath}/status` });
  const id = named ?? last?.id;
  if (id === undefined) throw usageError(`Nothing has been deployed to ${targetText(target)} yet.`, "biplane deploy");
  const begun = await callApiJson<Deploy>(access, { path: `${envPath}/deploys/${encodeURIComponent(id)}` });
  const release = await callApiJson<Release>(access, { path: `${appPath}/releases/${begun.release_id}` });
  return finish(context, target, release, begun);
};
