/** `biplane gateway builds` */
import { callApiJson } from "../../../cli/api-client.ts";
import type { CommandBody } from "../../../cli/command.ts";
import { printable } from "../../../cli/terminal.ts";
import { counted, localTime } from "../../../cli/units.ts";
import { allItems } from "../../apps/target.ts";
import { printItems } from "../../identity/listing.ts";
import { findProject } from "./project.ts";
import { type Build, revisionsText } from "./shapes.ts";

export const listBuilds: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  return printItems(context, await allItems<Build>(access, `${path}/builds`), [
    { title: "BUILD", cell: ({ id }) => id },
    { title: "OF", cell: ({ revisions }) => printable(revisionsText(revisions)) },
    { title: "STATUS", cell: ({ status }) => status },
    { title: "ASKED FOR", cell: ({ created_at: at }) => localTime(Date.parse(at)) },
    { title: "OUTCOME", cell: outcomeOf },
  ]);
};

const outcomeOf = ({ artifact_id: artifact, errors = 0, message = "" }: Build): string =>
  artifact ?? (errors > 0 ? counted(errors, "error") : printable(message));

export const showBuild: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  const id = context.arguments.positionals[0]!;
  const build = await callApiJson<Build>(access, { path: `${path}/builds/${encodeURIComponent(id)}` });
  if (context.json) context.terminal.json(build);
  else context.terminal.line(printable(JSON.stringify(build, null, 2)));
  return undefined;
};
