/** Access keys (IAM API Reference: CreateAccessKey, UpdateAccessKey, DeleteAccessKey). */
import type { AccessKeyRecord, AccountId, KeyOwner } from "#contracts";
import { type CatalogReader, type CommandHandlers, type NewEvent, type Refusal, refuse } from "#control-plane/events";
import type { IdentityDependencies } from "./dependencies.ts";
import { noSuchAccount, quotaExceeded, shown } from "./refusals.ts";

type AccessKeyCommands = "accessKey.create" | "accessKey.update" | "accessKey.delete";

/** A key and the event that brings it into being. The secret is in the event only sealed. */
export interface MintedAccessKey {
  readonly event: NewEvent;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Makes a key for an owner that exists. */
export function mintAccessKey(
  { names, seal }: Pick<IdentityDependencies, "names" | "seal">,
  accountId: AccountId,
  owner: KeyOwner,
): MintedAccessKey {
  const accessKeyId = names.accessKeyId(accountId);
  const secretAccessKey = names.secretAccessKey();
  const payload = { accessKeyId, accountId, owner, sealedSecret: seal(secretAccessKey, accessKeyId) };
  const event: NewEvent = { type: "accessKey.created", aggregateId: accessKeyId, org: accountId, payload };
  return { event, accessKeyId, secretAccessKey };
}

export function createAccessKeyHandlers(dependencies: IdentityDependencies): CommandHandlers<AccessKeyCommands> {
  const { limits } = dependencies;
  return {
    "accessKey.create"({ accountId, owner: asked }, views) {
      if (views.account(accountId) === undefined) return noSuchAccount(accountId);
      const owner = ownerOf(views, accountId, asked);
      if ("ok" in owner) return owner;
      if (views.accessKeysOf(accountId, owner).length >= limits.accessKeysPerOwner) {
        return quotaExceeded("AccessKeysPerUser", limits.accessKeysPerOwner);
      }
      const { event, accessKeyId, secretAccessKey } = mintAccessKey(dependencies, accountId, owner);
      return { ok: true, events: [event], result: { accessKeyId, secretAccessKey } };
    },

    "accessKey.update"({ accountId, accessKeyId, status }, views) {
      const key = findAccessKey(views, accountId, accessKeyId);
      if ("ok" in key) return key;
      if (key.status === status) return { ok: true, events: [], result: {} };
      const payload = { accessKeyId, status };
      const event: NewEvent = { type: "accessKey.updated", aggregateId: accessKeyId, org: accountId, payload };
      return { ok: true, events: [event], result: {} };
    },

    "accessKey.delete"({ accountId, accessKeyId }, views) {
      const key = findAccessKey(views, accountId, accessKeyId);
      if ("ok" in key) return key;
      const payload = { accessKeyId };
      const event: NewEvent = { type: "accessKey.deleted", aggregateId: accessKeyId, org: accountId, payload };
      return { ok: true, events: [event], result: {} };
    },
  };
}

/** The owner, the user's name written as the user itself writes it; or why there is none. */
function ownerOf(views: CatalogReader, accountId: AccountId, owner: KeyOwner): KeyOwner | Refusal {
  if (owner.type === "root") return owner;
  const user = views.entityByName("user", accountId, owner.userName);
  if (user !== undefined) return { type: "user", userName: user.name };
  return refuse("NoSuchEntity", `The user with name ${shown(owner.userName, "given")} cannot be found.`);
}

/** The key, if it is the account's; another account's key is as good as none. */
function findAccessKey(views: CatalogReader, accountId: AccountId, accessKeyId: string): AccessKeyRecord | Refusal {
  const key = views.accessKey(accessKeyId);
  if (key !== undefined && key.accountId === accountId) return key;
  return refuse("NoSuchAccessKey", `The Access Key with id ${shown(accessKeyId, "given")} cannot be found.`);
}
