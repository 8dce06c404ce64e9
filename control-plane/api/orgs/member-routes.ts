/** Routes about the members of an org. */
import type { AccountId, MemberRecord } from "#contracts";
import { type CommandOf, groups } from "#control-plane/events";
import { json, ProblemError } from "#foundation/http";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute, IDEMPOTENCY_HEADER } from "../execute.ts";
import type { OrgCall, Route } from "../route.ts";
import { object, orgRole, schemaRef } from "../schemas.ts";
import { DONE, done, listOf, requireRank } from "./shared.ts";

const CHANGES = object({ role: orgRole });
const MEMBER = {
  status: 200,
  contentType: "application/json",
  schema: schemaRef("Member"),
  description: "The member.",
} as const;

export const MEMBER_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/orgs/{org}/members",
    operationId: "listMembers",
    summary: "Lists the members of the org.",
    scope: "members:read",
    org: "path",
    answer: { ...MEMBER, schema: listOf(schemaRef("Member")), description: "In order of e-mail address." },
    handle({ org }, { core: { views } }) {
      const members = views.inGroup("member", groups.ofAccount(org.accountId));
      const items = members.map((member) => presentedMember(member, views));
      return json({ items: items.sort((left, right) => (left.email < right.email ? -1 : 1)) });
    },
  },
  {
    method: "PATCH",
    path: "/v1/orgs/{org}/members/{member}",
    operationId: "changeMember",
    summary: "Gives a member another role. It takes effect at the next request, also on data planes.",
    scope: "orgs:admin",
    org: "path",
    headers: IDEMPOTENCY_HEADER,
    requestBody: CHANGES,
    answer: MEMBER,
    problems: ["NoSuchMember", "LastOwner", "ROLE_ABOVE_YOURS", "ValidationFailed"],
    async handle(call, environment) {
      const member = memberOf(call, environment);
      const { role } = await readMembers(call.request, CHANGES);
      requireRank(call.org, member.role, role);
      const { accountId, personId } = member;
      const command = { type: "member.change", accountId, personId, role } as CommandOf<"member.change">;
      await execute(call, environment, command);
      const { views } = environment.core;
      return json(presentedMember(views.member(accountId, personId) ?? member, views));
    },
  },
  {
    method: "DELETE",
    path: "/v1/orgs/{org}/members/{member}",
    operationId: "removeMember",
    summary: "Ends a membership, and with it the member's tokens and AWS sessions of this org.",
    scope: "orgs:admin",
    org: "path",
    answer: DONE,
    problems: ["NoSuchMember", "LastOwner", "ROLE_ABOVE_YOURS"],
    async handle(call, environment) {
      const { accountId, personId, role } = memberOf(call, environment);
      requireRank(call.org, role);
      await execute(call, environment, { type: "member.remove", accountId, personId });
      return done();
    },
  },
  {
    method: "POST",
    path: "/v1/orgs/{org}/members/{member}/revoke-sessions",
    operationId: "revokeMemberSessions",
    summary: "Has every AWS session of the member refused that was given out so far.",
    scope: "orgs:admin",
    org: "path",
    answer: DONE,
    problems: ["NoSuchMember", "ROLE_ABOVE_YOURS"],
    async handle(call, environment) {
      const { accountId, personId, role } = memberOf(call, environment);
      requireRank(call.org, role);
      await execute(call, environment, { type: "member.change", accountId, personId, revokeSessions: true });
      return done();
    },
  },
];

/** @throws ProblemError 404 NoSuchMember */
function memberOf({ params, org }: OrgCall, { core }: ApiEnvironment): MemberRecord {
  const member = core.views.member(org.accountId as AccountId, params.member!);
  if (member !== undefined) return member;
  throw new ProblemError({ status: 404, code: "NoSuchMember", title: "The org has no such member." });
}

function presentedMember(member: MemberRecord, views: ApiEnvironment["core"]["views"]) {
  const { personId, role, createdAt, sessionsValidFrom } = member;
  // Members are people who are known: they come by invitation.
  const { email, name } = views.record("person", personId)!;
  return { personId, email, name, role, createdAt, sessionsValidFrom };
}
