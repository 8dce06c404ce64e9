/** The key of a record within its kind, as the contract defines it. */
import type { AccountId, CatalogKey, CatalogRecord, ResourceReference } from "#contracts";

/** Account ids are digits, so the first slash always ends the account. */
export function userKey(accountId: AccountId, userName: string): CatalogKey {
  return `${accountId}/${userName}`;
}

/** `123456789012/us-east-1/orders`. No part can contain a slash. */
export function resourceKey(place: Pick<ResourceReference, "accountId" | "region" | "name">): CatalogKey {
  return `${place.accountId}/${place.region}/${place.name}`;
}

export function keyOfRecord(record: CatalogRecord): CatalogKey {
  switch (record.kind) {
    case "account":
      return record.accountId;
    case "user":
      return userKey(record.accountId, record.userName);
    case "accessKey":
      return record.accessKeyId;
    case "bucket":
      return record.name;
    case "dataPlane":
      return record.dataPlaneId;
    case "queue":
    case "table":
      return resourceKey(record);
  }
}
