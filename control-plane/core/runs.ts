/**
 * The runs of the control plane over its log, and which part of the log each has told.
 *
 * A log that is put back from a backup numbers its next events as the lost ones were numbered. A data plane that was told the lost ones must not continue from
 * its cursor, however far the log has come since: it would keep what never happened and miss what did. The number alone cannot show that; the run that told it
 * can, because the backup does not know it, or knows that it ended earlier.
 */
import type { EventId } from "#contracts";
import type { EventStore } from "#control-plane/events";
import { type Random, randomUuid } from "#foundation/runtime";

const NOTE = "runs";

/** Runs remembered: a data plane that was away for longer gets a snapshot. 256 × about 60 bytes ≈ 15 KiB, written once at each start. */
const RUNS_MAX = 256;

interface Run {
  readonly id: string;
  /** The head of the log when it began; where the run before it ended. */
  readonly from: EventId;
}

export interface Runs {
  /** The id of this run. */
  readonly current: string;
  /** The last event that a run can have told; undefined for one that this log does not know. */
  endOf(run: string): EventId | undefined;
}

/** Begins a run; it is on disk when this resolves. @param head the last event of the log, after this control plane has taken it over */
export async function beginRun(store: EventStore, head: EventId, random: Random): Promise<Runs> {
  const before = JSON.parse((await store.note(NOTE)) ?? "[]") as readonly Run[];
  const current = randomUuid(random);
  const runs = [...before, { id: current, from: head }].slice(-RUNS_MAX);
  await store.setNote(NOTE, JSON.stringify(runs));
  const ends = new Map<string, EventId>();
  runs.forEach(({ id }, index) => {
    ends.set(id, runs[index + 1]?.from ?? (Number.MAX_SAFE_INTEGER as EventId));
  });
  return { current, endOf: (run) => ends.get(run) };
}
