/** Proves a backup by restoring it: opens the copied log, checks it, and builds every view anew. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GatewayArtifactRecord, GatewaySpecRevisionRecord } from "#contracts";
import { CATALOG_VIEWS, foldFromStart, openSqliteEventStore, rebuildReport, storedRows } from "#control-plane/events";
import { BlobDamaged, type BlobStore, createBlobStore } from "#control-plane/gateways/blobs";
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
      const blobs = new Set<string>();
      for (const view of CATALOG_VIEWS) {
        const { rows, quarantined } = await foldFromStart(store, view, head);
        const report = rebuildReport(view, (await storedRows(store, view)) as typeof rows, rows, quarantined, head);
        records += report.rows;
        for (const row of rows.values()) for (const digest of blobsOf(row)) blobs.add(digest);
        if (!report.equal)
          problems.push(`the view ${view.name} is not what the log says: ${report.differences.length} rows differ`);
        for (const { eventId, reason } of quarantined) problems.push(`the event ${eventId} does not fit: ${reason}`);
      }
      problems.push(...(await blobProblems(createBlobStore(store), blobs)));
      return { sound: problems.length === 0, madeAt, events: head, records, problems };
    } finally {
      await store.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Contents that a record names: files of specs of gateways, and what was built of them. They are kept beside the log. */
function blobsOf(row: unknown): readonly string[] {
  const record = row as GatewaySpecRevisionRecord | GatewayArtifactRecord | { readonly kind?: undefined };
  if (record.kind === "gatewaySpecRevision") return record.files.map(({ digest }) => digest);
  return record.kind === "gatewayArtifact" ? [record.contentDigest] : [];
}

/** Reads each whole: what is damaged says so at its end. */
async function blobProblems(blobs: BlobStore, digests: ReadonlySet<string>): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const digest of digests) {
    try {
      if ((await blobs.read(digest)) === undefined) problems.push(`the contents ${digest} of a gateway are missing`);
    } catch (error) {
      if (!(error instanceof BlobDamaged)) throw error;
      problems.push(error.message);
    }
  }
  return problems;
}
