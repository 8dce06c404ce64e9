/** Whether the tables agree with each other. */

import { join } from "node:path";
import { openDatabase } from "#foundation/sql";

/** Each query finds what must not be. Rows of stores without a queue are garbage that waits to be removed. */
const FINDINGS: Readonly<Record<string, string>> = {
  "counts that are not those of the schedule (standard)": `
    SELECT q.id, q.visible, q.in_flight, q.delayed,
      count(*) FILTER (WHERE s.state = 0) AS r, count(*) FILTER (WHERE s.state = 2) AS f, count(*) FILTER (WHERE s.state = 1) AS d
    FROM queues q LEFT JOIN schedule s ON s.store = q.store WHERE q.state <> 'dropped' AND json_extract(q.settings, '$.fifo') = 0
    GROUP BY q.key HAVING q.visible <> r OR q.in_flight <> f OR q.delayed <> d`,
  "counts that are not those of the messages": `
    SELECT q.id FROM queues q WHERE q.state <> 'dropped'
      AND q.visible + q.in_flight + q.delayed <> (SELECT count(*) FROM messages m WHERE m.store = q.store)`,
  "messages in flight that are not counted (FIFO)": `
    SELECT q.id FROM queues q WHERE q.state <> 'dropped' AND json_extract(q.settings, '$.fifo') = 1
      AND q.in_flight <> (SELECT count(*) FROM schedule s WHERE s.store = q.store AND s.state = 2)`,
  "messages of standard queues that are not scheduled once": `
    SELECT m.seq FROM messages m JOIN queues q ON q.store = m.store LEFT JOIN schedule s ON s.store = m.store AND s.seq = m.seq
    WHERE json_extract(q.settings, '$.fifo') = 0 GROUP BY m.seq HAVING count(s.seq) <> 1`,
  "scheduled messages that are not there": `
    SELECT s.seq FROM schedule s JOIN queues q ON q.store = s.store LEFT JOIN messages m ON m.seq = s.seq WHERE m.seq IS NULL`,
  "receipts of messages that are not there": `
    SELECT r.seq FROM receipts r LEFT JOIN messages m ON m.seq = r.seq WHERE m.seq IS NULL`,
  "messages in flight at another time than their receipt's": `
    SELECT s.seq FROM schedule s JOIN queues q ON q.store = s.store LEFT JOIN receipts r ON r.seq = s.seq
    WHERE s.state = 2 AND s.due IS NOT r.due`,
  "locks that do not hold what is in flight": `
    SELECT l.group_id FROM locks l JOIN queues q ON q.store = l.store WHERE l.held <>
      (SELECT count(*) FROM schedule s JOIN messages m ON m.seq = s.seq WHERE s.store = l.store AND s.state = 2 AND m.group_id = l.group_id)`,
  "unlocked groups whose first message is not ready, or others are": `
    SELECT m.group_id FROM messages m JOIN queues q ON q.store = m.store AND json_extract(q.settings, '$.fifo') = 1
    LEFT JOIN schedule s ON s.store = m.store AND s.seq = m.seq AND s.due = 0
    WHERE NOT EXISTS (SELECT 1 FROM locks l WHERE l.store = m.store AND l.group_id = m.group_id)
    GROUP BY m.store, m.group_id HAVING count(s.seq) <> 1 OR max(s.seq) <> min(m.seq)`,
  "locked groups with something ready": `
    SELECT l.group_id FROM locks l JOIN messages m ON m.store = l.store AND m.group_id = l.group_id
    JOIN schedule s ON s.store = m.store AND s.seq = m.seq AND s.due = 0`,
};

/** What is wrong in an engine's directory that nobody uses now; queues without delays. */
export function auditDirectory(directory: string): readonly string[] {
  const database = openDatabase({ path: join(directory, "queues.db") });
  try {
    const problems = [...database.integrityCheck("full")];
    for (const [finding, sql] of Object.entries(FINDINGS)) {
      const rows = database.prepare<Record<string, unknown>>(`${sql} LIMIT 5`).all();
      if (rows.length > 0) problems.push(`${finding}: ${JSON.stringify(rows)}`);
    }
    return problems;
  } finally {
    database.close();
  }
}
