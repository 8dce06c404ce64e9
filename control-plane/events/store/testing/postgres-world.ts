/** Logs in a real server, for tests. */
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import type { PostgresAddress } from "#foundation/sql/postgres";
import type { TestPostgres } from "#foundation/sql/postgres/testing";
import type { EventStore } from "../event-store.ts";
import { openPostgresEventStore } from "../postgres-event-store.ts";
import { type PostgresLogOptions, preparePostgresLog } from "../postgres-log.ts";

let logs = 0;

/** A log of its own in the server. */
export interface PostgresLog {
  readonly schema: string;
  /** As the owner or the running program, with the world as it is. */
  options(role: "owner" | "runtime", through?: Partial<PostgresAddress>): PostgresLogOptions;
  /** Opens the log, perhaps by another way. */
  open(through?: Partial<PostgresAddress>): Promise<EventStore>;
  /** Closes what was opened here. The log ends with the server. */
  close(): Promise<void>;
}

export async function createPostgresLog(server: TestPostgres): Promise<PostgresLog> {
  const schema = `log_${++logs}`;
  const opened: EventStore[] = [];
  const world = { clock: systemClock, timers: systemTimers, random: systemRandom };
  const log: PostgresLog = {
    schema,
    options: (role, through = {}) => ({ address: { ...server[role], ...through }, schema, ...world }),
    async open(through) {
      const store = await openPostgresEventStore(log.options("runtime", through));
      opened.push(store);
      return store;
    },
    async close() {
      for (const store of opened) await store.close();
    },
  };
  await preparePostgresLog(log.options("owner"), server.runtime.user);
  return log;
}
