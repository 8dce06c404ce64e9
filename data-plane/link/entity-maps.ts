/** The IAM entities of one kind, by everything they are looked up by. Pure: no disk, no clock. */
import { type AccountId, IDENTITY_REFERENCES, type IdentityKind, type IdentityRecord } from "#contracts";
import { NameIndex } from "./name-index.ts";

const NONE: readonly never[] = Object.freeze([]);

export class EntityMaps<Kind extends IdentityKind> {
  readonly #byId = new Map<string, IdentityRecord<Kind>>();
  /** By account and name in lower case. */
  readonly #byName = new Map<string, IdentityRecord<Kind>>();
  readonly #listed = new Map<AccountId, NameIndex<IdentityRecord<Kind>>>();
  /** By what their sections refer to. */
  readonly #referring = new Map<string, Set<string>>();

  get(accountId: AccountId, entityId: string): IdentityRecord<Kind> | undefined {
    const record = this.#byId.get(entityId);
    return record?.accountId === accountId ? record : undefined;
  }

  named(accountId: AccountId, name: string): IdentityRecord<Kind> | undefined {
    return this.#byName.get(nameKey(accountId, name));
  }

  /** Of one account, by name. */
  listOf(accountId: AccountId): readonly IdentityRecord<Kind>[] {
    return this.#listed.get(accountId)?.list() ?? NONE;
  }

  referring(section: string, target: string): readonly IdentityRecord<Kind>[] {
    const ids = this.#referring.get(`${section} ${target}`);
    return ids === undefined ? NONE : Array.from(ids, (id) => this.#byId.get(id)!);
  }

  values(): IterableIterator<IdentityRecord<Kind>> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  put(record: IdentityRecord<Kind>): void {
    this.delete(record.entityId);
    this.#byId.set(record.entityId, record);
    this.#byName.set(nameKey(record.accountId, record.name), record);
    let index = this.#listed.get(record.accountId);
    if (index === undefined) {
      index = new NameIndex();
      this.#listed.set(record.accountId, index);
    }
    index.put(record);
    for (const reference of referencesOf(record)) {
      const ids = this.#referring.get(reference);
      if (ids === undefined) this.#referring.set(reference, new Set([record.entityId]));
      else ids.add(record.entityId);
    }
  }

  delete(entityId: string): void {
    const before = this.#byId.get(entityId);
    if (before === undefined) return;
    this.#byId.delete(entityId);
    const { accountId, name } = before;
    // Names can have moved on within one message: another entity may have this one by now.
    if (this.#byName.get(nameKey(accountId, name)) === before) this.#byName.delete(nameKey(accountId, name));
    const index = this.#listed.get(accountId);
    if (index?.get(name) === before) index.delete(name);
    if (index?.size === 0) this.#listed.delete(accountId);
    for (const reference of referencesOf(before)) {
      const ids = this.#referring.get(reference);
      ids?.delete(entityId);
      if (ids?.size === 0) this.#referring.delete(reference);
    }
  }
}

function nameKey(accountId: AccountId, name: string): string {
  return `${accountId} ${name.toLowerCase()}`;
}

function* referencesOf(record: IdentityRecord): IterableIterator<string> {
  const sections: Readonly<Record<string, unknown>> = { ...record.sections };
  for (const section of IDENTITY_REFERENCES[record.kind]) {
    const value = sections[section];
    if (typeof value === "string") yield `${section} ${value}`;
    else if (value !== undefined) for (const target of Object.keys(value as object)) yield `${section} ${target}`;
  }
}
