/** `biplane accounts` */
import { executeCommand } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printListing } from "./listing.ts";

interface Account {
  readonly accountId: string;
  readonly name: string;
  readonly canonicalUserId: string;
  readonly createdAt: number;
}

export const listAccounts: CommandBody = (context) =>
  printListing<Account>(context, "/v1/accounts", {}, [
    { title: "ACCOUNT", cell: (account) => account.accountId },
    { title: "NAME", cell: (account) => printable(account.name) },
    { title: "CREATED", cell: (account) => localTime(account.createdAt) },
  ]);

export const createAccount: CommandBody = async (context) => {
  const name = context.arguments.positionals[0]!;
  const accountId = context.arguments.text("id");
  if (accountId !== undefined && !/^\d{12}$/.test(accountId)) throw usageError("--id must have twelve digits.");
  const result = await executeCommand<Pick<Account, "accountId" | "canonicalUserId">>(findApi(context), {
    type: "account.create",
    name,
    accountId,
  });
  const next = `Make a key for it: biplane keys create --account ${result.accountId}`;
  return printDone(context, { name, ...result }, `Account ${printable(name)} is ${result.accountId}.\n${next}`);
};
