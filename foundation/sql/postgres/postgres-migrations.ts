/** Migrations of PostgreSQL: by an owner, one at a time; looked at by everybody else. */
import {
  type AppliedMigration,
  appliedVersion,
  checksumOf,
  type MigrateOptions,
  type Migration,
  type MigrationReport,
  requireNumbered,
  requireUpToDate,
} from "../migration-plan.ts";
import type { PostgresClient, PostgresTransaction } from "./postgres-client.ts";

/** Where the schema is and what it needs. */
export interface PostgresMigrateOptions extends MigrateOptions {
  /** All tables are in this schema of the database; the owner makes it. Lower-case letters, digits and `_`. */
  readonly schema: string;
  /** Told to whoever meets a schema that waits for steps. */
  readonly remedy: string;
}

const REMARK = "made and kept by Biplane";

/**
 * Brings the schema to the last of `migrations`, each step in a transaction of its own under a lock for all who migrate this schema. Scripts run with the schema as their
 * `search_path`.
 *
 * @throws SqlError SchemaTooNew, MigrationChanged, MigrationsPending, MigrationsMisnumbered; PostgresError when a script fails (nothing of that step is kept)
 */
export async function migratePostgres(
  client: PostgresClient,
  migrations: readonly Migration[],
  options: PostgresMigrateOptions,
): Promise<MigrationReport> {
  requireNumbered(migrations);
  const { schema } = options;
  requireSchemaName(schema);
  if (options.gate === "closed") {
    const version = await versionOf(client, migrations, client.where, schema);
    requireUpToDate(version, migrations, client.where, options.remedy);
    return { version, applied: [] };
  }
  const applied: number[] = [];
  let version = await prepare(client, migrations, schema);
  while (version < migrations.length) {
    const step = migrations[version]!;
    const done = await locked(client, schema, async (transaction) => {
      if ((await versionOf(transaction, migrations, client.where, schema)) >= step.version) return false;
      await transaction.script(step.sql);
      await transaction.query("INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)", [
        step.version,
        step.name,
        checksumOf(step),
      ]);
      return true;
    });
    if (done) applied.push(step.version);
    version = step.version;
  }
  return { version, applied };
}

/** Makes the schema and its bookkeeping where they are missing. */
function prepare(client: PostgresClient, migrations: readonly Migration[], schema: string): Promise<number> {
  return locked(client, schema, async (transaction) => {
    if (!(await hasBookkeeping(transaction, schema))) {
      await transaction.script(`
        CREATE SCHEMA IF NOT EXISTS ${schema};
        COMMENT ON SCHEMA ${schema} IS '${REMARK}';
        CREATE TABLE ${schema}.schema_migrations (
          version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL
        );
      `);
    }
    return versionOf(transaction, migrations, client.where, schema);
  });
}

function locked<Result>(
  client: PostgresClient,
  schema: string,
  step: (transaction: PostgresTransaction) => Promise<Result>,
): Promise<Result> {
  return client.transaction(async (transaction) => {
    await transaction.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`migrate ${schema}`]);
    await transaction.script(`SET LOCAL search_path TO ${schema}`);
    return step(transaction);
  });
}

async function versionOf(
  reader: PostgresTransaction,
  migrations: readonly Migration[],
  where: string,
  schema: string,
): Promise<number> {
  if (!(await hasBookkeeping(reader, schema))) return 0;
  const rows = await reader.query<AppliedMigration>(
    `SELECT version, checksum FROM ${schema}.schema_migrations ORDER BY version`,
  );
  return appliedVersion(rows, migrations, where);
}

async function hasBookkeeping(reader: PostgresTransaction, schema: string): Promise<boolean> {
  // Not `to_regclass`: that is null also for a role that may not look into the schema, and the two need different remedies.
  const rows = await reader.query(
    "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'schema_migrations'",
    [schema],
  );
  return rows.length > 0;
}

/** Names go into scripts as they are. */
function requireSchemaName(schema: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new RangeError(`a schema is named with lower-case letters, digits and _, not "${schema}"`);
  }
}
