/** The key of a record within its kind, as the contract defines it. */
import type { AccountId, CatalogKey, CatalogRecord, ResourceReference } from "#contracts";

/** `123456789012/us-east-1/orders`. No part can contain a slash. */
export function resourceKey(place: Pick<ResourceReference, "accountId" | "region" | "name">): CatalogKey {
  return `${place.accountId}/${place.region}/${place.name}`;
}

export function keyOfRecord(record: CatalogRecord): CatalogKey {
  switch (record.kind) {
    case "account":
      return record.accountId;
    case "accessKey":
      return record.accessKeyId;
    case "bucket":
      return record.name;
    case "user":
    case "group":
    case "role":
    case "managedPolicy":
    case "instanceProfile":
    case "oidcProvider":
      return record.entityId;
    case "member":
      return memberKey(record.accountId, record.personId);
    case "queue":
    case "table":
      return resourceKey(record);
    default:
      throw new Error(`records of the kind ${record.kind} concern the control plane alone`);
  }
}

export function memberKey(accountId: AccountId, personId: string): CatalogKey {
  return `${accountId}/${personId}`;
}
