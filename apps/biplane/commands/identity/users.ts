/** `biplane users` */
import { executeCommand } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { accountOf, findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printListing } from "./listing.ts";

/** A user as the control API shows it. */
export interface User {
  readonly accountId: string;
  readonly userName: string;
  readonly userId: string;
  readonly arn: string;
  readonly path: string;
  readonly inlinePolicies: Readonly<Record<string, string>>;
  readonly createdAt: number;
}

export const listUsers: CommandBody = (context) =>
  printListing<User>(context, "/v1/users", { account: context.arguments.text("account") }, [
    { title: "ACCOUNT", cell: (user) => user.accountId },
    { title: "USER", cell: (user) => printable(user.userName) },
    { title: "PATH", cell: (user) => printable(user.path) },
    { title: "POLICIES", cell: (user) => printable(Object.keys(user.inlinePolicies).join(", ") || "-") },
    { title: "CREATED", cell: (user) => localTime(user.createdAt) },
  ]);

export const createUser: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const userName = context.arguments.positionals[0]!;
  const result = await executeCommand<Pick<User, "userId" | "arn">>(findApi(context), {
    type: "user.create",
    accountId,
    userName,
    path: context.arguments.text("path"),
  });
  return printDone(
    context,
    { accountId, userName, ...result },
    `User ${result.arn} is there. It may do nothing until it gets a policy.`,
  );
};

export const deleteUser: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const userName = context.arguments.positionals[0]!;
  await executeCommand(findApi(context), { type: "user.delete", accountId, userName });
  return printDone(context, { accountId, userName, deleted: true }, `User ${printable(userName)} is gone.`);
};
