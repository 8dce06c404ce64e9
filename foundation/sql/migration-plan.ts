/** What the migrations of a program and those that a database has had say of each other. Pure; the same for every kind of database. */
import { createHash } from "node:crypto";
import { SqlError } from "./sql-error.ts";

/** One step of a schema. Never edited after it was shipped: a change is a new step. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly version: number;
  readonly name: string;
  /** A script of statements. No BEGIN or COMMIT. */
  readonly sql: string;
}

/** What a migration run did. */
export interface MigrationReport {
  /** The schema's version now. */
  readonly version: number;
  /** Versions applied by this call. */
  readonly applied: readonly number[];
}

/** Options of a migration run. */
export interface MigrateOptions {
  /** `closed`: apply nothing, and refuse when something waits (read-only connections, an operator who wants to back up first). Default `open`. */
  readonly gate?: "open" | "closed";
}

/** A step that a database has had, as its table `schema_migrations` says. */
export interface AppliedMigration {
  readonly version: number;
  readonly checksum: string;
}

/** @throws SqlError MigrationsMisnumbered */
export function requireNumbered(migrations: readonly Migration[]): void {
  migrations.forEach((migration, index) => {
    if (migration.version === index + 1) return;
    const problem = `migration "${migration.name}" has version ${migration.version}; expected ${index + 1}`;
    throw new SqlError("MigrationsMisnumbered", problem);
  });
}

/**
 * The version that a database has, after comparing every applied step with the program's.
 * @param where names the database in messages
 * @throws SqlError SchemaTooNew, MigrationChanged
 */
export function appliedVersion(
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
  where: string,
): number {
  for (const { version, checksum } of applied) {
    const known = migrations[version - 1];
    if (known === undefined) {
      const problem = `${where} has schema ${version}, this program knows ${migrations.length}; start the newer program or restore a backup`;
      throw new SqlError("SchemaTooNew", problem);
    }
    if (checksumOf(known) !== checksum) {
      const problem = `migration ${known.version} "${known.name}" differs from the one that ${where} was made with; restore its text`;
      throw new SqlError("MigrationChanged", problem);
    }
  }
  return applied.length;
}

/** Refuses a database that waits for steps. @throws SqlError MigrationsPending */
export function requireUpToDate(
  version: number,
  migrations: readonly Migration[],
  where: string,
  remedy: string,
): void {
  if (version >= migrations.length) return;
  const problem = `${where} has schema ${version}, this program needs ${migrations.length}; ${remedy}`;
  throw new SqlError("MigrationsPending", problem);
}

export function checksumOf(migration: Migration): string {
  return createHash("sha256").update(migration.sql).digest("hex");
}
