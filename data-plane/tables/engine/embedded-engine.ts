/** The embedded engine's methods: each write is a command for the thread that keeps the tables, each read a look at the database from this one. */
import type { ResourceId } from "#contracts";
import type { Item } from "#data-plane/tables/values";
import type { Clock } from "#foundation/runtime";
import type { ArgumentOf, Database, EngineHost, ResultOf } from "#foundation/sql";
import type { BackupKeeper } from "./backups/backup-keeper.ts";
import type { Housekeeper } from "./housekeeper.ts";
import type { IndexState, StoredItem, TableDefinition, TableEngine, TableStatistics } from "./port.ts";
import type { PageReader } from "./reading/page-reader.ts";
import type { ItemRow } from "./reading/row-source.ts";
import type { StreamReader } from "./reading/stream-reader.ts";
import type { TableViews } from "./reading/table-views.ts";
import type { TableOperations } from "./records/commands.ts";
import type { StreamWatch } from "./stream-watch.ts";
import { TableEngineError } from "./table-engine-error.ts";
import type { TableWriter } from "./writing/table-writer.ts";
import { engineFailure } from "./writing/write-queue.ts";

/** What this engine offers beyond the port. */
export interface EmbeddedTableEngine extends TableEngine {
  /** Does all background work that is due, now: for tests, and before a copy of the files is made. */
  settle(): Promise<void>;
}

/** The engine's parts, put together by `openTableEngine`. */
export interface EngineParts {
  readonly host: EngineHost<TableOperations>;
  /** Read-only. */
  readonly database: Database;
  readonly views: TableViews;
  readonly pages: PageReader;
  readonly streams: StreamReader;
  readonly watch: StreamWatch;
  readonly writer: TableWriter;
  readonly backups: BackupKeeper;
  readonly housekeeper: Housekeeper;
  readonly clock: Clock;
  /** Stops everything; awaited by `close`. */
  readonly shutDown: () => Promise<void>;
}

interface CounterRow {
  readonly items: number;
  readonly bytes: number;
}

export function assembleEngine(parts: EngineParts): EmbeddedTableEngine {
  const { host, database, views, pages, streams, watch, writer, backups, housekeeper, clock } = parts;
  const ensured = new Map<ResourceId, TableDefinition>();
  const tableCounters = database.prepare<CounterRow>("SELECT items, bytes FROM table_counters WHERE number = ?1");
  const indexCounters = database.prepare<CounterRow>("SELECT items, bytes FROM index_counters WHERE number = ?1");

  async function apply<Name extends keyof TableOperations>(
    name: Name,
    argument: ArgumentOf<TableOperations, Name>,
  ): Promise<ResultOf<TableOperations, Name>> {
    try {
      return await host.apply(name, argument);
    } catch (error) {
      throw engineFailure(error);
    }
  }
  const setState = async (tableId: ResourceId, state: "open" | "closed"): Promise<void> => {
    const found = await apply("setState", { tableId, state });
    views.refresh(tableId);
    if (!found) throw new TableEngineError("NoSuchTable");
  };
  const find = (tableId: ResourceId, key: Item): StoredItem | undefined => {
    const { shape, rows } = views.get(tableId);
    const row = views.read(() => rows.one(shape.keys.encode(key)));
    return row === undefined ? undefined : storedItem(row);
  };

  return {
    async ensure(definition) {
      const { tableId } = definition;
      if (ensured.get(tableId) === definition) return;
      const answer = await apply("ensure", { definition, now: clock.now() });
      views.refresh(tableId);
      if (answer !== "done") throw new TableEngineError(answer);
      ensured.set(tableId, definition);
      housekeeper.kick();
    },
    isEnsured: (definition) => ensured.get(definition.tableId) === definition,

    beginDelete: (tableId) => setState(tableId, "closed"),
    abandonDelete: (tableId) => setState(tableId, "open"),
    async drop(tableId) {
      const found = await apply("drop", { tableId, now: clock.now() });
      ensured.delete(tableId);
      views.refresh(tableId);
      if (!found) throw new TableEngineError("NoSuchTable");
      housekeeper.kick();
    },
    marked: () => [...views.all()].filter(({ shape }) => shape.state === "closed").map(idOf),
    tables: () => [...views.all()].map(idOf),

    statistics(tableId) {
      const { shape } = views.get(tableId);
      const own = tableCounters.get(shape.number);
      const indexes = [...shape.indexes, ...shape.removing].filter(({ kind }) => kind !== "expiry");
      return {
        itemCount: own?.items ?? 0,
        sizeBytes: own?.bytes ?? 0,
        indexes: indexes.map(({ number, kind, identity, definition, state }): IndexState => {
          const counters = indexCounters.get(number);
          return {
            name: definition.name,
            ...(kind === "global" ? { indexId: identity } : {}),
            status: state,
            itemCount: counters?.items ?? 0,
            sizeBytes: counters?.bytes ?? 0,
          };
        }),
      } satisfies TableStatistics;
    },

    get: find,
    getMany: (keys, bytesMax = Number.POSITIVE_INFINITY) =>
      views.snapshot(() => {
        let bytes = 0;
        return keys.map(({ tableId, key }) => {
          if (bytes > bytesMax) return undefined;
          const found = find(tableId, key);
          bytes += found?.size ?? 0;
          return found;
        });
      }),
    query: pages.query,
    scan: pages.scan,
    write: writer.write,
    writeMany: writer.writeMany,
    transact: writer.transact,

    streams: streams.streams,
    stream: streams.stream,
    streamPosition: streams.streamPosition,
    readStream: streams.readStream,
    watchStreams: watch.watch,

    createBackup: backups.createBackup,
    backup: backups.backup,
    backups: backups.backups,
    restoreBackup: backups.restoreBackup,
    deleteBackup: backups.deleteBackup,

    get failure() {
      return host.failure;
    },
    settle: () => housekeeper.settle(),
    close: parts.shutDown,
  };
}

function idOf({ shape }: { readonly shape: { readonly definition: TableDefinition } }): ResourceId {
  return shape.definition.tableId;
}

function storedItem({ item, bytes }: ItemRow): StoredItem {
  return { text: item, size: bytes, parse: () => JSON.parse(item) as Item };
}
