/** What a view is: a named pure fold of events into rows. */
import type { CatalogKind, CatalogRecord } from "#contracts";
import { catalogChangesOf } from "../catalog/catalog-changes.ts";
import { addressOfEvent, keyOfRecord } from "../catalog/catalog-keys.ts";
import type { AnyEvent } from "../new-event.ts";

/** One difference between two states of a view. `row: null` takes the row away. */
export interface RowChange<Row> {
  readonly key: string;
  readonly row: Row | null;
}

/** A view. Rows are plain JSON. */
export interface View<Row> {
  readonly name: string;
  /** Raise it when the fold changes its mind about old events: the view is then rebuilt at the next start. */
  readonly version: number;
  /**
   * The rows that the event changes. Pure: the result depends on the event and on the rows before it alone.
   * @throws PoisonEvent (or anything) when the event does not fit; the event is then quarantined for this view
   */
  fold(event: AnyEvent, rowBefore: (key: string) => Row | undefined): readonly RowChange<Row>[];
}

/** A view of the catalog. */
export interface CatalogView extends View<CatalogRecord> {
  readonly kind: CatalogKind;
  keyOf(record: CatalogRecord): string;
}

/** A view of the records of one kind of the catalog. */
function catalogView(name: string, kind: CatalogKind): CatalogView {
  return {
    name,
    kind,
    keyOf: keyOfRecord,
    version: 1,
    fold(event, rowBefore) {
      if (addressOfEvent(event).kind !== kind) return [];
      return catalogChangesOf(event, (_kind, key) => rowBefore(key)).map((change) => ({
        key: change.key,
        row: change.change === "upsert" ? change.record : null,
      }));
    },
  };
}

/** The views from which the catalog is delivered; one for each kind of record. */
export const CATALOG_VIEWS: readonly CatalogView[] = [
  catalogView("accounts", "account"),
  catalogView("users", "user"),
  catalogView("accessKeys", "accessKey"),
  catalogView("buckets", "bucket"),
  catalogView("dataPlanes", "dataPlane"),
  catalogView("queues", "queue"),
  catalogView("tables", "table"),
];

/** The name of the view that holds a kind of record. */
export const VIEW_OF_KIND: { readonly [Kind in CatalogKind]: string } = {
  account: "accounts",
  user: "users",
  accessKey: "accessKeys",
  bucket: "buckets",
  dataPlane: "dataPlanes",
  queue: "queues",
  table: "tables",
};
