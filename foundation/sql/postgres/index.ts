/**
 * PostgreSQL: a client that is honest about what may have happened, and migrations. Loaded only by programs that are told to use a database server.
 *
 * | need | take |
 * |---|---|
 * | sessions with a server | `openPostgres` with `parsePostgresUrl` |
 * | a schema | `migratePostgres`, as its owner; with a closed gate as anybody else |
 * | many rows in one statement | `arrayLiteral` and `unnest` |
 */
export { arrayLiteral } from "./array-literal.ts";
export { describeAddress, type PostgresAddress, parsePostgresUrl } from "./postgres-address.ts";
export {
  openPostgres,
  type PostgresClient,
  type PostgresClientOptions,
  type PostgresParameters,
  type PostgresTransaction,
  type PostgresValue,
} from "./postgres-client.ts";
export { PostgresError, type PostgresErrorCode } from "./postgres-error.ts";
export { migratePostgres, type PostgresMigrateOptions } from "./postgres-migrations.ts";
