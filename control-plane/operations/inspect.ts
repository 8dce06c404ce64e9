/** The log of one aggregate, with what each event made of it. */
import type { CatalogRecord, EventEnvelope } from "#contracts";
import type { EventReader } from "#control-plane/core";
import { type AggregateReference, catalogChangesOf, knownEvent } from "#control-plane/events";

export interface InspectedEvent {
  readonly event: EventEnvelope;
  /** The record after the event; `null`: there is none any more. Absent with a problem. */
  readonly state?: CatalogRecord | null;
  /** Why the event cannot be folded. */
  readonly problem?: string;
}

/** Events of one reading. */
const PAGE = 200;
/** Of a longer log, only the last so many are shown. */
export const INSPECTED_MAX = 2_000;

/** @returns the last {@link INSPECTED_MAX} events at most, in order; empty when there is no such aggregate */
export async function inspectAggregate(
  events: EventReader,
  aggregate: AggregateReference,
): Promise<readonly InspectedEvent[]> {
  const inspected: InspectedEvent[] = [];
  let state: CatalogRecord | undefined;
  for (let sequence = 0; ; ) {
    const page = await events.readAggregate(aggregate, sequence, PAGE);
    for (const event of page) {
      const seen = folded(state, event);
      if (seen.problem === undefined) state = seen.state ?? undefined;
      inspected.push(seen);
      if (inspected.length > INSPECTED_MAX) inspected.shift();
    }
    if (page.length < PAGE) return inspected;
    sequence = page.at(-1)!.aggregateSequence;
  }
}

function folded(before: CatalogRecord | undefined, event: EventEnvelope): InspectedEvent {
  const known = knownEvent(event);
  if (known === undefined)
    return { event, problem: `this program does not know ${event.type}, version ${event.version}` };
  try {
    const [change] = catalogChangesOf(known, () => before);
    return { event, state: change?.change === "upsert" ? change.record : null };
  } catch (error) {
    return { event, problem: error instanceof Error ? error.message : String(error) };
  }
}
