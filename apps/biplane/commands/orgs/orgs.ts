/** `biplane orgs` */
import { changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { findPerson } from "../../cli/logins.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";
import { type Org, orgOf, orgsOf } from "./org-of.ts";

export const listOrgs: CommandBody = async (context) =>
  printItems(context, await orgsOf(findPerson(context)), [
    { title: "ORG", cell: (org) => org.accountId },
    { title: "NAME", cell: (org) => printable(org.name) },
    { title: "ALIAS", cell: (org) => printable(org.alias ?? "-") },
    { title: "ROLE", cell: (org) => org.role },
    { title: "CREATED", cell: (org) => localTime(org.createdAt) },
  ]);

export const createOrg: CommandBody = async (context) => {
  const name = context.arguments.positionals[0]!;
  const org = await changeByApi<Org>(findPerson(context), "POST", "/v1/orgs", { name });
  return printDone(context, org, `Org ${printable(org.name)} is ${org.accountId}.`);
};

export const leaveOrg: CommandBody = async (context) => {
  const access = findPerson(context);
  const org = await orgOf(context, access);
  await changeByApi(access, "POST", `/v1/orgs/${org.accountId}/leave`);
  return printDone(context, { accountId: org.accountId, left: true }, `You have left ${printable(org.name)}.`);
};
