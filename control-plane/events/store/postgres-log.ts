/** Opening the log in PostgreSQL: is it fit, may we, and whose is it now. */
import type { ControlPlaneId } from "#contracts";
import { type Clock, type Random, randomUuid, type Timers } from "#foundation/runtime";
import { SqlError } from "#foundation/sql";
import {
  migratePostgres,
  openPostgres,
  type PostgresAddress,
  type PostgresClient,
  PostgresError,
} from "#foundation/sql/postgres";
import { grantsTo, POSTGRES_EVENT_STORE_MIGRATIONS } from "./postgres-schema.ts";

/** Where the log is kept, and the world. */
export interface PostgresLogOptions {
  readonly address: PostgresAddress;
  /** The schema of the database that holds the log. Default `biplane`. */
  readonly schema?: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

const SCHEMA = "biplane";

/** PostgreSQL 15: the oldest that its makers still mend, and the oldest that this is tested with. */
const OLDEST_SERVER = 150_000;

const REMEDY = "start once with --database-owner, the URL of the role that owns the schema (docs/operating.md)";

/** On which the state of the log is told to whoever has it open. */
export function channelOf(options: Pick<PostgresLogOptions, "schema">): string {
  return `${schemaOf(options)}.log`;
}

export function schemaOf({ schema }: Pick<PostgresLogOptions, "schema">): string {
  return schema ?? SCHEMA;
}

/**
 * A client for the log.
 *
 * Every statement of the store goes by an index. A plan that is made while the log is young would read the small table as a whole instead, and be kept while it grows: so
 * reading whole tables is made dear, except for checks, which are meant to.
 */
export function openLogClient(
  { address, clock, timers, random, ...options }: PostgresLogOptions,
  use: { readonly name: string; readonly sessions: number; readonly statementMs?: number; readonly wholeTables?: true },
): PostgresClient {
  const plans: Record<string, string> = use.wholeTables === true ? {} : { enable_seqscan: "off", jit: "off" };
  return openPostgres({
    address,
    applicationName: use.name,
    sessions: use.sessions,
    ...(use.statementMs === undefined ? {} : { statementMs: use.statementMs }),
    settings: { search_path: schemaOf(options), ...plans },
    clock,
    timers,
    random,
  });
}

/**
 * As the owner: brings the schema up to date and says what the running program's role may do.
 *
 * @param options.address of the role that owns the schema, or may make it
 * @param runtimeRole the name of the role that the program runs as; it must exist
 * @throws SqlError SchemaTooNew, MigrationChanged; PostgresError
 */
export async function preparePostgresLog(options: PostgresLogOptions, runtimeRole: string): Promise<void> {
  const { user } = options.address;
  if (user === runtimeRole) throw tooPowerful(user);
  const client = openLogClient(options, { name: "biplane-owner", sessions: 1, statementMs: 10 * 60_000 });
  try {
    await requireSuitableServer(client);
    const schema = schemaOf(options);
    await migratePostgres(client, POSTGRES_EVENT_STORE_MIGRATIONS, { schema, remedy: REMEDY });
    await client.script(grantsTo(`"${runtimeRole.replaceAll('"', '""')}"`, schema)).catch((error: unknown) => {
      if (!(error instanceof PostgresError) || error.sqlState !== "42704") throw error;
      const remedy = `make it with CREATE ROLE ${runtimeRole} LOGIN PASSWORD '…'`;
      throw new PostgresError("Rejected", `there is no role ${runtimeRole}; ${remedy}`, { sqlState: error.sqlState });
    });
  } finally {
    await client.close();
  }
}

/**
 * Refuses a database that the log cannot be kept in safely.
 * @throws SqlError SchemaTooNew, MigrationChanged, MigrationsPending; PostgresError
 */
export async function requireSuitableLog(client: PostgresClient, options: PostgresLogOptions): Promise<void> {
  await requireSuitableServer(client);
  const { user } = options.address;
  const schema = schemaOf(options);
  try {
    await migratePostgres(client, POSTGRES_EVENT_STORE_MIGRATIONS, { schema, gate: "closed", remedy: REMEDY });
  } catch (error) {
    // The schema is there, and this role has been granted nothing in it.
    if (!(error instanceof PostgresError) || error.sqlState !== "42501") throw error;
    throw new SqlError("MigrationsPending", `${client.where}: ${error.message}; ${REMEDY}`, { cause: error });
  }
  const [rights] = await client.read<{ powerful: boolean }>(
    "SELECT has_table_privilege('events', 'UPDATE, DELETE, TRUNCATE') AS powerful",
  );
  if (rights?.powerful === true) throw tooPowerful(user);
}

/** Takes the log over, and tells the one before: from now on its appends are refused. Waits for one that is under way. */
export async function takeEpoch(
  client: PostgresClient,
  random: Random,
  channel: string,
): Promise<{ readonly controlPlaneId: ControlPlaneId; readonly epoch: number }> {
  await client.query(
    "INSERT INTO control_plane (single, control_plane_id, epoch) VALUES (1, $1, 0) ON CONFLICT DO NOTHING",
    [randomUuid(random)],
  );
  const [row] = await client.query<{ control_plane_id: string; epoch: string }>(
    `WITH taken AS (UPDATE control_plane SET epoch = epoch + 1 RETURNING control_plane_id, epoch)
     SELECT control_plane_id, epoch, pg_notify($1, epoch || ' 0')::text FROM taken`,
    [channel],
  );
  return { controlPlaneId: row!.control_plane_id as ControlPlaneId, epoch: Number(row!.epoch) };
}

async function requireSuitableServer(client: PostgresClient): Promise<void> {
  const [server] = await client.read<Record<"version" | "encoding" | "commit" | "release", string> & { copy: boolean }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS release,
            current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS commit,
            pg_is_in_recovery() AS copy`,
  );
  const unsuitable = (problem: string): never => {
    throw new PostgresError("Rejected", `${client.where} cannot keep the event log: ${problem}`);
  };
  const { version, release, encoding, commit, copy } = server!;
  if (Number(version) < OLDEST_SERVER) unsuitable(`the server is PostgreSQL ${release}, 15 or later is needed`);
  if (encoding !== "UTF8") unsuitable(`its encoding is ${encoding}; make it with ENCODING 'UTF8'`);
  if (copy) unsuitable("the server is a standby that only reads");
  if (commit === "off") unsuitable("synchronous_commit is off: it would answer before it has written to the disk");
}

function tooPowerful(role: string): PostgresError {
  const problem = `the role ${role} may change or remove events, which the running program must not be able to`;
  const remedy = "give it a role of its own (docs/operating.md)";
  return new PostgresError("SignInRefused", `${problem}; ${remedy}`);
}
