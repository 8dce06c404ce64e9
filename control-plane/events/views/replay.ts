/** Folding stretches of the log into the rows of one view. */
import type { EventEnvelope, EventId } from "#contracts";
import { knownEvent } from "../new-event.ts";
import type { QuarantinedEvent } from "../store/event-store.ts";
import type { RowChange, View } from "./view.ts";

/** What a stretch of events does to a view. */
export interface ReplayedStretch<Row> {
  readonly changes: readonly RowChange<Row>[];
  readonly quarantined: readonly QuarantinedEvent[];
}

/**
 * Folds `events` into `rows` (which is changed). An event that the view cannot take is set aside with its reason and the others go on: one bad event must not
 * stop the cloud.
 */
export function replay<Row>(
  view: View<Row>,
  rows: Map<string, Row>,
  events: readonly EventEnvelope[],
): ReplayedStretch<Row> {
  const changes: RowChange<Row>[] = [];
  const quarantined: QuarantinedEvent[] = [];
  for (const event of events) {
    try {
      const known = knownEvent(event);
      if (known === undefined) {
        throw new Error(
          `this program does not know version ${event.version} of "${event.type}"; start the newer program`,
        );
      }
      for (const change of view.fold(known, (key) => rows.get(key))) {
        if (change.row === null) rows.delete(change.key);
        else rows.set(change.key, change.row);
        changes.push(change);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      quarantined.push({ view: view.name, eventId: event.id, reason });
    }
  }
  return { changes, quarantined };
}

/** How a rebuilt view differs from the live one, for the proof that both are equal. */
export interface RowDifference {
  readonly key: string;
  readonly live: string | null;
  readonly rebuilt: string | null;
}

/** Every row in which two states differ, as JSON text with sorted members, so that the order of members does not count. */
export function differencesOf<Row>(
  live: ReadonlyMap<string, Row>,
  rebuilt: ReadonlyMap<string, Row>,
): readonly RowDifference[] {
  const differences: RowDifference[] = [];
  for (const key of new Set([...live.keys(), ...rebuilt.keys()])) {
    const before = live.get(key);
    const after = rebuilt.get(key);
    // Nearly always the members have the same order too, which is ten times as fast to see.
    if (before !== undefined && after !== undefined && JSON.stringify(before) === JSON.stringify(after)) continue;
    const liveText = before === undefined ? null : stableJson(before);
    const rebuiltText = after === undefined ? null : stableJson(after);
    if (liveText !== rebuiltText) differences.push({ key, live: liveText, rebuilt: rebuiltText });
  }
  return differences;
}

/** JSON with the members of every object in the order of their names. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}

/** Cursor before the first event. */
export const LOG_START = 0 as EventId;
