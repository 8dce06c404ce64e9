/** `biplane members` */
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import type { ApiAccess } from "../../cli/find-cloud.ts";
import { findPerson } from "../../cli/logins.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";
import { type Org, orgOf } from "./org-of.ts";

interface Member {
  readonly personId: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly createdAt: number;
}

interface Invitation {
  readonly invitationId: string;
  readonly email: string;
  readonly role: string;
  readonly expiresAt: number;
}

interface Items<Item> {
  readonly items: readonly Item[];
}

export const listMembers: CommandBody = async (context) => {
  const access = findPerson(context);
  return printItems(context, await membersOf(access, await orgOf(context, access)), [
    { title: "PERSON", cell: (member) => member.personId },
    { title: "E-MAIL", cell: (member) => printable(member.email) },
    { title: "NAME", cell: (member) => printable(member.name) },
    { title: "ROLE", cell: (member) => member.role },
    { title: "SINCE", cell: (member) => localTime(member.createdAt) },
  ]);
};

export const inviteMember: CommandBody = async (context) => {
  const email = context.arguments.positionals[0]!;
  const role = context.arguments.text("role") ?? "developer";
  const access = findPerson(context);
  const org = await orgOf(context, access);
  const path = `/v1/orgs/${org.accountId}/invitations`;
  const made = await changeByApi<{ readonly invitationId: string; readonly url: string; readonly expiresAt: number }>(
    access,
    "POST",
    path,
    { email, role },
  );
  const { invitationId, url, expiresAt } = made;
  const { hostname } = new URL(url);
  const isHere = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  const lines = [
    `${printable(email)} is invited to ${printable(org.name)} as ${role}. Send them this link; it is shown once:`,
    url,
    `It is good until ${localTime(expiresAt)}.`,
    ...(isHere
      ? [`From another machine ${hostname} is not this one: put the address there under which they reach it.`]
      : []),
  ];
  return printDone(context, { invitationId, email, role, url, expiresAt }, lines.join("\n"));
};

export const listInvitations: CommandBody = async (context) => {
  const access = findPerson(context);
  const { accountId } = await orgOf(context, access);
  const { items } = await callApiJson<Items<Invitation>>(access, { path: `/v1/orgs/${accountId}/invitations` });
  return printItems(context, items, [
    { title: "INVITATION", cell: (invitation) => invitation.invitationId },
    { title: "E-MAIL", cell: (invitation) => printable(invitation.email) },
    { title: "ROLE", cell: (invitation) => invitation.role },
    { title: "EXPIRES", cell: (invitation) => localTime(invitation.expiresAt) },
  ]);
};

export const revokeInvitation: CommandBody = async (context) => {
  const invitationId = context.arguments.positionals[0]!;
  const access = findPerson(context);
  const { accountId } = await orgOf(context, access);
  await changeByApi(access, "DELETE", `/v1/orgs/${accountId}/invitations/${encodeURIComponent(invitationId)}`);
  return printDone(context, { invitationId, revoked: true }, `Invitation ${printable(invitationId)} is taken back.`);
};

export const setRole: CommandBody = async (context) => {
  const role = context.arguments.positionals[1]!;
  const { access, path, member } = await memberMeant(context);
  await changeByApi(access, "PATCH", path, { role });
  const { personId, email } = member;
  return printDone(context, { personId, email, role }, `${printable(email)} is ${printable(role)}.`);
};

export const removeMember: CommandBody = async (context) => {
  const { access, path, member } = await memberMeant(context);
  await changeByApi(access, "DELETE", path);
  const { personId, email } = member;
  return printDone(context, { personId, email, removed: true }, `${printable(email)} is no member any more.`);
};

export const revokeSessions: CommandBody = async (context) => {
  const { access, path, member } = await memberMeant(context);
  await changeByApi(access, "POST", `${path}/revoke-sessions`);
  const { personId, email } = member;
  return printDone(
    context,
    { personId, email, sessionsRevoked: true },
    `AWS sessions that ${printable(email)} has got so far are refused.`,
  );
};

async function membersOf(access: ApiAccess, { accountId }: Org): Promise<readonly Member[]> {
  return (await callApiJson<Items<Member>>(access, { path: `/v1/orgs/${accountId}/members` })).items;
}

/** The member whom the first argument names, by address or id. */
async function memberMeant(context: CommandContext) {
  const named = context.arguments.positionals[0]!;
  if (named === "") throw usageError("Which member? Give the e-mail address.");
  const access = findPerson(context);
  const org = await orgOf(context, access);
  const members = await membersOf(access, org);
  const wanted = named.toLowerCase();
  const member = members.find(({ personId, email }) => personId === named || email.toLowerCase() === wanted);
  if (member === undefined) {
    throw cliErrors.error("NOT_FOUND", `${printable(org.name)} has no member ${printable(named)}.`);
  }
  return { access, member, path: `/v1/orgs/${org.accountId}/members/${member.personId}` };
}
