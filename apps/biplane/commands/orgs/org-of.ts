/** Which org a command means. */
import { callApiJson } from "../../cli/api-client.ts";
import type { CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { type ApiAccess, accountOf } from "../../cli/find-cloud.ts";

export interface Org {
  readonly accountId: string;
  readonly name: string;
  readonly alias?: string;
  readonly role: string;
  readonly createdAt: number;
}

export async function orgsOf(access: ApiAccess): Promise<readonly Org[]> {
  return (await callApiJson<{ readonly items: readonly Org[] }>(access, { path: "/v1/orgs" })).items;
}

/**
 * `--org` or `BIPLANE_ORG`: an id, a name or an alias; or the only org there is, or the operator's first.
 *
 * @throws CodedError USAGE
 */
export async function orgOf(context: CommandContext, access: ApiAccess): Promise<Org> {
  const { arguments: given, environment } = context;
  const named = given.text("org") ?? (environment.BIPLANE_ORG || undefined);
  const orgs = await orgsOf(access);
  const choices = orgs.map(({ accountId, name }) => `${accountId} ${name}`).join(", ");
  if (named !== undefined) {
    const wanted = named.toLowerCase();
    const found = orgs.find((org) =>
      [org.accountId, org.name, org.alias].some((name) => name?.toLowerCase() === wanted),
    );
    if (found !== undefined) return found;
    throw usageError(`You have no org "${named}".`, choices === "" ? undefined : `There are: ${choices}`);
  }
  if (orgs.length === 1) return orgs[0]!;
  if (orgs.length === 0) throw usageError("You are in no org.", "Make one (biplane orgs create NAME), or be invited.");
  // Only the operator's own data directory says which account came first.
  const first = access.renew === undefined && given.text("endpoint") === undefined ? accountOf(context) : undefined;
  const found = orgs.find((org) => org.accountId === first);
  if (found !== undefined) return found;
  throw usageError("Which org? Name it with --org.", `There are: ${choices}`);
}
