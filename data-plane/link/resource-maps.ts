/** The regional resources of one kind, by everything they are looked up by. Pure: no disk, no clock. */
import type { AccountId, Region, ResourceId, ResourceKind, ResourceRecord } from "#contracts";
import { resourceKey } from "./catalog-key.ts";
import { NameIndex } from "./name-index.ts";

const NONE: readonly never[] = Object.freeze([]);

export class ResourceMaps<Kind extends ResourceKind> {
  readonly #byKey = new Map<string, ResourceRecord<Kind>>();
  readonly #byId = new Map<ResourceId, ResourceRecord<Kind>>();
  /** By `account/region`. */
  readonly #listed = new Map<string, NameIndex<ResourceRecord<Kind>>>();

  get(accountId: AccountId, region: Region, name: string): ResourceRecord<Kind> | undefined {
    return this.#byKey.get(resourceKey({ accountId, region, name }));
  }

  byId(resourceId: ResourceId): ResourceRecord<Kind> | undefined {
    return this.#byId.get(resourceId);
  }

  /** Of one region of one account, by name. */
  listOf(accountId: AccountId, region: Region): readonly ResourceRecord<Kind>[] {
    return this.#listed.get(`${accountId}/${region}`)?.list() ?? NONE;
  }

  values(): IterableIterator<ResourceRecord<Kind>> {
    return this.#byKey.values();
  }

  get size(): number {
    return this.#byKey.size;
  }

  put(record: ResourceRecord<Kind>): void {
    const key = resourceKey(record);
    const before = this.#byKey.get(key);
    // A name that was deleted and taken again can arrive as one change.
    if (before !== undefined) this.#byId.delete(before.resourceId);
    this.#byKey.set(key, record);
    this.#byId.set(record.resourceId, record);
    const place = `${record.accountId}/${record.region}`;
    let index = this.#listed.get(place);
    if (index === undefined) {
      index = new NameIndex();
      this.#listed.set(place, index);
    }
    index.put(record);
  }

  delete(key: string): void {
    const before = this.#byKey.get(key);
    if (before === undefined) return;
    this.#byKey.delete(key);
    this.#byId.delete(before.resourceId);
    const place = `${before.accountId}/${before.region}`;
    const index = this.#listed.get(place);
    index?.delete(before.name);
    if (index?.size === 0) this.#listed.delete(place);
  }
}
