/** What a batch of commands is about to write, before it is written. */
import type { CatalogChange, CommandOutcome } from "#contracts";
import {
  type AnyEvent,
  type AppendBatch,
  CATALOG_VIEWS,
  type CatalogViews,
  catalogChangesOf,
  type DocumentChange,
  type IdempotencyRecord,
  viewOfKind,
} from "#control-plane/events";

/** One command's part, so that it can be taken back alone. */
interface Undo {
  readonly events: number;
  readonly changes: number;
  readonly documents: number;
}

export class BatchDraft {
  readonly events: AnyEvent[] = [];
  readonly changes: CatalogChange[] = [];
  readonly documents: DocumentChange[] = [];
  readonly idempotency: IdempotencyRecord[] = [];
  /** Answers of this batch by scope, for repetitions within it. */
  readonly answers = new Map<string, { readonly fingerprint: string; readonly outcome: CommandOutcome }>();
  readonly #working: CatalogViews;
  readonly #inverse: CatalogChange[] = [];

  /** @param working the views as the next command sees them; changed as events are added */
  constructor(working: CatalogViews) {
    this.#working = working;
  }

  get empty(): boolean {
    return this.events.length === 0 && this.idempotency.length === 0;
  }

  mark(): Undo {
    return { events: this.events.length, changes: this.changes.length, documents: this.documents.length };
  }

  /** Adds an event and its effects. @throws PoisonEvent, with nothing of this event kept */
  add(event: AnyEvent): void {
    for (const change of catalogChangesOf(event, (kind, key) => this.#working.record(kind, key))) {
      this.#inverse.push(this.#working.apply(change));
      this.changes.push(change);
    }
    this.events.push(event);
  }

  /** Takes back everything since the mark, in the working views too. */
  undo(mark: Undo): void {
    this.events.length = mark.events;
    while (this.#inverse.length > mark.changes) this.#working.apply(this.#inverse.pop()!);
    this.changes.length = mark.changes;
    this.documents.length = mark.documents;
  }

  /** The batch as the store takes it. Every view is named, so that all checkpoints move together. */
  toBatch(now: number): AppendBatch {
    const rows = new Map(CATALOG_VIEWS.map((view) => [view.name, [] as { key: string; row: string | null }[]]));
    for (const change of this.changes) {
      if (change.change === "upsert") {
        rows.get(viewOfKind(change.record.kind))!.push({ key: change.key, row: JSON.stringify(change.record) });
      } else rows.get(viewOfKind(change.kind))!.push({ key: change.key, row: null });
    }
    const views = Array.from(rows, ([view, changes]) => ({ view, changes }));
    const { events, idempotency, documents } = this;
    return { events, idempotency, views, documents, now };
  }
}
