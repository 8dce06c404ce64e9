/**
 * Reads of one turn of the event loop share a read transaction.
 *
 * Of the 2.8 µs that a look-up in a small table takes, 2.1 are spent on entering and leaving a transaction of its own, with locks that are system calls. What a read sees is as new as before:
 * the transaction ends before anybody hears of a commit, and at the end of the turn in any case, so that the log can be moved into the file.
 */
import type { ArgumentOf, Database, EngineHost } from "#foundation/sql";
import type { TableOperations } from "../records/commands.ts";

export interface TurnSnapshot {
  /** Before a read. Answers whether there is a transaction that lasts until the end of the turn, so that several reads are of one moment. */
  join(): boolean;
  /** What is read from now on must be as new as what is on disk now. */
  end(): void;
}

export function createTurnSnapshot(database: Database): TurnSnapshot {
  const begin = database.prepare("BEGIN DEFERRED");
  const commit = database.prepare("COMMIT");
  let reads = 0;
  let open = false;
  const end = (): void => {
    if (!open) return;
    open = false;
    // SQLite ends a transaction by itself when the disk fails.
    if (database.inTransaction) commit.run();
  };
  const endTurn = (): void => {
    reads = 0;
    end();
  };
  return {
    join() {
      if (database.inTransaction) return true;
      // Who comes alone is quicker without.
      if (++reads === 1) {
        setImmediate(endTurn);
        return false;
      }
      begin.run();
      open = true;
      return true;
    },
    end,
  };
}

/** The host, with the snapshot ended before anybody hears of what was done. */
export function endedByCommits(host: EngineHost<TableOperations>, snapshot: TurnSnapshot): EngineHost<TableOperations> {
  const apply = async <Name extends keyof TableOperations>(name: Name, argument: ArgumentOf<TableOperations, Name>) => {
    try {
      return await host.apply(name, argument);
    } finally {
      snapshot.end();
    }
  };
  return {
    apply,
    get pending() {
      return host.pending;
    },
    get failure() {
      return host.failure;
    },
    close: () => host.close(),
  };
}
