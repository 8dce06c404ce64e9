/** All catalog records in memory, with the groups by which commands and readers find them. */
import type {
  AccessKeyRecord,
  AccountId,
  AccountRecord,
  BucketRecord,
  CatalogChange,
  CatalogKind,
  CatalogRecord,
  DataPlaneRecord,
  IdentityKind,
  IdentityRecord,
  KeyOwner,
  MemberRecord,
  Region,
  ResourceKind,
  ResourceRecord,
} from "#contracts";
import { aliased, inRegion, named, namedInCloud, ofAccount, ofOwner, referringTo } from "./catalog-groups.ts";
import type { KindDefinition, RecordOf } from "./kind-definition.ts";
import { CATALOG_KIND_NAMES, CATALOG_KINDS } from "./kinds/index.ts";
import { resourceKey } from "./resource-key.ts";

/** Read-only look-ups; each O(1) or O(result). Records are frozen. */
export interface CatalogReader {
  account(accountId: AccountId): AccountRecord | undefined;
  /** Account names are unique without regard to case. */
  accountByName(name: string): AccountRecord | undefined;
  accountByAlias(alias: string): AccountRecord | undefined;
  accessKey(accessKeyId: string): AccessKeyRecord | undefined;
  accessKeysOf(accountId: AccountId, owner: KeyOwner): readonly AccessKeyRecord[];
  bucket(name: string): BucketRecord | undefined;
  bucketCount(accountId: AccountId): number;
  /** An IAM entity, of this account only. */
  entity<Kind extends IdentityKind>(
    kind: Kind,
    accountId: AccountId,
    entityId: string,
  ): IdentityRecord<Kind> | undefined;
  /** Names of IAM entities are unique in their kind and account without regard to case. */
  entityByName<Kind extends IdentityKind>(
    kind: Kind,
    accountId: AccountId,
    name: string,
  ): IdentityRecord<Kind> | undefined;
  entityCount(kind: IdentityKind, accountId: AccountId): number;
  /** Entities whose section refers to the target: to a managed policy by ARN, to a group or a role by id. */
  entitiesReferring<Kind extends IdentityKind>(
    kind: Kind,
    section: string,
    target: string,
  ): readonly IdentityRecord<Kind>[];
  resource<Kind extends ResourceKind>(
    kind: Kind,
    accountId: AccountId,
    region: Region,
    name: string,
  ): ResourceRecord<Kind> | undefined;
  /** How many resources of a kind there are in a region of an account. */
  resourceCount(kind: ResourceKind, accountId: AccountId, region: Region): number;
  member(accountId: AccountId, personId: string): MemberRecord | undefined;
  /** The data plane of this cloud; undefined before the first one has registered, and after it was forgotten. */
  dataPlane(): DataPlaneRecord | undefined;
  record<Kind extends CatalogKind>(kind: Kind, key: string): RecordOf<Kind> | undefined;
  /** All records of a kind, in no particular order. */
  records<Kind extends CatalogKind>(kind: Kind): Iterable<RecordOf<Kind>>;
  /** The records of a kind in a group, see `catalog-groups.ts`; in no particular order. */
  inGroup<Kind extends CatalogKind>(kind: Kind, group: string): readonly RecordOf<Kind>[];
  countInGroup(kind: CatalogKind, group: string): number;
  count(kind: CatalogKind): number;
}

const NO_RECORDS: ReadonlyMap<string, CatalogRecord> = new Map();

/** The records of one kind. Empty groups are dropped, so that memory follows the records. */
class KindTable {
  readonly #definition: KindDefinition<never>;
  readonly #records = new Map<string, CatalogRecord>();
  /** By group and key; with the records themselves, so that a group is read without looking each of them up. */
  readonly #groups = new Map<string, Map<string, CatalogRecord>>();

  constructor(definition: KindDefinition<never>) {
    this.#definition = definition;
  }

  get records(): ReadonlyMap<string, CatalogRecord> {
    return this.#records;
  }

  put(key: string, record: CatalogRecord): void {
    this.#records.set(key, record);
    for (const group of this.#definition.groupsOf(record as never)) {
      const members = this.#groups.get(group);
      if (members === undefined) this.#groups.set(group, new Map([[key, record]]));
      else members.set(key, record);
    }
  }

  drop(key: string, record: CatalogRecord): void {
    this.#records.delete(key);
    for (const group of this.#definition.groupsOf(record as never)) {
      const members = this.#groups.get(group);
      if (members === undefined) continue;
      members.delete(key);
      if (members.size === 0) this.#groups.delete(group);
    }
  }

  membersOf(group: string): ReadonlyMap<string, CatalogRecord> {
    return this.#groups.get(group) ?? NO_RECORDS;
  }
}

/** The catalog's state; `apply` moves it. */
export class CatalogViews implements CatalogReader {
  readonly #tables = new Map(
    CATALOG_KIND_NAMES.map((kind) => [kind, new KindTable(CATALOG_KINDS[kind] as unknown as KindDefinition<never>)]),
  );

  /** Applies one change and returns the change that undoes it. */
  apply(change: CatalogChange): CatalogChange {
    const kind = change.change === "upsert" ? change.record.kind : change.kind;
    const { key } = change;
    const table = this.#table(kind);
    const before = table.records.get(key);
    if (before !== undefined) table.drop(key, before);
    if (change.change === "upsert") table.put(key, change.record);
    return before === undefined ? { change: "delete", kind, key } : { change: "upsert", key, record: before };
  }

  account(accountId: AccountId): AccountRecord | undefined {
    return this.record("account", accountId);
  }

  accountByName(name: string): AccountRecord | undefined {
    return this.#first("account", namedInCloud(name));
  }

  accountByAlias(alias: string): AccountRecord | undefined {
    return this.#first("account", aliased(alias));
  }

  accessKey(accessKeyId: string): AccessKeyRecord | undefined {
    return this.record("accessKey", accessKeyId);
  }

  accessKeysOf(accountId: AccountId, owner: KeyOwner): readonly AccessKeyRecord[] {
    return this.inGroup("accessKey", ofOwner(accountId, owner));
  }

  bucket(name: string): BucketRecord | undefined {
    return this.record("bucket", name);
  }

  bucketCount(accountId: AccountId): number {
    return this.countInGroup("bucket", ofAccount(accountId));
  }

  entity<Kind extends IdentityKind>(
    kind: Kind,
    accountId: AccountId,
    entityId: string,
  ): IdentityRecord<Kind> | undefined {
    const record = this.#table(kind).records.get(entityId) as IdentityRecord<Kind> | undefined;
    return record?.accountId === accountId ? record : undefined;
  }

  entityByName<Kind extends IdentityKind>(
    kind: Kind,
    accountId: AccountId,
    name: string,
  ): IdentityRecord<Kind> | undefined {
    return this.#first(kind, named(accountId, name)) as IdentityRecord<Kind> | undefined;
  }

  entityCount(kind: IdentityKind, accountId: AccountId): number {
    return this.countInGroup(kind, ofAccount(accountId));
  }

  entitiesReferring<Kind extends IdentityKind>(
    kind: Kind,
    section: string,
    target: string,
  ): readonly IdentityRecord<Kind>[] {
    return this.inGroup(kind, referringTo(section, target)) as unknown as readonly IdentityRecord<Kind>[];
  }

  resource<Kind extends ResourceKind>(
    kind: Kind,
    accountId: AccountId,
    region: Region,
    name: string,
  ): ResourceRecord<Kind> | undefined {
    const key = resourceKey({ accountId, region, name });
    return this.#table(kind).records.get(key) as ResourceRecord<Kind> | undefined;
  }

  resourceCount(kind: ResourceKind, accountId: AccountId, region: Region): number {
    return this.countInGroup(kind, inRegion(kind, accountId, region));
  }

  member(accountId: AccountId, personId: string): MemberRecord | undefined {
    return this.record("member", `${accountId}/${personId}`);
  }

  dataPlane(): DataPlaneRecord | undefined {
    for (const record of this.records("dataPlane")) return record;
    return undefined;
  }

  record<Kind extends CatalogKind>(kind: Kind, key: string): RecordOf<Kind> | undefined {
    // The table of a kind holds that kind.
    return this.#table(kind).records.get(key) as RecordOf<Kind> | undefined;
  }

  records<Kind extends CatalogKind>(kind: Kind): Iterable<RecordOf<Kind>> {
    return this.#table(kind).records.values() as Iterable<RecordOf<Kind>>;
  }

  inGroup<Kind extends CatalogKind>(kind: Kind, group: string): readonly RecordOf<Kind>[] {
    // The table of a kind holds that kind.
    return Array.from(this.#table(kind).membersOf(group).values()) as unknown as readonly RecordOf<Kind>[];
  }

  countInGroup(kind: CatalogKind, group: string): number {
    return this.#table(kind).membersOf(group).size;
  }

  count(kind: CatalogKind): number {
    return this.#table(kind).records.size;
  }

  #table(kind: CatalogKind): KindTable {
    return this.#tables.get(kind)!;
  }

  #first<Kind extends CatalogKind>(kind: Kind, group: string): RecordOf<Kind> | undefined {
    for (const record of this.#table(kind).membersOf(group).values()) return record as unknown as RecordOf<Kind>;
    return undefined;
  }
}
