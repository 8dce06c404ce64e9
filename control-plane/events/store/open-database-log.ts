/** The log in PostgreSQL, by URLs. What it takes is loaded when it is asked for: most clouds need none of it. */
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { EventStore } from "./event-store.ts";

export interface DatabaseLogOptions {
  /** `postgres://…` of the role that the program runs as: it may add events, and change none. Secret. */
  readonly url: string;
  /** `postgres://…` of the role that owns the schema, to make it or bring it up to date before. Not kept. Secret. */
  readonly ownerUrl?: string | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/**
 * Opens the log and takes it over.
 * @throws PostgresError, SqlError as `preparePostgresLog` and `openPostgresEventStore`; no message holds a secret
 */
export async function openDatabaseLog({ url, ownerUrl, ...world }: DatabaseLogOptions): Promise<EventStore> {
  const [{ parsePostgresUrl, PostgresError }, { preparePostgresLog }, { openPostgresEventStore }] = await Promise.all([
    import("#foundation/sql/postgres"),
    import("./postgres-log.ts"),
    import("./postgres-event-store.ts"),
  ]);
  const address = parsePostgresUrl(url);
  if (ownerUrl !== undefined) {
    const owner = parsePostgresUrl(ownerUrl);
    if (owner.database !== address.database) {
      throw new PostgresError("AddressInvalid", "the URLs of the owner and of the program name different databases");
    }
    await preparePostgresLog({ address: owner, ...world }, address.user);
  }
  return openPostgresEventStore({ address, ...world });
}
