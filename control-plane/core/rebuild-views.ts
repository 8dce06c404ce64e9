/** Rebuilding views from the log, and proving that the live ones are what the log says. */
import type { CatalogChange, CatalogRecord, EventId } from "#contracts";
import {
  CATALOG_VIEWS,
  type CatalogReader,
  type CatalogView,
  deepFreeze,
  type EventStore,
  foldOnward,
  foldTogether,
  type QuarantinedEvent,
  type RebuildReport,
  rebuildReport,
  storedRows,
  storeRebuilt,
} from "#control-plane/events";

/** A view built from nothing beside the live one. */
export interface ShadowView {
  readonly view: CatalogView;
  readonly rows: Map<string, CatalogRecord>;
  readonly quarantined: QuarantinedEvent[];
  through: EventId;
}

/** The views of the given names; all without names. @throws RangeError for an unknown name */
export function viewsNamed(names: readonly string[] | undefined): readonly CatalogView[] {
  if (names === undefined) return CATALOG_VIEWS;
  return names.map((name) => {
    const view = CATALOG_VIEWS.find((candidate) => candidate.name === name);
    if (view !== undefined) return view;
    const known = CATALOG_VIEWS.map((candidate) => candidate.name).join(", ");
    throw new RangeError(`there is no view "${name}"; the views are ${known}`);
  });
}

/**
 * Folds the log up to its present end into all of the views, while others go on.
 * @param onProgress told how many of how many events are folded
 */
export async function buildShadows(
  store: EventStore,
  views: readonly CatalogView[],
  onProgress?: (folded: number, of: number) => void,
): Promise<readonly ShadowView[]> {
  const through = await store.head();
  const shadows = views.map((view): ShadowView => ({ view, rows: new Map(), quarantined: [], through }));
  onProgress?.(0, through);
  await foldTogether(store, shadows, 0 as EventId, through, (cursor) => onProgress?.(cursor, through));
  return shadows;
}

/** Folds what was appended since, and compares with the rows in memory and on disk. Nothing may be appended meanwhile. */
export async function compareShadow(
  store: EventStore,
  shadow: ShadowView,
  live: CatalogReader,
): Promise<RebuildReport> {
  const head = await store.head();
  shadow.quarantined.push(...(await foldOnward(store, shadow.view, shadow.rows, shadow.through, head)));
  shadow.through = head;
  const inMemory = new Map<string, CatalogRecord>();
  for (const [key, record] of recordsByKey(live, shadow.view)) inMemory.set(key, record);
  const onDisk = await storedRows<CatalogRecord>(store, shadow.view);
  const memoryReport = rebuildReport(shadow.view, inMemory, shadow.rows, shadow.quarantined, head);
  if (!memoryReport.equal) return memoryReport;
  return rebuildReport(shadow.view, onDisk, shadow.rows, shadow.quarantined, head);
}

/** Makes the shadow the stored view, and returns the changes that bring the views in memory to it. */
export async function adoptShadow(
  store: EventStore,
  shadow: ShadowView,
  live: CatalogReader,
): Promise<readonly CatalogChange[]> {
  await storeRebuilt(store, shadow.view, shadow.rows, shadow.quarantined, shadow.through);
  const { kind } = shadow.view;
  const changes: CatalogChange[] = [];
  for (const [key] of recordsByKey(live, shadow.view)) {
    if (!shadow.rows.has(key)) changes.push({ change: "delete", kind, key });
  }
  for (const [key, record] of shadow.rows) changes.push({ change: "upsert", key, record: deepFreeze(record) });
  return changes;
}

function* recordsByKey(live: CatalogReader, view: CatalogView): Generator<readonly [string, CatalogRecord]> {
  for (const record of live.records(view.kind)) yield [view.keyOf(record), record];
}
