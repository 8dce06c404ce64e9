/** Logs in a real server, for tests. */
import { systemClock, systemRandom, systemTimers, type Timers } from "#foundation/runtime";
import type { PostgresAddress } from "#foundation/sql/postgres";
import type { TestPostgres } from "#foundation/sql/postgres/testing";
import type { EventStore } from "../event-store.ts";
import { openPostgresEventStore } from "../postgres-event-store.ts";
import { type PostgresLogOptions, preparePostgresLog } from "../postgres-log.ts";

let logs = 0;

/** Another way to the server, or another world. */
export interface Differently {
  readonly address?: Partial<PostgresAddress>;
  readonly timers?: Timers;
}

/** A log of its own in the server. */
export interface PostgresLog {
  readonly schema: string;
  /** As the owner or the running program. */
  options(role: "owner" | "runtime", differently?: Differently): PostgresLogOptions;
  /** Opens the log (again). */
  open(differently?: Differently): Promise<EventStore>;
  /** Closes what was opened here. The log ends with the server. */
  close(): Promise<void>;
}

export async function createPostgresLog(server: TestPostgres): Promise<PostgresLog> {
  const schema = `log_${++logs}`;
  const opened: EventStore[] = [];
  const log: PostgresLog = {
    schema,
    options: (role, { address, timers = systemTimers } = {}) => ({
      address: { ...server[role], ...address },
      schema,
      clock: systemClock,
      timers,
      random: systemRandom,
    }),
    async open(differently) {
      const store = await openPostgresEventStore(log.options("runtime", differently));
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
