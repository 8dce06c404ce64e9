/** All catalog records in memory, with the indexes that commands and readers need. */
import type {
  AccessKeyRecord,
  AccountId,
  AccountRecord,
  BucketRecord,
  CatalogChange,
  CatalogKind,
  CatalogRecord,
  DataPlaneRecord,
  KeyOwner,
  QueueRecord,
  Region,
  ResourceKind,
  ResourceRecord,
  TableRecord,
  UserRecord,
} from "#contracts";
import { keyOfRecord, resourceKey, userKey } from "./catalog-keys.ts";

/** Read-only look-ups; each O(1) or O(result). Records are frozen. */
export interface CatalogReader {
  account(accountId: AccountId): AccountRecord | undefined;
  /** Account names are unique without regard to case. */
  accountByName(name: string): AccountRecord | undefined;
  user(accountId: AccountId, userName: string): UserRecord | undefined;
  /** User names are unique in their account without regard to case. */
  userByAnyCase(accountId: AccountId, userName: string): UserRecord | undefined;
  userCount(accountId: AccountId): number;
  accessKey(accessKeyId: string): AccessKeyRecord | undefined;
  accessKeysOf(accountId: AccountId, owner: KeyOwner): readonly AccessKeyRecord[];
  bucket(name: string): BucketRecord | undefined;
  bucketCount(accountId: AccountId): number;
  resource<Kind extends ResourceKind>(
    kind: Kind,
    accountId: AccountId,
    region: Region,
    name: string,
  ): ResourceRecord<Kind> | undefined;
  /** The data plane of this cloud; undefined before the first one has registered, and after it was forgotten. */
  dataPlane(): DataPlaneRecord | undefined;
  /** How many resources of a kind there are in a region of an account. */
  resourceCount(kind: ResourceKind, accountId: AccountId, region: Region): number;
  record(kind: CatalogKind, key: string): CatalogRecord | undefined;
  /** All records of a kind, in no particular order. */
  records(kind: CatalogKind): Iterable<CatalogRecord>;
  count(kind: CatalogKind): number;
}

/** Groups of keys. Empty groups are dropped, so that memory follows the records. */
class KeyIndex {
  readonly #groups = new Map<string, Set<string>>();

  add(group: string, key: string): void {
    const keys = this.#groups.get(group);
    if (keys === undefined) this.#groups.set(group, new Set([key]));
    else keys.add(key);
  }

  remove(group: string, key: string): void {
    const keys = this.#groups.get(group);
    if (keys === undefined) return;
    keys.delete(key);
    if (keys.size === 0) this.#groups.delete(group);
  }

  of(group: string): ReadonlySet<string> {
    return this.#groups.get(group) ?? NO_KEYS;
  }
}

const NO_KEYS: ReadonlySet<string> = new Set();

function ownerGroup(accountId: AccountId, owner: KeyOwner): string {
  return owner.type === "root" ? accountId : userKey(accountId, owner.userName);
}

/** The catalog's state; `apply` moves it. */
export class CatalogViews implements CatalogReader {
  readonly #accounts = new Map<string, AccountRecord>();
  readonly #users = new Map<string, UserRecord>();
  readonly #accessKeys = new Map<string, AccessKeyRecord>();
  readonly #buckets = new Map<string, BucketRecord>();
  readonly #resources: Readonly<Record<ResourceKind, Map<string, QueueRecord | TableRecord>>> = {
    queue: new Map(),
    table: new Map(),
  };
  readonly #dataPlanes = new Map<string, DataPlaneRecord>();
  readonly #accountIdByName = new Map<string, string>();
  readonly #userKeyByAnyCase = new Map<string, string>();
  readonly #usersOfAccount = new KeyIndex();
  readonly #accessKeysOfOwner = new KeyIndex();
  readonly #bucketsOfAccount = new KeyIndex();
  /** Grouped by `kind/account/region`. */
  readonly #resourcesOfRegion = new KeyIndex();

  /** Applies one change and returns the change that undoes it. */
  apply(change: CatalogChange): CatalogChange {
    const kind = change.change === "upsert" ? change.record.kind : change.kind;
    const before = this.record(kind, change.key);
    if (before !== undefined) this.#drop(before);
    if (change.change === "upsert") this.#put(change.record);
    if (before === undefined) return { change: "delete", kind, key: change.key };
    return { change: "upsert", key: change.key, record: before };
  }

  account(accountId: AccountId): AccountRecord | undefined {
    return this.#accounts.get(accountId);
  }

  accountByName(name: string): AccountRecord | undefined {
    const accountId = this.#accountIdByName.get(name.toLowerCase());
    return accountId === undefined ? undefined : this.#accounts.get(accountId);
  }

  user(accountId: AccountId, userName: string): UserRecord | undefined {
    return this.#users.get(userKey(accountId, userName));
  }

  userByAnyCase(accountId: AccountId, userName: string): UserRecord | undefined {
    const key = this.#userKeyByAnyCase.get(userKey(accountId, userName).toLowerCase());
    return key === undefined ? undefined : this.#users.get(key);
  }

  userCount(accountId: AccountId): number {
    return this.#usersOfAccount.of(accountId).size;
  }

  accessKey(accessKeyId: string): AccessKeyRecord | undefined {
    return this.#accessKeys.get(accessKeyId);
  }

  accessKeysOf(accountId: AccountId, owner: KeyOwner): readonly AccessKeyRecord[] {
    const keys = this.#accessKeysOfOwner.of(ownerGroup(accountId, owner));
    return Array.from(keys, (key) => this.#accessKeys.get(key)!);
  }

  bucket(name: string): BucketRecord | undefined {
    return this.#buckets.get(name);
  }

  bucketCount(accountId: AccountId): number {
    return this.#bucketsOfAccount.of(accountId).size;
  }

  resource<Kind extends ResourceKind>(
    kind: Kind,
    accountId: AccountId,
    region: Region,
    name: string,
  ): ResourceRecord<Kind> | undefined {
    // The map of a kind holds that kind.
    return this.#resources[kind].get(resourceKey({ accountId, region, name })) as ResourceRecord<Kind> | undefined;
  }

  dataPlane(): DataPlaneRecord | undefined {
    for (const record of this.#dataPlanes.values()) return record;
    return undefined;
  }

  resourceCount(kind: ResourceKind, accountId: AccountId, region: Region): number {
    return this.#resourcesOfRegion.of(`${kind}/${accountId}/${region}`).size;
  }

  record(kind: CatalogKind, key: string): CatalogRecord | undefined {
    return this.#mapOf(kind).get(key);
  }

  records(kind: CatalogKind): Iterable<CatalogRecord> {
    return this.#mapOf(kind).values();
  }

  count(kind: CatalogKind): number {
    return this.#mapOf(kind).size;
  }

  #mapOf(kind: CatalogKind): ReadonlyMap<string, CatalogRecord> {
    switch (kind) {
      case "account":
        return this.#accounts;
      case "user":
        return this.#users;
      case "accessKey":
        return this.#accessKeys;
      case "bucket":
        return this.#buckets;
      case "dataPlane":
        return this.#dataPlanes;
      case "queue":
      case "table":
        return this.#resources[kind];
    }
  }

  #put(record: CatalogRecord): void {
    const key = keyOfRecord(record);
    switch (record.kind) {
      case "account":
        this.#accounts.set(key, record);
        this.#accountIdByName.set(record.name.toLowerCase(), key);
        return;
      case "user":
        this.#users.set(key, record);
        this.#userKeyByAnyCase.set(key.toLowerCase(), key);
        this.#usersOfAccount.add(record.accountId, key);
        return;
      case "accessKey":
        this.#accessKeys.set(key, record);
        this.#accessKeysOfOwner.add(ownerGroup(record.accountId, record.owner), key);
        return;
      case "bucket":
        this.#buckets.set(key, record);
        this.#bucketsOfAccount.add(record.accountId, key);
        return;
      case "dataPlane":
        this.#dataPlanes.set(key, record);
        return;
      case "queue":
      case "table":
        this.#resources[record.kind].set(key, record);
        this.#resourcesOfRegion.add(`${record.kind}/${record.accountId}/${record.region}`, key);
        return;
    }
  }

  #drop(record: CatalogRecord): void {
    const key = keyOfRecord(record);
    switch (record.kind) {
      case "account":
        this.#accounts.delete(key);
        this.#accountIdByName.delete(record.name.toLowerCase());
        return;
      case "user":
        this.#users.delete(key);
        this.#userKeyByAnyCase.delete(key.toLowerCase());
        this.#usersOfAccount.remove(record.accountId, key);
        return;
      case "accessKey":
        this.#accessKeys.delete(key);
        this.#accessKeysOfOwner.remove(ownerGroup(record.accountId, record.owner), key);
        return;
      case "bucket":
        this.#buckets.delete(key);
        this.#bucketsOfAccount.remove(record.accountId, key);
        return;
      case "dataPlane":
        this.#dataPlanes.delete(key);
        return;
      case "queue":
      case "table":
        this.#resources[record.kind].delete(key);
        this.#resourcesOfRegion.remove(`${record.kind}/${record.accountId}/${record.region}`, key);
        return;
    }
  }
}
