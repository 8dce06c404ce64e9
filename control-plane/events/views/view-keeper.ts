/** Keeps the rows of views: loads them at the start, catches them up, rebuilds them, proves them. */
import type { EventId } from "#contracts";
import type { EventStore, QuarantinedEvent, ViewCheckpoint } from "../store/event-store.ts";
import { differencesOf, LOG_START, type RowDifference, replay } from "./replay.ts";
import type { RowChange, View } from "./view.ts";

/** Events folded per transaction while catching up, and rows read at a time: enough to amortise the fsync, about 5 ms of work. */
const STRETCH = 1_000;

/** A loaded view. */
export interface LoadedView<Row> {
  readonly rows: Map<string, Row>;
  /** Events that had to be folded because the stored rows were behind (or made by another version of the fold). */
  readonly replayed: number;
  readonly quarantined: readonly QuarantinedEvent[];
}

/** What a rebuild found. */
export interface RebuildReport {
  readonly view: string;
  /** Events folded. */
  readonly events: number;
  readonly rows: number;
  /** True when the rebuilt rows equal the live ones, member by member. */
  readonly equal: boolean;
  readonly differences: readonly RowDifference[];
  readonly quarantined: readonly QuarantinedEvent[];
}

/** Reads the stored rows of a view and folds the events that they do not cover yet, a stretch and its checkpoint per transaction. */
export async function loadView<Row>(store: EventStore, view: View<Row>): Promise<LoadedView<Row>> {
  const stored = (await store.viewCheckpoints()).find((checkpoint) => checkpoint.view === view.name);
  const current = stored !== undefined && stored.version === view.version ? stored : undefined;
  const rows = current === undefined ? new Map<string, Row>() : await storedRows(store, view);
  const quarantined: QuarantinedEvent[] = [];
  let through = current?.through ?? LOG_START;
  let replayed = 0;
  let replace = current === undefined;
  for (;;) {
    const events = await store.read(through, STRETCH);
    if (events.length === 0 && !replace) break;
    const stretch = replay(view, rows, events);
    through = events.at(-1)?.id ?? through;
    replayed += events.length;
    quarantined.push(...stretch.quarantined);
    const checkpoint: ViewCheckpoint = { view: view.name, version: view.version, through };
    await store.saveView({
      checkpoint,
      changes: storedChanges(stretch.changes),
      quarantined: stretch.quarantined,
      replace,
    });
    replace = false;
  }
  return { rows, replayed, quarantined };
}

/** Folds the whole log into fresh rows, in memory; stops at `through`. Gives way to others between stretches. */
export async function foldFromStart<Row>(
  store: EventStore,
  view: View<Row>,
  through: EventId,
): Promise<{ readonly rows: Map<string, Row>; readonly quarantined: readonly QuarantinedEvent[] }> {
  const rows = new Map<string, Row>();
  const quarantined = await foldOnward(store, view, rows, LOG_START, through);
  return { rows, quarantined };
}

/** Folds the events in (`after`, `through`] into `rows`. */
export async function foldOnward<Row>(
  store: EventStore,
  view: View<Row>,
  rows: Map<string, Row>,
  after: EventId,
  through: EventId,
): Promise<readonly QuarantinedEvent[]> {
  const folding = { view, rows, quarantined: [] };
  await foldTogether(store, [folding], after, through);
  return folding.quarantined;
}

/** A view that is being folded, with others. */
export interface Folding<Row> {
  readonly view: View<Row>;
  readonly rows: Map<string, Row>;
  readonly quarantined: QuarantinedEvent[];
}

/**
 * Folds the events in (`after`, `through`] into the rows of several views, reading the log once. Gives way to others between stretches.
 * @param onStretch told how far it is
 */
export async function foldTogether<Row>(
  store: EventStore,
  foldings: readonly Folding<Row>[],
  after: EventId,
  through: EventId,
  onStretch?: (cursor: EventId) => void,
): Promise<void> {
  let cursor = after;
  while (cursor < through) {
    const events = await store.read(cursor, Math.min(STRETCH, through - cursor));
    if (events.length === 0) break;
    for (const { view, rows, quarantined } of foldings) quarantined.push(...replay(view, rows, events).quarantined);
    cursor = events.at(-1)!.id;
    onStretch?.(cursor);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Replaces the stored rows of a view by rebuilt ones, with the checkpoint, in one transaction. */
export async function storeRebuilt<Row>(
  store: EventStore,
  view: View<Row>,
  rows: ReadonlyMap<string, Row>,
  quarantined: readonly QuarantinedEvent[],
  through: EventId,
): Promise<void> {
  const changes = Array.from(rows, ([key, row]) => ({ key, row: JSON.stringify(row) }));
  const checkpoint: ViewCheckpoint = { view: view.name, version: view.version, through };
  await store.saveView({ checkpoint, changes, quarantined, replace: true });
}

/** Compares rebuilt rows with live ones. */
export function rebuildReport<Row>(
  view: View<Row>,
  live: ReadonlyMap<string, Row>,
  rebuilt: ReadonlyMap<string, Row>,
  quarantined: readonly QuarantinedEvent[],
  events: number,
): RebuildReport {
  const differences = differencesOf(live, rebuilt);
  return { view: view.name, events, rows: rebuilt.size, equal: differences.length === 0, differences, quarantined };
}

/** Row changes as the store takes them. */
export function storedChanges<Row>(changes: readonly RowChange<Row>[]) {
  return changes.map(({ key, row }) => ({ key, row: row === null ? null : JSON.stringify(row) }));
}

/** All stored rows of a view. */
export async function storedRows<Row>(store: EventStore, view: View<Row>): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  let afterKey: string | null = null;
  for (;;) {
    const page = await store.viewRows(view.name, afterKey, STRETCH);
    for (const { key, row } of page) rows.set(key, JSON.parse(row) as Row);
    if (page.length < STRETCH) return rows;
    afterKey = page.at(-1)!.key;
  }
}
