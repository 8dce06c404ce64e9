/** People and programs of a test's cloud, made by commands as the routes would. */
import type { AccountId, Command, CommandResults, OrgRole, Subject } from "#contracts";
import { ORG_SCOPES, ROLE_SCOPES } from "#control-plane/platform-identity";
import type { TestApi } from "./test-api.ts";

let counter = 0;

/** An Argon2id hash of the right form; of no password. */
export const NO_PASSWORD = `$argon2id$v=19$m=19456,t=2,p=1$${"s".repeat(22)}$${"h".repeat(43)}`;

export async function done<Given extends Command>(
  { core }: Pick<TestApi, "core">,
  command: Given,
): Promise<CommandResults[Given["type"]]> {
  const outcome = await core.execute(command, { actor: "system:test", requestId: "r" });
  if (!outcome.ok) throw new Error(`${command.type}: ${outcome.code} ${outcome.message}`);
  return outcome.result as CommandResults[Given["type"]];
}

export async function newOrg(world: TestApi): Promise<AccountId> {
  return (await done(world, { type: "account.create", name: `org-${++counter}` })).accountId;
}

/** A person who is a member of the org. */
export async function newMember(world: TestApi, accountId: AccountId, role: OrgRole): Promise<string> {
  const email = `${role}-${++counter}@example.com`;
  const { invitationId } = await done(world, { type: "invitation.create", accountId, email, role });
  const newPerson = { name: role, passwordHash: NO_PASSWORD };
  return (await done(world, { type: "invitation.accept", invitationId, newPerson })).personId;
}

/** Makes a person who exists a member of one more org, or a member again. */
export async function joinAgain(world: TestApi, accountId: AccountId, personId: string, role: OrgRole): Promise<void> {
  const { email } = world.core.views.record("person", personId)!;
  const { invitationId } = await done(world, { type: "invitation.create", accountId, email, role });
  await done(world, { type: "invitation.accept", invitationId, personId });
}

export async function newProgram(world: TestApi, accountId: AccountId, role: OrgRole) {
  const name = `program-${++counter}`;
  const scopes = [...ROLE_SCOPES[role]];
  return await done(world, { type: "servicePrincipal.create", accountId, name, role, scopes });
}

export const person = (personId: string): Subject => ({ type: "person", personId });
export const program = (principalId: string): Subject => ({ type: "servicePrincipal", principalId });

export async function newToken(
  world: TestApi,
  subject: Subject,
  scopes: readonly string[] = ORG_SCOPES,
  accountId?: AccountId,
): Promise<string> {
  const token = { type: "apiToken.create", subject, name: "test", scopes, accountId } as const;
  return (await done(world, token)).token;
}

/** The access token of a session, as the token endpoint would give it. */
export async function newAccessToken(world: TestApi, subject: Subject, scopes: readonly string[] = ORG_SCOPES) {
  const open = { type: "session.open", subject, clientName: "test", scopes, withRefreshToken: false } as const;
  const session = await done(world, open);
  return { ...session, token: world.accessTokens.issue(session) };
}
