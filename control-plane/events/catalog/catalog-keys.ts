/** What identifies catalog records, and which record an event concerns. */
import type { CatalogKey, CatalogKind, CatalogRecord, EventType } from "#contracts";
import type { AnyEvent } from "../new-event.ts";
import type { EventDefinition } from "./kind-definition.ts";
import { CATALOG_KIND_NAMES, CATALOG_KINDS } from "./kinds/index.ts";

/** A record's place: its kind and its key within the kind. */
export interface CatalogAddress {
  readonly kind: CatalogKind;
  readonly key: CatalogKey;
}

/** A definition of an event, whatever its kind: the table pairs each with payloads and records of its own type. */
export type AnyEventDefinition = EventDefinition<never, never>;

interface DefinedEvent {
  readonly kind: CatalogKind;
  readonly definition: AnyEventDefinition;
}

const DEFINED: ReadonlyMap<string, DefinedEvent> = new Map(
  CATALOG_KIND_NAMES.flatMap((kind) =>
    Object.entries(CATALOG_KINDS[kind].events).map(
      ([type, definition]) => [type, { kind, definition: definition as unknown as AnyEventDefinition }] as const,
    ),
  ),
);

/** The kind of record that a type of event is about, and what the event does to it; undefined for a type that this program does not know. */
export function definitionOf(type: EventType): DefinedEvent | undefined {
  return DEFINED.get(type);
}

export function keyOfRecord(record: CatalogRecord): CatalogKey {
  // The table gives each kind the function of that very kind.
  return CATALOG_KINDS[record.kind].keyOf(record as never);
}

/** The one record that an event changes: known from the event alone, without any view. */
export function addressOfEvent(event: AnyEvent): CatalogAddress {
  const { kind, definition } = DEFINED.get(event.type)!;
  return { kind, key: definition.key(event.payload as never) };
}

/** Whether the event takes its record away, so that a later record under the same key is another thing. */
export function endsRecord(event: AnyEvent): boolean {
  return "ends" in DEFINED.get(event.type)!.definition;
}
