/** Who calls the REST API, and what they may do in an org. Pure. */
import type { AccountId, OrgRole, Subject } from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";
import { grantedScopes, ORG_SCOPES, type OrgScope } from "#control-plane/platform-identity";

/** By what somebody has shown who they are. */
export type Credential =
  | { readonly type: "session"; readonly sessionId: string }
  | { readonly type: "apiToken"; readonly tokenId: string };

/** A person or program. */
export interface SubjectCaller {
  readonly type: "subject";
  readonly subject: Subject;
  readonly credential: Credential;
  /** What the credential is good for, whatever the subject's role. */
  readonly scopes: readonly string[];
  /** The only org that the credential is good for. */
  readonly onlyOrg?: AccountId;
}

/** The operator of the cloud is whoever holds the token in the data directory: every scope, in every org. */
export type ApiCaller = { readonly type: "operator" } | SubjectCaller;

/** What a caller is in one org. */
export interface OrgAccess {
  readonly accountId: AccountId;
  readonly role: OrgRole;
  readonly scopes: ReadonlySet<OrgScope>;
}

/** As events and idempotency keys know the caller. */
export function actorOf(caller: ApiCaller): string {
  if (caller.type === "operator") return "token:root";
  return caller.subject.type === "person"
    ? `person:${caller.subject.personId}`
    : `program:${caller.subject.principalId}`;
}

/** Whether what the caller has shown is still good: for answers that go on for longer than a request. */
export function isStanding(caller: ApiCaller, views: CatalogReader, now: number): boolean {
  if (caller.type === "operator") return true;
  const { credential } = caller;
  const record =
    credential.type === "session"
      ? views.record("session", credential.sessionId)
      : views.record("apiToken", credential.tokenId);
  return record !== undefined && (record.expiresAt === undefined || record.expiresAt > now);
}

/** What the caller may do in an org; undefined when it is none of theirs, which is the same to them as if there were none. */
export function accessTo(caller: ApiCaller, views: CatalogReader, accountId: AccountId): OrgAccess | undefined {
  if (views.account(accountId) === undefined) return undefined;
  if (caller.type === "operator") return { accountId, role: "owner", scopes: new Set(ORG_SCOPES) };
  if (caller.onlyOrg !== undefined && caller.onlyOrg !== accountId) return undefined;
  const { subject } = caller;
  if (subject.type === "person") {
    const role = views.member(accountId, subject.personId)?.role;
    return role === undefined ? undefined : { accountId, role, scopes: grantedScopes(role, caller.scopes) };
  }
  const principal = views.record("servicePrincipal", subject.principalId);
  if (principal?.accountId !== accountId) return undefined;
  const { role } = principal;
  const own = new Set(principal.scopes);
  const scopes = caller.scopes.filter((scope) => own.has(scope));
  return { accountId, role, scopes: grantedScopes(role, scopes) };
}

/** The orgs that the caller belongs to, in order of id. The operator belongs to none. */
export function orgsOf(caller: ApiCaller, views: CatalogReader): readonly OrgAccess[] {
  if (caller.type === "operator") return [];
  const { subject } = caller;
  const ids =
    subject.type === "person"
      ? views.inGroup("member", groups.ofPerson(subject.personId)).map((member) => member.accountId)
      : [views.record("servicePrincipal", subject.principalId)?.accountId];
  return ids
    .flatMap((accountId) => (accountId === undefined ? [] : (accessTo(caller, views, accountId) ?? [])))
    .sort((left, right) => (left.accountId < right.accountId ? -1 : 1));
}
