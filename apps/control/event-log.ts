/** Where the event log of a cloud is kept: in its data directory, or in a database server. Never in two places. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { credentialsPath, readCredentials } from "#apps/biplane/state";
import { type EventStore, openDatabaseLog } from "#control-plane/events";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { SqlError } from "#foundation/sql";

/** URLs of a database server. Secret: they hold passwords. */
export interface DatabaseSetting {
  readonly url: string;
  readonly ownerUrl: string | undefined;
}

/**
 * Opens the log in the database; undefined without one: the control plane then keeps it in the data directory.
 *
 * A cloud that was made before and has lost its log must not be taken for a new one: its data planes would forget every bucket and key.
 *
 * @throws SqlError Corrupt when this cloud's log is not where it is looked for; what `openDatabaseLog` throws
 */
export async function openEventLog(
  dataDirectory: string,
  directory: string,
  database: DatabaseSetting | undefined,
): Promise<EventStore | undefined> {
  const file = join(directory, "events.sqlite");
  const made = readCredentials(dataDirectory) === undefined ? undefined : credentialsPath(dataDirectory);
  if (database === undefined) {
    if (existsSync(file) || made === undefined) return undefined;
    throw new SqlError(
      "Corrupt",
      `${file} is missing, but ${made} says that this cloud was made before; start it with --database if its log is kept there, restore ${directory} from a backup, or remove the credentials to begin a new cloud`,
    );
  }
  if (existsSync(file)) {
    throw new SqlError(
      "Corrupt",
      `the log of this cloud is kept in ${file}, not in a database; start it without --database, or choose another data directory`,
    );
  }
  const world = { clock: systemClock, timers: systemTimers, random: systemRandom.fork("event-store") };
  const store = await openDatabaseLog({ ...database, ...world });
  try {
    if (made === undefined || (await store.head()) > 0) return store;
    throw new SqlError(
      "Corrupt",
      `the log in the database is empty, but ${made} says that this cloud was made before; name the database that it was made with, restore that from a backup, or remove the credentials to begin a new cloud`,
    );
  } catch (error) {
    await store.close();
    throw error;
  }
}
