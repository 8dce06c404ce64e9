/** Messages as a receive reads them. */

import type { Standing } from "./departures.ts";

/** A message that could be taken, with its receipt. */
export interface Candidate extends Standing {
  readonly sent_at: number;
  readonly since: number;
  readonly origin: number | null;
  /** In other queues. */
  readonly received_before: number;
  readonly envelope: string;
  readonly body: string;
  readonly receives: number | null;
  readonly generation: number | null;
  readonly first_at: number | null;
}

export const CANDIDATE_COLUMNS = `m.seq, m.place, m.group_id, m.delayed_until, m.sent_at, m.since, m.origin, m.received_before, m.envelope, m.body,
  r.due, r.receives, r.generation, r.first_at`;
