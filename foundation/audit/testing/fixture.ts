/** Logs for tests: a directory of their own, virtual time, everything in this thread. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVirtualTime, systemRandom, type VirtualTime } from "#foundation/runtime";
import { type Database, openDatabase } from "#foundation/sql";
import type { AuditLog } from "../audit-log.ts";
import { type AuditLogOptions, openAuditLog } from "../open-audit-log.ts";
import type { AuditEntry, AuditEvent } from "../record.ts";

export const STARTED_AT = Date.UTC(2026, 0, 1);

export interface LogFixture {
  readonly path: string;
  readonly time: VirtualTime;
  /** The log, opened again by `reopen`. */
  log: AuditLog;
  reopen(): Promise<void>;
  /** Closes the log, changes its file behind its back with the triggers gone, and opens it again. */
  tamper(change: (database: Database) => void): Promise<void>;
}

/** Opens a log, hands it to `body`, and removes it whatever happens. */
export async function withLog(
  body: (fixture: LogFixture) => Promise<void>,
  options: Partial<AuditLogOptions> = {},
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-audit-"));
  const path = join(directory, "audit.sqlite");
  const time = createVirtualTime(STARTED_AT);
  const open = () =>
    openAuditLog({
      path,
      plane: "control",
      clock: time.clock,
      timers: time.timers,
      random: systemRandom,
      hosting: "inline",
      ...options,
    });
  const fixture: LogFixture = {
    path,
    time,
    log: await open(),
    async reopen() {
      await fixture.log.close();
      fixture.log = await open();
    },
    async tamper(change) {
      await fixture.log.close();
      const database = openDatabase({ path });
      withoutTriggers(database, change);
      database.close();
      fixture.log = await open();
    },
  };
  try {
    await body(fixture);
  } finally {
    await fixture.log.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** As somebody would who knows what he does. */
export function withoutTriggers(database: Database, change: (database: Database) => void): void {
  const triggers = database
    .prepare<{ name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
  change(database);
  for (const { sql } of triggers) database.exec(sql);
}

export function event(more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    category: "mutation",
    actor: { type: "user", id: "arn:aws:iam::111111111111:user/ada", accountId: "111111111111" },
    action: "iam:CreateUser",
    resource: "arn:aws:iam::111111111111:user/grace",
    decision: "allowed",
    reason: "Statement 1 of AdministratorAccess allows it.",
    requestId: "r-1",
    ...more,
  };
}

/** All records in the order of the log. */
export async function allRecords(log: AuditLog): Promise<readonly AuditEntry[]> {
  const end = new AbortController();
  const { sequence: last } = await log.head();
  const entries: AuditEntry[] = [];
  for await (const batch of log.tail(0, end.signal)) {
    entries.push(...batch);
    if (entries.at(-1)!.sequence >= last) end.abort();
  }
  return entries;
}
