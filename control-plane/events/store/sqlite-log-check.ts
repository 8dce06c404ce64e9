/** What the triggers should have prevented, looked for afterwards: a file can be damaged or edited with triggers dropped. */
import type { Database } from "#foundation/sql";

/** Findings beyond this many are not listed; one is enough to know that the log is not sound. */
const FINDINGS_MAX = 100;

const CHECKS: readonly { readonly finding: string; readonly sql: string }[] = [
  {
    finding: "the log has a gap before event",
    sql: "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM events) WHERE id <> place LIMIT ?1",
  },
  {
    finding: "the aggregate's sequence is broken at event",
    sql: `SELECT id FROM (SELECT id, aggregate_sequence, row_number() OVER (PARTITION BY aggregate_type, aggregate_id ORDER BY id) AS place FROM events)
          WHERE aggregate_sequence <> place ORDER BY id LIMIT ?1`,
  },
  {
    finding: "the leader's epoch goes down at event",
    sql: `SELECT id FROM (SELECT id, epoch, lag(epoch, 1, 0) OVER (ORDER BY id) AS before FROM events)
          WHERE epoch < before OR epoch > (SELECT epoch FROM control_plane) ORDER BY id LIMIT ?1`,
  },
  {
    finding: "the payload is not JSON at event",
    sql: "SELECT id FROM events WHERE NOT json_valid(payload) LIMIT ?1",
  },
  {
    finding: "a view claims to be ahead of the log, at event",
    sql: "SELECT through AS id FROM view_checkpoints WHERE through > (SELECT coalesce(max(id), 0) FROM events) LIMIT ?1",
  },
];

/** Findings in plain words; empty when the log is sound. */
export function checkEventLog(database: Database): readonly string[] {
  return CHECKS.flatMap(({ finding, sql }) =>
    database
      .prepare<{ id: number }>(sql)
      .all(FINDINGS_MAX)
      .map(({ id }) => `${finding} ${id}`),
  );
}
