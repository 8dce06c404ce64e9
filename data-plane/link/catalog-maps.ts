/** The records in memory, by everything they are looked up by. Pure: no disk, no clock. */
import type {
  AccessKeyRecord,
  AccountId,
  AccountRecord,
  BucketRecord,
  CatalogChange,
  CatalogRecord,
  IdentityKind,
  IdentityRecord,
  KeyOwner,
  MemberRecord,
  UserRecord,
} from "#contracts";
import { keyOfRecord, memberKey } from "./catalog-key.ts";
import { EntityMaps } from "./entity-maps.ts";
import { NameIndex } from "./name-index.ts";
import { ResourceMaps } from "./resource-maps.ts";

const NO_BUCKETS: readonly BucketRecord[] = Object.freeze([]);

/** One state of the catalog. A snapshot fills a new one and takes the old one's place in one assignment. */
export class CatalogMaps {
  readonly #accounts = new Map<string, AccountRecord>();
  readonly #accountsByCanonicalId = new Map<string, AccountRecord>();
  readonly #accessKeys = new Map<string, AccessKeyRecord>();
  /** By account and owner. */
  readonly #accessKeysOfOwner = new Map<string, Map<string, AccessKeyRecord>>();
  readonly #members = new Map<string, MemberRecord>();
  readonly #entities: { readonly [Kind in IdentityKind]: EntityMaps<Kind> } = {
    user: new EntityMaps<"user">(),
    group: new EntityMaps<"group">(),
    role: new EntityMaps<"role">(),
    managedPolicy: new EntityMaps<"managedPolicy">(),
    instanceProfile: new EntityMaps<"instanceProfile">(),
    oidcProvider: new EntityMaps<"oidcProvider">(),
  };
  readonly #buckets = new Map<string, BucketRecord>();
  readonly #bucketsByAccount = new Map<string, NameIndex<BucketRecord>>();
  readonly queues = new ResourceMaps<"queue">();
  readonly tables = new ResourceMaps<"table">();

  account(accountId: AccountId): AccountRecord | undefined {
    return this.#accounts.get(accountId);
  }

  accountByCanonicalId(canonicalUserId: string): AccountRecord | undefined {
    return this.#accountsByCanonicalId.get(canonicalUserId);
  }

  user(accountId: AccountId, userName: string): UserRecord | undefined {
    const record = this.#entities.user.named(accountId, userName);
    return record?.name === userName ? record : undefined;
  }

  entities<Kind extends IdentityKind>(kind: Kind): EntityMaps<Kind> {
    return this.#entities[kind];
  }

  member(accountId: AccountId, personId: string): MemberRecord | undefined {
    return this.#members.get(memberKey(accountId, personId));
  }

  accessKeysOf(accountId: AccountId, owner: KeyOwner): readonly AccessKeyRecord[] {
    return [...(this.#accessKeysOfOwner.get(ownerKey(accountId, owner))?.values() ?? [])];
  }

  accessKey(accessKeyId: string): AccessKeyRecord | undefined {
    return this.#accessKeys.get(accessKeyId);
  }

  bucket(name: string): BucketRecord | undefined {
    return this.#buckets.get(name);
  }

  bucketsOf(accountId: AccountId): readonly BucketRecord[] {
    return this.#bucketsByAccount.get(accountId)?.list() ?? NO_BUCKETS;
  }

  buckets(): Iterable<BucketRecord> {
    return this.#buckets.values();
  }

  /** How many records there are. */
  get size(): number {
    let size = this.#accounts.size + this.#members.size + this.#accessKeys.size + this.#buckets.size;
    for (const entities of Object.values(this.#entities)) size += entities.size;
    return size + this.queues.size + this.tables.size;
  }

  *records(): IterableIterator<CatalogRecord> {
    yield* this.#accounts.values();
    yield* this.#members.values();
    for (const entities of Object.values(this.#entities)) yield* entities.values() as Iterable<CatalogRecord>;
    yield* this.#accessKeys.values();
    yield* this.#buckets.values();
    yield* this.queues.values();
    yield* this.tables.values();
  }

  /** Applies one change. The record is frozen all through. */
  apply(change: CatalogChange): void {
    if (change.change === "upsert") this.put(change.record);
    else this.#delete(change.kind, change.key);
  }

  /** Adds or replaces a record. It is frozen all through. */
  put(record: CatalogRecord): void {
    deepFreeze(record);
    const key = keyOfRecord(record);
    switch (record.kind) {
      case "account": {
        const before = this.#accounts.get(key);
        if (before !== undefined) this.#accountsByCanonicalId.delete(before.canonicalUserId);
        this.#accounts.set(key, record);
        this.#accountsByCanonicalId.set(record.canonicalUserId, record);
        break;
      }
      case "user":
      case "group":
      case "role":
      case "managedPolicy":
      case "instanceProfile":
      case "oidcProvider":
        // The maps of a kind take that kind.
        (this.#entities[record.kind] as EntityMaps<IdentityKind>).put(record as IdentityRecord);
        break;
      case "member":
        this.#members.set(key, record);
        break;
      case "accessKey": {
        this.#deleteAccessKey(key);
        this.#accessKeys.set(key, record);
        const owner = ownerKey(record.accountId, record.owner);
        const keys = this.#accessKeysOfOwner.get(owner);
        if (keys === undefined) this.#accessKeysOfOwner.set(owner, new Map([[key, record]]));
        else keys.set(key, record);
        break;
      }
      case "bucket": {
        const before = this.#buckets.get(key);
        // A name that was deleted and taken by another account can arrive as one change.
        if (before !== undefined && before.accountId !== record.accountId) this.#unlist(before);
        this.#buckets.set(key, record);
        let index = this.#bucketsByAccount.get(record.accountId);
        if (index === undefined) {
          index = new NameIndex();
          this.#bucketsByAccount.set(record.accountId, index);
        }
        index.put(record);
        break;
      }
      case "queue":
        this.queues.put(record);
        break;
      case "table":
        this.tables.put(record);
        break;
    }
  }

  #delete(kind: CatalogRecord["kind"], key: string): void {
    switch (kind) {
      case "account": {
        const before = this.#accounts.get(key);
        if (before !== undefined) this.#accountsByCanonicalId.delete(before.canonicalUserId);
        this.#accounts.delete(key);
        break;
      }
      case "user":
      case "group":
      case "role":
      case "managedPolicy":
      case "instanceProfile":
      case "oidcProvider":
        this.#entities[kind].delete(key);
        break;
      case "member":
        this.#members.delete(key);
        break;
      case "accessKey":
        this.#deleteAccessKey(key);
        break;
      case "bucket": {
        const before = this.#buckets.get(key);
        this.#buckets.delete(key);
        if (before !== undefined) this.#unlist(before);
        break;
      }
      case "queue":
        this.queues.delete(key);
        break;
      case "table":
        this.tables.delete(key);
        break;
    }
  }

  #deleteAccessKey(accessKeyId: string): void {
    const before = this.#accessKeys.get(accessKeyId);
    if (before === undefined) return;
    this.#accessKeys.delete(accessKeyId);
    const owner = ownerKey(before.accountId, before.owner);
    const keys = this.#accessKeysOfOwner.get(owner);
    keys?.delete(accessKeyId);
    if (keys?.size === 0) this.#accessKeysOfOwner.delete(owner);
  }

  #unlist(bucket: BucketRecord): void {
    const index = this.#bucketsByAccount.get(bucket.accountId);
    index?.delete(bucket.name);
    if (index?.size === 0) this.#bucketsByAccount.delete(bucket.accountId);
  }
}

function ownerKey(accountId: AccountId, owner: KeyOwner): string {
  return owner.type === "root" ? accountId : `${accountId}/${owner.userName}`;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
}
