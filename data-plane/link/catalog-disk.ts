/** The catalog and its cursor on disk: one SQLite file, one transaction per message of the change stream. */
import type { CatalogChange, CatalogKind, CatalogRecord, ControlPlaneId, DataPlaneId, EventId } from "#contracts";
import { assert } from "#foundation/errors";
import { type Database, type Migration, migrate, openDatabase } from "#foundation/sql";
import { keyOfRecord } from "./catalog-key.ts";
import type { CatalogPosition } from "./machine-types.ts";

const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "catalog",
    sql: `
      CREATE TABLE identity (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        data_plane_id TEXT NOT NULL
      ) STRICT;
      CREATE TABLE position (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        control_plane_id TEXT NOT NULL,
        cursor INTEGER NOT NULL,
        wants TEXT NOT NULL
      ) STRICT;
      CREATE TABLE records (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (kind, key)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 2,
    name: "run of the control plane",
    sql: "ALTER TABLE position ADD COLUMN run TEXT;",
  },
  {
    version: 3,
    name: "users are IAM entities",
    // A data plane that starts with this version while its control plane is away goes on knowing its users.
    sql: `
      INSERT INTO records (kind, key, record)
        SELECT kind, json_extract(record, '$.userId'), json_object(
          'kind', 'user',
          'entityId', json_extract(record, '$.userId'),
          'accountId', json_extract(record, '$.accountId'),
          'name', json_extract(record, '$.userName'),
          'path', json_extract(record, '$.path'),
          'createdAt', json_extract(record, '$.createdAt'),
          'modifiedAt', json_extract(record, '$.createdAt'),
          'revision', 1,
          'sections', json_object('inlinePolicies', json_extract(record, '$.inlinePolicies'))
        )
        FROM records WHERE kind = 'user';
      DELETE FROM records WHERE kind = 'user' AND json_extract(record, '$.userName') IS NOT NULL;
    `,
  },
];

/** Where the catalog stands after a change. */
type Place = Pick<CatalogPosition, "controlPlaneId" | "cursor" | "run">;

/** Each method is durable when it returns and changes nothing when it throws. */
export interface CatalogDisk {
  readonly dataPlaneId: DataPlaneId;
  /** Undefined before the first snapshot. `resumable` is false when the kinds wanted now differ from those it was built for. */
  readonly position: CatalogPosition | undefined;
  records(): IterableIterator<CatalogRecord>;
  apply(place: Place, changes: readonly CatalogChange[]): void;
  replace(place: Place, records: Iterable<CatalogRecord>): void;
  close(): void;
}

/**
 * @param newDataPlaneId chooses the identity at the first start; later ones read it from the disk
 * @throws SqlError as `openDatabase` and `migrate` do
 */
export function openCatalogDisk(options: {
  readonly path: string;
  readonly wants: readonly CatalogKind[];
  readonly newDataPlaneId: () => DataPlaneId;
}): CatalogDisk {
  const database = openDatabase({ path: options.path });
  try {
    migrate(database, MIGRATIONS);
    return catalogDiskOf(database, [...options.wants].sort().join(" "), options.newDataPlaneId);
  } catch (error) {
    database.close();
    throw error;
  }
}

function catalogDiskOf(database: Database, wants: string, newDataPlaneId: () => DataPlaneId): CatalogDisk {
  const putRecord = database.prepare(
    "INSERT INTO records (kind, key, record) VALUES (?1, ?2, ?3) ON CONFLICT (kind, key) DO UPDATE SET record = excluded.record",
  );
  const deleteRecord = database.prepare("DELETE FROM records WHERE kind = ?1 AND key = ?2");
  const putPosition = database.prepare(
    `INSERT INTO position (only, control_plane_id, cursor, wants, run) VALUES (1, ?1, ?2, ?3, ?4)
     ON CONFLICT (only) DO UPDATE
       SET control_plane_id = excluded.control_plane_id, cursor = excluded.cursor, wants = excluded.wants, run = excluded.run`,
  );
  const readPosition = database.prepare<{
    control_plane_id: string;
    cursor: number;
    wants: string;
    run: string | null;
  }>("SELECT control_plane_id, cursor, wants, run FROM position");
  return {
    dataPlaneId: identityOf(database, newDataPlaneId),
    get position() {
      const row = readPosition.get();
      if (row === undefined) return undefined;
      return {
        controlPlaneId: row.control_plane_id as ControlPlaneId,
        cursor: row.cursor as EventId,
        run: row.run ?? undefined,
        resumable: row.wants === wants,
      };
    },
    *records() {
      for (const row of database.iterate<{ record: string }>("SELECT record FROM records ORDER BY kind, key")) {
        yield JSON.parse(row.record) as CatalogRecord;
      }
    },
    apply({ controlPlaneId, cursor, run }, changes) {
      database.transaction(() => {
        const before = readPosition.get();
        assert(
          before?.control_plane_id === controlPlaneId && before.cursor < cursor,
          "changes go on top of an older state of the same control plane",
        );
        for (const change of changes) {
          if (change.change === "delete") deleteRecord.run(change.kind, change.key);
          else putRecord.run(change.record.kind, keyOfRecord(change.record), JSON.stringify(change.record));
        }
        putPosition.run(controlPlaneId, cursor, wants, run ?? null);
      });
    },
    replace({ controlPlaneId, cursor, run }, records) {
      database.transaction(() => {
        database.prepare("DELETE FROM records").run();
        for (const record of records) putRecord.run(record.kind, keyOfRecord(record), JSON.stringify(record));
        putPosition.run(controlPlaneId, cursor, wants, run ?? null);
      });
    },
    close: () => database.close(),
  };
}

function identityOf(database: Database, newDataPlaneId: () => DataPlaneId): DataPlaneId {
  return database.transaction(() => {
    const row = database.prepare<{ data_plane_id: string }>("SELECT data_plane_id FROM identity").get();
    if (row !== undefined) return row.data_plane_id as DataPlaneId;
    const chosen = newDataPlaneId();
    database.prepare("INSERT INTO identity (only, data_plane_id) VALUES (1, ?1)").run(chosen);
    return chosen;
  });
}
