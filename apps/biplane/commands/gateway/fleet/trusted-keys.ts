/** `biplane gateway trusted-keys` */
import { changeByApi } from "../../../cli/api-client.ts";
import type { CommandBody } from "../../../cli/command.ts";
import { printable } from "../../../cli/terminal.ts";
import { localTime } from "../../../cli/units.ts";
import { allItems } from "../../apps/target.ts";
import { printDone, printItems } from "../../identity/listing.ts";
import { fileOf } from "../artifact-argument.ts";
import { findNamed, findProject } from "./project.ts";
import type { TrustedKey } from "./shapes.ts";

export const listTrustedKeys: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  return printItems(context, await allItems<TrustedKey>(access, `${path}/trusted-keys`), [
    { title: "NAME", cell: ({ name }) => printable(name) },
    { title: "KEY", cell: ({ key_id: id }) => id.slice(0, 16) },
    { title: "SINCE", cell: ({ updated_at: at }) => localTime(Date.parse(at)) },
  ]);
};

export const putTrustedKey: CommandBody = async (context) => {
  const [name = "", file = ""] = context.arguments.positionals;
  const text = Buffer.from(fileOf(file)).toString("utf8");
  const { access, path } = await findProject(context);
  const at = `${path}/trusted-keys/${encodeURIComponent(name)}`;
  const key = await changeByApi<TrustedKey>(access, "PUT", at, { public_key: text });
  return printDone(
    context,
    key,
    `The project trusts ${printable(key.name)}, the key ${key.key_id.slice(0, 16)}. Of artifacts that were compiled elsewhere it takes those that its keys have signed.`,
  );
};

export const deleteTrustedKey: CommandBody = async (context) => {
  const project = await findProject(context);
  const { id, name } = await findNamed<TrustedKey>(
    project,
    "trusted-keys",
    "trusted key",
    context.arguments.positionals[0]!,
  );
  await changeByApi(project.access, "DELETE", `${project.path}/trusted-keys/${id}`);
  return printDone(context, { id, name, deleted: true }, `The project does not trust ${printable(name)} any more.`);
};
