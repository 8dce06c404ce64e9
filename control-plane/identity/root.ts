/** The first account and its root access key: what a new cloud starts with. */
import type { AccessKeyRecord, AccountId } from "#contracts";
import type { CatalogReader, NewEvent } from "#control-plane/events";
import { mintAccessKey } from "./access-key-handlers.ts";
import type { IdentityDependencies } from "./dependencies.ts";

/** What `decideRoot` would have happen, in one transaction, so that a crash leaves both or neither. */
export interface RootDecision {
  readonly accountId: AccountId;
  readonly events: readonly NewEvent[];
}

/** Decides about the first account, in a cloud that has none. */
export function decideRoot(
  dependencies: Pick<IdentityDependencies, "names" | "seal">,
  account: { readonly name: string; readonly accountId?: AccountId },
): RootDecision {
  const accountId = account.accountId ?? dependencies.names.accountId();
  const payload = { accountId, name: account.name, canonicalUserId: dependencies.names.canonicalUserId() };
  const created: NewEvent = { type: "account.created", aggregateId: accountId, org: accountId, payload };
  const { event } = mintAccessKey(dependencies, accountId, { type: "root" });
  return { accountId, events: [created, event] };
}

/** The account's oldest active root key; undefined when the root user has removed or switched off all of them. */
export function rootKeyOf(views: CatalogReader, accountId: AccountId): AccessKeyRecord | undefined {
  const active = views.accessKeysOf(accountId, { type: "root" }).filter((key) => key.status === "Active");
  const age = (left: AccessKeyRecord, right: AccessKeyRecord): number => left.createdAt - right.createdAt;
  return active.sort((left, right) => age(left, right) || (left.accessKeyId < right.accessKeyId ? -1 : 1))[0];
}
