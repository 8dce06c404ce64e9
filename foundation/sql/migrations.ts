/** Migrations: ordered, checksummed, each in its own transaction. */
import { createHash } from "node:crypto";
import type { Database } from "./database.ts";
import { SqlError } from "./sql-error.ts";

/** One step of a schema. Never edited after it was shipped: a change is a new step. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly version: number;
  readonly name: string;
  /** A script of statements. No BEGIN or COMMIT. */
  readonly sql: string;
}

/** What `migrate` did. */
export interface MigrationReport {
  /** The schema's version now. */
  readonly version: number;
  /** Versions applied by this call. */
  readonly applied: readonly number[];
}

/** Options of `migrate`. */
export interface MigrateOptions {
  /** `closed`: apply nothing, and refuse when something waits (read-only connections, an operator who wants to back up first). Default `open`. */
  readonly gate?: "open" | "closed";
}

const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL
) STRICT`;

interface AppliedRow {
  readonly version: number;
  readonly checksum: string;
}

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
  migrations.forEach((migration, index) => {
    if (migration.version === index + 1) return;
    const problem = `migration "${migration.name}" has version ${migration.version}; expected ${index + 1}`;
    throw new SqlError("MigrationsMisnumbered", problem);
  });
  const closed = options.gate === "closed" || database.readOnly;
  if (!closed) database.exec(BOOKKEEPING);
  const before = verifyApplied(database, migrations);
  if (closed && before < migrations.length) {
    const problem = `${database.path} has schema ${before}, this program needs ${migrations.length}; start it with migrations allowed`;
    throw new SqlError("MigrationsPending", problem);
  }
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
  const rows = database.prepare<AppliedRow>("SELECT version, checksum FROM schema_migrations ORDER BY version").all();
  for (const row of rows) {
    const known = migrations[row.version - 1];
    if (known === undefined) {
      const problem = `${database.path} has schema ${row.version}, this program knows ${migrations.length}; start the newer program or restore a backup`;
      throw new SqlError("SchemaTooNew", problem);
    }
    if (checksumOf(known) !== row.checksum) {
      const problem = `migration ${known.version} "${known.name}" differs from the one that ${database.path} was made with; restore its text`;
      throw new SqlError("MigrationChanged", problem);
    }
  }
  return rows.length;
}

function hasBookkeeping(database: Database): boolean {
  return (
    database
      .prepare<{ found: number }>("SELECT 1 AS found FROM sqlite_schema WHERE name = 'schema_migrations'")
      .get() !== undefined
  );
}

function checksumOf(migration: Migration): string {
  return createHash("sha256").update(migration.sql).digest("hex");
}
