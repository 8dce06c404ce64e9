/** `biplane users policy` */
import { readFileSync } from "node:fs";
import { executeCommand } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import { accountOf, findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { printDone } from "./listing.ts";
import { type User, userNamed } from "./users.ts";

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
  await setPolicy(context, accountId, userName, policyName, document);
  return printDone(
    context,
    { accountId, userName, policyName },
    `Policy ${printable(policyName)} of user ${printable(userName)} is set.`,
  );
};

export const deletePolicy: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const [userName, policyName] = context.arguments.positionals as [string, string];
  policyOf(await userNamed(findApi(context), accountId, userName), policyName);
  await setPolicy(context, accountId, userName, policyName, null);
  return printDone(
    context,
    { accountId, userName, policyName, deleted: true },
    `Policy ${printable(policyName)} of user ${printable(userName)} is gone.`,
  );
};

export const showPolicy: CommandBody = async (context) => {
  const accountId = accountOf(context);
  const [userName, policyName] = context.arguments.positionals as [string, string];
  const document = policyOf(await userNamed(findApi(context), accountId, userName), policyName);
  return printDone(context, { accountId, userName, policyName, document }, document);
};

/** @param document null removes the policy */
async function setPolicy(
  context: CommandContext,
  accountId: string,
  userName: string,
  policyName: string,
  document: string | null,
): Promise<void> {
  const access = findApi(context);
  const { entityId } = await userNamed(access, accountId, userName);
  const sections = { inlinePolicies: { [policyName]: document } };
  await executeCommand(access, { type: "user.configure", accountId, entityId, sections });
}

/** Own members only: a policy may be called `constructor`. @throws CodedError NOT_FOUND */
function policyOf({ name, sections: { inlinePolicies = {} } }: User, policyName: string): string {
  const document = Object.hasOwn(inlinePolicies, policyName) ? inlinePolicies[policyName] : undefined;
  if (document !== undefined) return document;
  throw cliErrors.error("NOT_FOUND", `User ${printable(name)} has no policy ${printable(policyName)}.`);
}

function documentOf(given: string): string {
  if (given === "-") return readFileSync(STDIN, "utf8");
  return given.startsWith("@") ? readFileSync(given.slice(1), "utf8") : given;
}
