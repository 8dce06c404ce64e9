/** What no store lets happen, looked for afterwards: a database can be damaged, or edited by somebody with more rights than this program. */

/** Findings beyond this many are not listed; one is enough to know that the log is not sound. */
export const FINDINGS_MAX = 100;

export interface LogCheck {
  /** In plain words; the id of an event follows. */
  readonly finding: string;
  /** Selects the ids, as column `id`. */
  readonly sql: string;
}

/** In SQL that SQLite and PostgreSQL understand alike. */
export const LOG_CHECKS: readonly LogCheck[] = [
  {
    finding: "the log has a gap before event",
    sql: "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM events) AS placed WHERE id <> place",
  },
  {
    finding: "the aggregate's sequence is broken at event",
    sql: `SELECT id FROM (
            SELECT id, aggregate_sequence, row_number() OVER (PARTITION BY aggregate_type, aggregate_id ORDER BY id) AS place FROM events
          ) AS placed WHERE aggregate_sequence <> place ORDER BY id`,
  },
  {
    finding: "the leader's epoch goes down at event",
    sql: `SELECT id FROM (SELECT id, epoch, lag(epoch, 1, epoch) OVER (ORDER BY id) AS before FROM events) AS followed
          WHERE epoch < before OR epoch > (SELECT epoch FROM control_plane) ORDER BY id`,
  },
  {
    finding: "a view claims to be ahead of the log, at event",
    sql: "SELECT through AS id FROM view_checkpoints WHERE through > (SELECT coalesce(max(id), 0) FROM events) ORDER BY id",
  },
];
