/** `biplane keys` */
import { executeCommand } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { accountOf, findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printListing } from "./listing.ts";

interface AccessKey {
  readonly accessKeyId: string;
  readonly accountId: string;
  readonly owner: { readonly type: "root" } | { readonly type: "user"; readonly userName: string };
  readonly status: "Active" | "Inactive";
  readonly createdAt: number;
}

export const listKeys: CommandBody = (context) => {
  const { arguments: given, terminal } = context;
  const query = { account: given.text("account"), user: given.text("user") };
  return printListing<AccessKey>(context, "/v1/access-keys", query, [
    { title: "ACCESS KEY", cell: (key) => key.accessKeyId },
    { title: "ACCOUNT", cell: (key) => key.accountId },
    { title: "OWNER", cell: (key) => (key.owner.type === "root" ? "root" : printable(key.owner.userName)) },
    { title: "STATUS", cell: (key) => terminal.tone(key.status === "Active" ? "good" : "warn", key.status) },
    { title: "CREATED", cell: (key) => localTime(key.createdAt) },
  ]);
};

export const createKey: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const userName = context.arguments.text("user");
  const owner = userName === undefined ? { type: "root" } : { type: "user", userName };
  const result = await executeCommand<{ readonly accessKeyId: string; readonly secretAccessKey: string }>(
    findApi(context),
    {
      type: "accessKey.create",
      accountId,
      owner,
    },
  );
  const lines = [
    `AWS_ACCESS_KEY_ID=${result.accessKeyId}`,
    `AWS_SECRET_ACCESS_KEY=${result.secretAccessKey}`,
    "The secret is not shown again.",
  ];
  return printDone(
    context,
    { accountId, ...(userName === undefined ? {} : { userName }), ...result },
    lines.join("\n"),
  );
};

export const activateKey: CommandBody = (context) => setStatus(context, "Active");
export const deactivateKey: CommandBody = (context) => setStatus(context, "Inactive");

export const deleteKey: CommandBody = async (context) => {
  const accessKeyId = keyIdOf(context);
  await executeCommand(findApi(context), { type: "accessKey.delete", accountId: accountOf(context), accessKeyId });
  return printDone(context, { accessKeyId, deleted: true }, `Access key ${accessKeyId} is gone.`);
};

async function setStatus(context: CommandContext, status: AccessKey["status"]): Promise<undefined> {
  const accessKeyId = keyIdOf(context);
  const accountId = accountOf(context);
  await executeCommand(findApi(context), { type: "accessKey.update", accountId, accessKeyId, status });
  return printDone(context, { accessKeyId, status }, `Access key ${accessKeyId} is ${status.toLowerCase()}.`);
}

function keyIdOf({ arguments: { positionals } }: CommandContext): string {
  const accessKeyId = positionals[0]!;
  if (/^[A-Z0-9]{16,128}$/.test(accessKeyId)) return accessKeyId;
  throw usageError(`"${accessKeyId}" is not an access key id.`, "It looks like AKIA…; see biplane keys list.");
}
