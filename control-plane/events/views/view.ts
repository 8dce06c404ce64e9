/** What a view is: a named pure fold of events into rows. */
import type { CatalogKind, CatalogRecord } from "#contracts";
import { catalogChangesOf } from "../catalog/catalog-changes.ts";
import { addressOfEvent, keyOfRecord } from "../catalog/catalog-keys.ts";
import { CATALOG_KIND_NAMES, CATALOG_KINDS } from "../catalog/kinds/index.ts";
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

/** The views from which the catalog is delivered; one for each kind of record. */
export const CATALOG_VIEWS: readonly CatalogView[] = CATALOG_KIND_NAMES.map((kind) => {
  const { view, viewVersion } = CATALOG_KINDS[kind];
  return {
    name: view,
    kind,
    keyOf: keyOfRecord,
    version: viewVersion,
    fold(event, rowBefore) {
      if (addressOfEvent(event).kind !== kind) return [];
      return catalogChangesOf(event, (_kind, key) => rowBefore(key)).map((change) => ({
        key: change.key,
        row: change.change === "upsert" ? change.record : null,
      }));
    },
  };
});

/** The name of the view that holds a kind of record. */
export function viewOfKind(kind: CatalogKind): string {
  return CATALOG_KINDS[kind].view;
}
