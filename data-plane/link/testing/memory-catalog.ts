/** A catalog in memory, by the very maps of the real one; nothing is sealed. */
import type {
  AccountId,
  CatalogChange,
  CatalogKey,
  CatalogKind,
  CatalogRecord,
  EventId,
  Region,
  ResourceId,
} from "#contracts";
import type { Catalog } from "../catalog.ts";
import { keyOfRecord } from "../catalog-key.ts";
import { CatalogMaps } from "../catalog-maps.ts";

export class MemoryCatalog implements Catalog {
  readonly #maps = new CatalogMaps();
  readonly #listeners = new Set<(changes: readonly CatalogChange[]) => void>();
  appliedThrough = 1 as EventId;

  /** Adds or replaces a record and tells the listeners. */
  put(record: CatalogRecord): void {
    this.#apply({ change: "upsert", key: keyOfRecord(record), record });
  }

  /** Takes a record away and tells the listeners. */
  remove(kind: CatalogKind, key: CatalogKey): void {
    this.#apply({ change: "delete", kind, key });
  }

  #apply(change: CatalogChange): void {
    this.#maps.apply(change);
    for (const listener of this.#listeners) listener([change]);
  }

  account(accountId: AccountId) {
    return this.#maps.account(accountId);
  }
  accountByCanonicalId(canonicalUserId: string) {
    return this.#maps.accountByCanonicalId(canonicalUserId);
  }
  user(accountId: AccountId, userName: string) {
    return this.#maps.user(accountId, userName);
  }
  accessKey(accessKeyId: string) {
    return this.#maps.accessKey(accessKeyId);
  }
  secretOf(accessKeyId: string) {
    return this.#maps.accessKey(accessKeyId)?.sealedSecret;
  }
  bucket(name: string) {
    return this.#maps.bucket(name);
  }
  bucketsOf(accountId: AccountId) {
    return this.#maps.bucketsOf(accountId);
  }
  buckets() {
    return this.#maps.buckets();
  }
  queue(accountId: AccountId, region: Region, name: string) {
    return this.#maps.queues.get(accountId, region, name);
  }
  queueById(queueId: ResourceId) {
    return this.#maps.queues.byId(queueId);
  }
  queuesOf(accountId: AccountId, region: Region) {
    return this.#maps.queues.listOf(accountId, region);
  }
  queues() {
    return this.#maps.queues.values();
  }
  table(accountId: AccountId, region: Region, name: string) {
    return this.#maps.tables.get(accountId, region, name);
  }
  tableById(tableId: ResourceId) {
    return this.#maps.tables.byId(tableId);
  }
  tablesOf(accountId: AccountId, region: Region) {
    return this.#maps.tables.listOf(accountId, region);
  }
  tables() {
    return this.#maps.tables.values();
  }
  onChange(listener: (changes: readonly CatalogChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  async whenApplied(): Promise<void> {}
}
