/** `biplane users` */
import { entityArn } from "#foundation/ids";
import { executeCommand, listAll } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { cliErrors } from "../../cli/errors.ts";
import { type ApiAccess, accountOf, findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printListing } from "./listing.ts";

/** A user as the control API shows it. */
export interface User {
  readonly accountId: string;
  readonly entityId: string;
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  readonly sections: {
    readonly inlinePolicies?: Readonly<Record<string, string>>;
    readonly attachedPolicies?: Readonly<Record<string, true>>;
  };
  readonly createdAt: number;
}

export const listUsers: CommandBody = (context) =>
  printListing<User>(context, "/v1/users", { account: context.arguments.text("account") }, [
    { title: "ACCOUNT", cell: (user) => user.accountId },
    { title: "USER", cell: (user) => printable(user.name) },
    { title: "PATH", cell: (user) => printable(user.path) },
    { title: "POLICIES", cell: (user) => printable(policiesOf(user).join(", ") || "-") },
    { title: "CREATED", cell: (user) => localTime(user.createdAt) },
  ]);

export const createUser: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const userName = context.arguments.positionals[0]!;
  const path = context.arguments.text("path") ?? "/";
  const { entityId } = await executeCommand<{ readonly entityId: string }>(findApi(context), {
    type: "user.create",
    accountId,
    name: userName,
    path,
    sections: {},
  });
  const arn = entityArn({ kind: "user", accountId, path, name: userName });
  return printDone(
    context,
    { accountId, userName, userId: entityId, arn },
    `User ${arn} is there. It may do nothing until it gets a policy.`,
  );
};

export const deleteUser: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const userName = context.arguments.positionals[0]!;
  const access = findApi(context);
  const { entityId } = await userNamed(access, accountId, userName);
  await executeCommand(access, { type: "user.delete", accountId, entityId });
  return printDone(context, { accountId, userName, deleted: true }, `User ${printable(userName)} is gone.`);
};

/** Names differ in more than case. @throws CodedError NOT_FOUND */
export async function userNamed(access: ApiAccess, accountId: string, userName: string): Promise<User> {
  for await (const user of listAll<User>(access, "/v1/users", { account: accountId })) {
    if (user.name.toLowerCase() === userName.toLowerCase()) return user;
  }
  throw cliErrors.error("NOT_FOUND", `There is no user ${printable(userName)} in account ${accountId}.`);
}

/** Inline ones by name, managed ones by the last part of their ARN. */
function policiesOf({ sections: { inlinePolicies = {}, attachedPolicies = {} } }: User): readonly string[] {
  const attached = Object.keys(attachedPolicies).map((arn) => arn.slice(arn.lastIndexOf("/") + 1));
  return [...Object.keys(inlinePolicies), ...attached];
}
