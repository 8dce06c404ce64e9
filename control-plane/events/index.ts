/**
 * The event log: everything that was decided, in order; the views folded from it; and the feed that tells data planes.
 *
 * `core` puts the parts together; other rooms need the types of decisions, the read-only views and the feed.
 */
export { Appender } from "./appender.ts";
export { catalogChangesOf, deepFreeze, PoisonEvent, type RecordBefore } from "./catalog/catalog-changes.ts";
export * as groups from "./catalog/catalog-groups.ts";
export { addressOfEvent, type CatalogAddress, definitionOf, endsRecord, keyOfRecord } from "./catalog/catalog-keys.ts";
export { type CatalogReader, CatalogViews } from "./catalog/catalog-views.ts";
export type { EventTypeOf, RecordOf } from "./catalog/kind-definition.ts";
export { patchedSections } from "./catalog/kinds/identity.ts";
export { CATALOG_KIND_NAMES } from "./catalog/kinds/index.ts";
export { resourceKey } from "./catalog/resource-key.ts";
export {
  type CommandHandler,
  type CommandHandlers,
  type CommandOf,
  type Decision,
  type Refusal,
  refuse,
} from "./decision.ts";
export {
  CatalogFeed,
  type ChangeFeed,
  type FeedRequest,
  type FeedSubscription,
  RESUME_EVENTS_MAX,
} from "./feed/change-feed.ts";
export {
  DELIVERY_MS_MAX,
  type FeedConsumer,
  type FeedEnd,
  type FeedMessage,
  PENDING_RECORDS_MAX,
} from "./feed/subscription.ts";
export { type AnyEvent, type EventOrigin, knownEvent, type NewEvent, type OwnedEvent } from "./new-event.ts";
export type {
  AggregateReference,
  AppendBatch,
  DocumentChange,
  EventStore,
  IdempotencyRecord,
  QuarantinedEvent,
  ViewCheckpoint,
  ViewUpdate,
} from "./store/event-store.ts";
export { EventStoreError, type EventStoreErrorCode } from "./store/event-store-error.ts";
export { type DatabaseLogOptions, openDatabaseLog } from "./store/open-database-log.ts";
export { openSqliteEventStore } from "./store/sqlite-event-store.ts";
export { tailEvents } from "./tail.ts";
export { type RowDifference, stableJson } from "./views/replay.ts";
export { CATALOG_VIEWS, type CatalogView, type RowChange, type View, viewOfKind } from "./views/view.ts";
export {
  foldFromStart,
  foldOnward,
  foldTogether,
  type LoadedView,
  loadView,
  type RebuildReport,
  rebuildReport,
  storedRows,
  storeRebuilt,
} from "./views/view-keeper.ts";
