/** Look-ups that several handlers make: the record, or why there is none. */
import type {
  AccountId,
  ApiTokenRecord,
  MemberRecord,
  PersonRecord,
  ServicePrincipalRecord,
  SessionRecord,
  Subject,
} from "#contracts";
import { CLOUD_ORG } from "#contracts";
import { type CatalogReader, groups, type Refusal, refuse } from "#control-plane/events";

export function noSuchAccount(accountId: AccountId): Refusal {
  return refuse("NoSuchAccount", `There is no account ${/^\d{12}$/.test(accountId) ? accountId : "of that id"}`);
}

export const noSuchPerson = (): Refusal => refuse("NoSuchPerson", "There is no such person");
export const noSuchMember = (): Refusal => refuse("NoSuchMember", "The org has no such member");
export const noSuchServicePrincipal = (): Refusal =>
  refuse("NoSuchServicePrincipal", "The org has no such service principal");

/** Addresses are compared without regard to case. */
export function personByEmail(views: CatalogReader, email: string): PersonRecord | undefined {
  return views.inGroup("person", groups.namedInCloud(email))[0];
}

export function sameEmail(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** The program, if it is the org's; another org's program is as good as none. */
export function servicePrincipalOf(
  views: CatalogReader,
  accountId: AccountId,
  principalId: string,
): ServicePrincipalRecord | undefined {
  const principal = views.record("servicePrincipal", principalId);
  return principal?.accountId === accountId ? principal : undefined;
}

export function ownersOf(views: CatalogReader, accountId: AccountId): readonly MemberRecord[] {
  return views.inGroup("member", groups.ofAccount(accountId)).filter((member) => member.role === "owner");
}

/** The org under which events about a subject's tokens and sessions stand: a program's own; people belong to none. Refused when there is no such subject. */
export function orgOfSubject(views: CatalogReader, subject: Subject): { readonly org: AccountId } | Refusal {
  if (subject.type === "person") {
    return views.record("person", subject.personId) === undefined ? noSuchPerson() : { org: CLOUD_ORG };
  }
  const principal = views.record("servicePrincipal", subject.principalId);
  return principal === undefined ? noSuchServicePrincipal() : { org: principal.accountId };
}

/** The org of the events about a token or session that exists; its subject may be ending in the same decision. */
export function orgOfEvents(views: CatalogReader, record: ApiTokenRecord | SessionRecord): AccountId {
  const { subject } = record;
  if (subject.type === "person") return CLOUD_ORG;
  return views.record("servicePrincipal", subject.principalId)?.accountId ?? CLOUD_ORG;
}

/** How many orgs a person is a member of. */
export function orgsOf(views: CatalogReader, personId: string): number {
  return views.countInGroup("member", groups.ofPerson(personId));
}

export function tooManyOrgs(max: number): Refusal {
  return refuse("LimitExceeded", `A person is a member of at most ${max} orgs`);
}
