/** Proves a backup by restoring it: opens the copied log, checks it, and builds every view anew. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CATALOG_VIEWS, foldFromStart, openSqliteEventStore, rebuildReport, storedRows } from "#control-plane/events";
import type { Random } from "#foundation/runtime";
import { readBackup } from "./backup.ts";

export interface BackupVerification {
  readonly sound: boolean;
  readonly madeAt: string;
  readonly events: number;
  readonly records: number;
  /** What is wrong, in words. */
  readonly problems: readonly string[];
}

/**
 * Changes nothing in the backup. Takes time proportional to its log.
 *
 * @throws CodedError NO_BACKUP, BACKUP_DAMAGED
 */
export async function verifyBackup(directory: string, random: Random): Promise<BackupVerification> {
  const { madeAt } = readBackup(directory);
  const scratch = mkdtempSync(join(tmpdir(), "biplane-drill-"));
  try {
    const path = join(scratch, "events.sqlite");
    copyFileSync(join(directory, "events.sqlite"), path);
    const store = openSqliteEventStore({ path, random });
    try {
      const head = await store.head();
      const problems = [...(await store.check())];
      let records = 0;
      for (const view of CATALOG_VIEWS) {
        const { rows, quarantined } = await foldFromStart(store, view, head);
        const report = rebuildReport(view, (await storedRows(store, view)) as typeof rows, rows, quarantined, head);
        records += report.rows;
        if (!report.equal)
          problems.push(`the view ${view.name} is not what the log says: ${report.differences.length} rows differ`);
        for (const { eventId, reason } of quarantined) problems.push(`the event ${eventId} does not fit: ${reason}`);
      }
      return { sound: problems.length === 0, madeAt, events: head, records, problems };
    } finally {
      await store.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
