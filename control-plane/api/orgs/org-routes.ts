/** Routes about orgs themselves. */
import type { AccountId } from "#contracts";
import type { CommandOf } from "#control-plane/events";
import { type HttpResponse, json, ProblemError } from "#foundation/http";
import { type ApiCaller, type OrgAccess, orgsOf } from "../authentication/caller.ts";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute, IDEMPOTENCY_HEADER } from "../execute.ts";
import type { Route } from "../route.ts";
import { object, schemaRef, text } from "../schemas.ts";
import { DONE, done, listOf } from "./shared.ts";

const NEW_ORG = object({ name: text });
const CHANGES = object({ name: text, alias: { type: ["string", "null"], description: "IAM's account alias." } }, [
  "name",
  "alias",
]);
const ORG = {
  status: 200,
  contentType: "application/json",
  schema: schemaRef("Org"),
  description: "The org.",
} as const;

export const ORG_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/orgs",
    operationId: "listOrgs",
    summary: "Lists the caller's orgs; all of them for the operator.",
    scope: "authenticated",
    answer: { ...ORG, schema: listOf(schemaRef("Org")), description: "In order of id." },
    handle({ caller }, { core: { views } }) {
      const all = (): readonly OrgLike[] =>
        Array.from(views.records("account"), ({ accountId }) => ({ accountId, role: "owner" }) as const);
      const orgs = caller.type === "operator" ? all() : orgsOf(caller, views);
      return json({
        items: orgs
          .map((org) => presentedOrg(org, views))
          .sort((left, right) => (left.accountId < right.accountId ? -1 : 1)),
      });
    },
  },
  {
    method: "POST",
    path: "/v1/orgs",
    operationId: "createOrg",
    summary: "Makes an org. The person who does so is its first owner.",
    description: "The operator makes orgs without one, and invites an owner.",
    scope: "session",
    headers: IDEMPOTENCY_HEADER,
    requestBody: NEW_ORG,
    answer: { ...ORG, status: 201 },
    problems: ["NOT_A_PERSON", "AccountAlreadyExists", "LimitExceeded", "ValidationFailed"],
    async handle(call, environment) {
      const { name } = await readMembers(call.request, NEW_ORG);
      const ownerPersonId = ownerOf(call.caller);
      const command = { type: "account.create", name, ...(ownerPersonId === undefined ? {} : { ownerPersonId }) };
      const { accountId } = await execute(call, environment, command as CommandOf<"account.create">);
      return json(presentedOrg({ accountId, role: "owner" }, environment.core.views), 201);
    },
  },
  {
    method: "GET",
    path: "/v1/orgs/{org}",
    operationId: "getOrg",
    summary: "Shows an org.",
    scope: "orgs:read",
    org: "path",
    answer: ORG,
    handle: ({ org }, { core }) => json(presentedOrg(org, core.views)),
  },
  {
    method: "PATCH",
    path: "/v1/orgs/{org}",
    operationId: "changeOrg",
    summary: "Changes an org's name and alias. Null takes the alias away.",
    scope: "orgs:admin",
    org: "path",
    headers: IDEMPOTENCY_HEADER,
    requestBody: CHANGES,
    answer: ORG,
    problems: ["AccountAlreadyExists", "AccountAliasTaken", "ValidationFailed"],
    async handle(call, environment): Promise<HttpResponse> {
      const { name, alias } = await readMembers(call.request, CHANGES);
      const command = { type: "account.configure", accountId: call.org.accountId, name, alias };
      await execute(call, environment, command as CommandOf<"account.configure">);
      return json(presentedOrg(call.org, environment.core.views));
    },
  },
  {
    method: "POST",
    path: "/v1/orgs/{org}/leave",
    operationId: "leaveOrg",
    summary: "Ends the caller's own membership.",
    scope: "orgs:read",
    org: "path",
    answer: DONE,
    problems: ["NOT_A_PERSON", "LastOwner"],
    async handle(call, environment) {
      const personId = personOf(call.caller);
      await execute(call, environment, { type: "member.remove", accountId: call.org.accountId, personId });
      return done();
    },
  },
];

type OrgLike = Pick<OrgAccess, "accountId" | "role">;

function presentedOrg({ accountId, role }: OrgLike, views: ApiEnvironment["core"]["views"]) {
  const { name, alias, createdAt } = views.account(accountId as AccountId)!;
  return { accountId, name, alias, createdAt, role };
}

/** Undefined for the operator, who is no person. @throws ProblemError 403 for programs */
function ownerOf(caller: ApiCaller): string | undefined {
  return caller.type === "operator" ? undefined : personOf(caller);
}

/** @throws ProblemError 403 NOT_A_PERSON */
export function personOf(caller: ApiCaller): string {
  if (caller.type === "subject" && caller.subject.type === "person") return caller.subject.personId;
  throw new ProblemError({
    status: 403,
    code: "NOT_A_PERSON",
    title: "Only people do this.",
    detail: "Sign in as a person (`biplane login`).",
  });
}
