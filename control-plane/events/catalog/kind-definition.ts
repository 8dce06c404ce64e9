/** What there is to know about a kind of catalog record: its view, its key, its groups, its events. One definition a kind; everything else follows from it. */
import type { CatalogKey, CatalogKind, CatalogRecord, EventEnvelope, EventPayloads, EventType } from "#contracts";

export type RecordOf<Kind extends CatalogKind> = Extract<CatalogRecord, { readonly kind: Kind }>;

/** The types of the events about a kind: `bucket.created`, `bucket.configured` … */
export type EventTypeOf<Kind extends CatalogKind> = Extract<EventType, `${Kind}.${string}`>;

/** One type of event: it makes a record, changes it, or ends it. Pure. */
export type EventDefinition<Kind extends CatalogKind, Type extends EventType> = {
  /** Version of the payload that this program writes and reads. */
  readonly version: number;
  readonly key: (payload: EventPayloads[Type]) => CatalogKey;
} & (
  | { readonly makes: (event: EventEnvelope<Type>) => RecordOf<Kind> }
  | { readonly changes: (event: EventEnvelope<Type>, record: RecordOf<Kind>) => RecordOf<Kind> }
  /** Only looks whether the event fits. */
  | { readonly ends: (event: EventEnvelope<Type>, record: RecordOf<Kind>) => void }
);

export interface KindDefinition<Kind extends CatalogKind> {
  readonly kind: Kind;
  /** What a record is called in messages. */
  readonly label: string;
  /** Name of the view that holds the records. */
  readonly view: string;
  /** Raise it when the fold changes its mind about old events: the view is then rebuilt at the next start. */
  readonly viewVersion: number;
  readonly keyOf: (record: RecordOf<Kind>) => CatalogKey;
  /** The groups under which the record is found, see `catalog-groups.ts`. */
  readonly groupsOf: (record: RecordOf<Kind>) => readonly string[];
  readonly events: { readonly [Type in EventTypeOf<Kind>]: EventDefinition<Kind, Type> };
}

/** The event does not fit the records before it. No command of this program produces such an event. */
export class PoisonEvent extends Error {
  override readonly name = "PoisonEvent";
}

export function poison(event: Pick<EventEnvelope, "id" | "type">, problem: string): never {
  throw new PoisonEvent(`event ${event.id} (${event.type}): ${problem}`);
}
