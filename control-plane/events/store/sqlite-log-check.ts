/** The checks of the log for the embedded store. */
import type { Database } from "#foundation/sql";
import { FINDINGS_MAX, LOG_CHECKS, type LogCheck } from "./log-checks.ts";

/** SQLite keeps any text where it is told TEXT; PostgreSQL has a type for it. */
const PAYLOAD_CHECK: LogCheck = {
  finding: "the payload is not JSON at event",
  sql: "SELECT id FROM events WHERE NOT json_valid(payload)",
};

/** Findings in plain words; empty when the log is sound. */
export function checkEventLog(database: Database): readonly string[] {
  return [...LOG_CHECKS, PAYLOAD_CHECK].flatMap(({ finding, sql }) =>
    database
      .prepare<{ id: number }>(`${sql} LIMIT ${FINDINGS_MAX}`)
      .all()
      .map(({ id }) => `${finding} ${id}`),
  );
}
