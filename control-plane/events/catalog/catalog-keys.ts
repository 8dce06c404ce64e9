/** What identifies catalog records, and which record an event concerns. */
import type { AccountId, CatalogKey, CatalogKind, CatalogRecord, EventType, ResourceReference } from "#contracts";
import type { AnyEvent } from "../new-event.ts";

/** A record's place: its kind and its key within the kind. */
export interface CatalogAddress {
  readonly kind: CatalogKind;
  readonly key: CatalogKey;
}

/** `123456789012/ada`. Neither part can contain a slash. */
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

/** The one record that an event changes: known from the event alone, without any view. */
export function addressOfEvent(event: AnyEvent): CatalogAddress {
  switch (event.type) {
    case "account.created":
      return { kind: "account", key: event.payload.accountId };
    case "user.created":
    case "user.deleted":
    case "userPolicy.put":
    case "userPolicy.deleted":
      return { kind: "user", key: userKey(event.payload.accountId, event.payload.userName) };
    case "accessKey.created":
    case "accessKey.updated":
    case "accessKey.deleted":
      return { kind: "accessKey", key: event.payload.accessKeyId };
    case "bucket.created":
    case "bucket.configured":
    case "bucket.deleted":
      return { kind: "bucket", key: event.payload.name };
    case "dataPlane.enrolled":
    case "dataPlane.forgotten":
      return { kind: "dataPlane", key: event.payload.dataPlaneId };
    case "queue.created":
    case "queue.configured":
    case "queue.deleted":
      return { kind: "queue", key: resourceKey(event.payload) };
    case "table.created":
    case "table.configured":
    case "table.deleted":
      return { kind: "table", key: resourceKey(event.payload) };
  }
}

const ENDINGS: ReadonlySet<EventType> = new Set([
  "user.deleted",
  "accessKey.deleted",
  "bucket.deleted",
  "dataPlane.forgotten",
  "queue.deleted",
  "table.deleted",
] as const);

/** Whether the event takes its record away, so that a later record under the same key is another thing. */
export function endsRecord(event: AnyEvent): boolean {
  return ENDINGS.has(event.type);
}
