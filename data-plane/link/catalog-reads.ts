/** The look-ups of a catalog, over whatever state it is in now. */
import type { AccountId, IdentityKind, KeyOwner, Region, ResourceId } from "#contracts";
import type { CatalogLookups } from "./catalog.ts";
import type { CatalogMaps } from "./catalog-maps.ts";

export abstract class CatalogReads implements CatalogLookups {
  protected abstract get maps(): CatalogMaps;

  account(accountId: AccountId) {
    return this.maps.account(accountId);
  }

  accountByCanonicalId(canonicalUserId: string) {
    return this.maps.accountByCanonicalId(canonicalUserId);
  }

  accessKey(accessKeyId: string) {
    return this.maps.accessKey(accessKeyId);
  }

  accessKeysOf(accountId: AccountId, owner: KeyOwner) {
    return this.maps.accessKeysOf(accountId, owner);
  }

  user(accountId: AccountId, userName: string) {
    return this.maps.user(accountId, userName);
  }

  entity<Kind extends IdentityKind>(kind: Kind, accountId: AccountId, entityId: string) {
    return this.maps.entities(kind).get(accountId, entityId);
  }

  entityByName<Kind extends IdentityKind>(kind: Kind, accountId: AccountId, name: string) {
    return this.maps.entities(kind).named(accountId, name);
  }

  entitiesOf<Kind extends IdentityKind>(kind: Kind, accountId: AccountId) {
    return this.maps.entities(kind).listOf(accountId);
  }

  entitiesReferring<Kind extends IdentityKind>(kind: Kind, section: string, target: string) {
    return this.maps.entities(kind).referring(section, target);
  }

  member(accountId: AccountId, personId: string) {
    return this.maps.member(accountId, personId);
  }

  bucket(name: string) {
    return this.maps.bucket(name);
  }

  bucketsOf(accountId: AccountId) {
    return this.maps.bucketsOf(accountId);
  }

  buckets() {
    return this.maps.buckets();
  }

  queue(accountId: AccountId, region: Region, name: string) {
    return this.maps.queues.get(accountId, region, name);
  }

  queueById(queueId: ResourceId) {
    return this.maps.queues.byId(queueId);
  }

  queuesOf(accountId: AccountId, region: Region) {
    return this.maps.queues.listOf(accountId, region);
  }

  queues() {
    return this.maps.queues.values();
  }

  table(accountId: AccountId, region: Region, name: string) {
    return this.maps.tables.get(accountId, region, name);
  }

  tableById(tableId: ResourceId) {
    return this.maps.tables.byId(tableId);
  }

  tablesOf(accountId: AccountId, region: Region) {
    return this.maps.tables.listOf(accountId, region);
  }

  tables() {
    return this.maps.tables.values();
  }
}
