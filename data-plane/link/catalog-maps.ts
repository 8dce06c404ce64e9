/** The records in memory, by everything they are looked up by. Pure: no disk, no clock. */
import type {
  AccessKeyRecord,
  AccountId,
  AccountRecord,
  BucketRecord,
  CatalogChange,
  CatalogRecord,
  UserRecord,
} from "#contracts";
import { keyOfRecord, userKey } from "./catalog-key.ts";
import { NameIndex } from "./name-index.ts";
import { ResourceMaps } from "./resource-maps.ts";

const NO_BUCKETS: readonly BucketRecord[] = Object.freeze([]);

/** One state of the catalog. A snapshot fills a new one and takes the old one's place in one assignment. */
export class CatalogMaps {
  readonly #accounts = new Map<string, AccountRecord>();
  readonly #accountsByCanonicalId = new Map<string, AccountRecord>();
  readonly #users = new Map<string, UserRecord>();
  readonly #accessKeys = new Map<string, AccessKeyRecord>();
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
    return this.#users.get(userKey(accountId, userName));
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
    const named = this.#accounts.size + this.#users.size + this.#accessKeys.size + this.#buckets.size;
    return named + this.queues.size + this.tables.size;
  }

  *records(): IterableIterator<CatalogRecord> {
    yield* this.#accounts.values();
    yield* this.#users.values();
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
        this.#users.set(key, record);
        break;
      case "accessKey":
        this.#accessKeys.set(key, record);
        break;
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
      case "dataPlane":
        // Never wanted: which data plane is enrolled concerns the control plane alone.
        break;
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
        this.#users.delete(key);
        break;
      case "accessKey":
        this.#accessKeys.delete(key);
        break;
      case "bucket": {
        const before = this.#buckets.get(key);
        this.#buckets.delete(key);
        if (before !== undefined) this.#unlist(before);
        break;
      }
      case "dataPlane":
        break;
      case "queue":
        this.queues.delete(key);
        break;
      case "table":
        this.tables.delete(key);
        break;
    }
  }

  #unlist(bucket: BucketRecord): void {
    const index = this.#bucketsByAccount.get(bucket.accountId);
    index?.delete(bucket.name);
    if (index?.size === 0) this.#bucketsByAccount.delete(bucket.accountId);
  }
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
}
