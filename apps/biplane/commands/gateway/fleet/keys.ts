/** `biplane gateway keys` */
import { changeByApi } from "../../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../../cli/command.ts";
import { usageError } from "../../../cli/errors.ts";
import { printable } from "../../../cli/terminal.ts";
import { localTime, parseSeconds } from "../../../cli/units.ts";
import { allItems } from "../../apps/target.ts";
import { printDone, printItems } from "../../identity/listing.ts";
import { type FleetProject, findNamed, findProject } from "./project.ts";
import type { Group, Key, NewKey } from "./shapes.ts";

const time = (at: string | undefined, otherwise: string): string =>
  at === undefined ? otherwise : localTime(Date.parse(at));

export const listKeys: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  return printItems(context, await allItems<Key>(access, `${path}/api-keys`), [
    { title: "KEY", cell: ({ id }) => id },
    { title: "NAME", cell: ({ name }) => printable(name) },
    { title: "BEGINS WITH", cell: ({ prefix }) => prefix },
    { title: "MADE", cell: ({ created_at: at }) => time(at, "") },
    { title: "EXPIRES", cell: ({ expires_at: at }) => time(at, "never") },
    { title: "REVOKED", cell: ({ revoked_at: at }) => time(at, "") },
  ]);
};

export const createKey: CommandBody = async (context) => {
  const { arguments: given } = context;
  const project = await findProject(context);
  const group = given.text("group");
  const seconds = secondsOf(context, "expires-in");
  const made = await changeByApi<NewKey>(project.access, "POST", `${project.path}/api-keys`, {
    name: given.positionals[0]!,
    ...(seconds === undefined ? {} : { lifetime_seconds: seconds }),
    ...(group === undefined
      ? {}
      : { group_id: (await findNamed<Group>(project, "gateway-groups", "group", group)).id }),
  });
  return printKey(context, made);
};

export const rotateKey: CommandBody = async (context) => {
  const project = await findProject(context);
  const { id } = await keyMeant(project, context);
  const seconds = secondsOf(context, "grace");
  const body = seconds === undefined ? {} : { grace_seconds: seconds };
  return printKey(
    context,
    await changeByApi<NewKey>(project.access, "POST", `${project.path}/api-keys/${id}/rotate`, body),
  );
};

export const revokeKey: CommandBody = async (context) => {
  const project = await findProject(context);
  const { id, name } = await keyMeant(project, context);
  await changeByApi(project.access, "DELETE", `${project.path}/api-keys/${id}`);
  return printDone(
    context,
    { id, name, revoked: true },
    `The key ${printable(name)} is revoked. Gateways that used it are disconnected, and serve on what they have.`,
  );
};

/** A name means the key that is not revoked. */
const keyMeant = (project: FleetProject, context: CommandContext): Promise<Key> => {
  const named = context.arguments.positionals[0]!;
  return findNamed<Key>(project, "api-keys", "key", named, (key) => key.revoked_at === undefined || key.id === named);
};

function secondsOf({ arguments: given }: CommandContext, option: string): number | undefined {
  const text = given.text(option);
  const seconds = text === undefined ? undefined : parseSeconds(text);
  if (text === undefined || seconds !== undefined) return seconds;
  throw usageError(`--${option} must be a time such as 90s, 12h or 30d, not "${text}".`);
}

function printKey(context: CommandContext, made: NewKey): undefined {
  return printDone(context, made, `BIPLANE_GATEWAY_API_KEY=${made.key}\nThe key is not shown again.`);
}
