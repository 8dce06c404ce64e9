import type { CatalogKey, ResourceReference } from "#contracts";

/** `123456789012/us-east-1/orders`. No part can contain a slash. */
export function resourceKey(place: Pick<ResourceReference, "accountId" | "region" | "name">): CatalogKey {
  return `${place.accountId}/${place.region}/${place.name}`;
}
