/** `biplane users policy` */
import { readFileSync } from "node:fs";
import { executeCommand, listAll } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import { accountOf, findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { printDone } from "./listing.ts";
import type { User } from "./users.ts";

const STDIN = 0;

export const putPolicy: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const [userName, policyName, given] = context.arguments.positionals as [string, string, string];
  const document = documentOf(given);
  try {
    JSON.parse(document);
  } catch {
    throw usageError(
      "DOCUMENT is not valid JSON.",
      "Give the policy itself, @FILE for a file that holds it, or - for standard input.",
    );
  }
  await executeCommand(findApi(context), { type: "userPolicy.put", accountId, userName, policyName, document });
  return printDone(
    context,
    { accountId, userName, policyName },
    `Policy ${printable(policyName)} of user ${printable(userName)} is set.`,
  );
};

export const deletePolicy: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const [userName, policyName] = context.arguments.positionals as [string, string];
  await executeCommand(findApi(context), { type: "userPolicy.delete", accountId, userName, policyName });
  return printDone(
    context,
    { accountId, userName, policyName, deleted: true },
    `Policy ${printable(policyName)} of user ${printable(userName)} is gone.`,
  );
};

export const showPolicy: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const [userName, policyName] = context.arguments.positionals as [string, string];
  for await (const user of listAll<User>(findApi(context), "/v1/users", { account: accountId })) {
    if (user.userName !== userName) continue;
    const document = Object.hasOwn(user.inlinePolicies, policyName) ? user.inlinePolicies[policyName]! : undefined;
    if (document === undefined)
      throw cliErrors.error("FILE_NOT_FOUND", `User ${userName} has no policy ${policyName}.`);
    return printDone(context, { accountId, userName, policyName, document }, document);
  }
  throw cliErrors.error("FILE_NOT_FOUND", `There is no user ${userName} in account ${accountId}.`);
};

function documentOf(given: string): string {
  if (given === "-") return readFileSync(STDIN, "utf8");
  return given.startsWith("@") ? readFileSync(given.slice(1), "utf8") : given;
}
