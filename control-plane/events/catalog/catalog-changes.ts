/** The fold of the catalog: event by event, which records change and how. Pure. */
import type { CatalogChange, CatalogKind, CatalogRecord } from "#contracts";
import type { AnyEvent } from "../new-event.ts";
import { definitionOf } from "./catalog-keys.ts";
import { PoisonEvent, poison } from "./kind-definition.ts";
import { CATALOG_KINDS } from "./kinds/index.ts";

export { PoisonEvent };

/** Reads the record as it was before the event. */
export type RecordBefore = (kind: CatalogKind, key: string) => CatalogRecord | undefined;

/**
 * The differences that an event makes.
 * @throws PoisonEvent when the event does not fit the records before it
 */
export function catalogChangesOf(event: AnyEvent, before: RecordBefore): readonly CatalogChange[] {
  const { kind, definition } = definitionOf(event.type)!;
  // Each type's definition takes the events and records of that very type; the compiler cannot follow that through the union.
  const own = event as never;
  const key = definition.key(event.payload as never);
  const record = before(kind, key) as never;
  if ("makes" in definition) {
    if (record !== undefined) poison(event, "the record exists already");
    return [{ change: "upsert", key, record: deepFreeze(definition.makes(own)) }];
  }
  if (record === undefined) poison(event, `there is no such ${CATALOG_KINDS[kind].label}`);
  if ("changes" in definition) return [{ change: "upsert", key, record: deepFreeze(definition.changes(own, record)) }];
  definition.ends(own, record);
  return [{ change: "delete", kind, key }];
}

/** Records are shared by everyone who reads them; nobody may change one. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
