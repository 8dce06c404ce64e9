/** Migrations of SQLite: ordered, checksummed, each in its own transaction. */
import type { Database } from "./database.ts";
import {
  type AppliedMigration,
  appliedVersion,
  checksumOf,
  type MigrateOptions,
  type Migration,
  type MigrationReport,
  requireNumbered,
  requireUpToDate,
} from "./migration-plan.ts";

const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL
) STRICT`;

/**
 * Brings the schema to the last of `migrations`. Several processes may call it at once: each step takes the write lock and looks again.
 *
 * @throws SqlError SchemaTooNew, MigrationChanged, MigrationsPending, MigrationsMisnumbered; the driver's error when a script fails (nothing of that step
 * is kept)
 */
export function migrate(
  database: Database,
  migrations: readonly Migration[],
  options: MigrateOptions = {},
): MigrationReport {
  requireNumbered(migrations);
  const closed = options.gate === "closed" || database.readOnly;
  if (!closed) database.exec(BOOKKEEPING);
  const before = verifyApplied(database, migrations);
  if (closed) requireUpToDate(before, migrations, database.path, "start it with migrations allowed");
  const applied: number[] = [];
  for (const migration of migrations.slice(before)) {
    if (applyStep(database, migrations, migration)) applied.push(migration.version);
  }
  return { version: migrations.length, applied };
}

/** Applies one step unless another process has done it meanwhile. */
function applyStep(database: Database, migrations: readonly Migration[], migration: Migration): boolean {
  return database.transaction(() => {
    if (verifyApplied(database, migrations) >= migration.version) return false;
    database.exec(migration.sql);
    database
      .prepare("INSERT INTO schema_migrations (version, name, checksum) VALUES (?1, ?2, ?3)")
      .run(migration.version, migration.name, checksumOf(migration));
    return true;
  });
}

/** Returns the version that the database has, after comparing every applied step with the program's. */
function verifyApplied(database: Database, migrations: readonly Migration[]): number {
  if (!hasBookkeeping(database)) return 0;
  const rows = database
    .prepare<AppliedMigration>("SELECT version, checksum FROM schema_migrations ORDER BY version")
    .all();
  return appliedVersion(rows, migrations, database.path);
}

function hasBookkeeping(database: Database): boolean {
  return (
    database
      .prepare<{ found: number }>("SELECT 1 AS found FROM sqlite_schema WHERE name = 'schema_migrations'")
      .get() !== undefined
  );
}
