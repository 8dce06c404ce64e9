/** Streams: what there is, and their records. */
import type { AccountId, Region, ResourceId } from "#contracts";
import type { Database } from "#foundation/sql";
import { eventIdText, parseSequence, sequenceText, shardIdText } from "../model/sequence-numbers.ts";
import type {
  KeyDefinition,
  StreamDescription,
  StreamPage,
  StreamPosition,
  StreamRecord,
  StreamReference,
  StreamShard,
  StreamViewType,
  TableEngine,
} from "../port.ts";
import { recordsTable } from "../records/schema.ts";
import { TableEngineError } from "../table-engine-error.ts";

/** Bytes of the records of one page, besides its last record. */
const PAGE_BYTES_MAX = 1024 * 1024;

export type StreamReader = Pick<TableEngine, "streams" | "stream" | "streamPosition" | "readStream"> & {
  /** Which stream has this number. */
  referenceOf(stream: number): StreamReference | undefined;
  /** The stream is no more. */
  forget(stream: number): void;
};

interface StreamRow {
  readonly number: number;
  readonly table_id: ResourceId;
  readonly account_id: AccountId;
  readonly region: Region;
  readonly table_name: string;
  readonly label: string;
  readonly view_type: StreamViewType;
  readonly keys: string;
  readonly created_at: number;
  readonly ended_at: number | null;
}

interface ShardRow {
  readonly ordinal: number;
  readonly started_at: number;
  readonly behind: number;
  readonly last: number | null;
  readonly trimmed: number;
}

interface RecordRow {
  readonly sequence: number;
  readonly created_at: number;
  readonly event: StreamRecord["eventName"];
  readonly expired: number;
  readonly bytes: number;
  readonly keys: string;
  readonly old_image: string | null;
  readonly new_image: string | null;
}

/** A shard and how far it goes. */
interface OpenShard {
  readonly stream: StreamRow;
  readonly shard: ShardRow;
}

const COLUMNS = "number, table_id, account_id, region, table_name, label, view_type, keys, created_at, ended_at";

export function createStreamReader(database: Database): StreamReader {
  const byPlace = database.prepare<StreamRow>(
    `SELECT ${COLUMNS} FROM streams WHERE account_id = ?1 AND region = ?2 ORDER BY number`,
  );
  const byName = database.prepare<StreamRow>(
    `SELECT ${COLUMNS} FROM streams WHERE account_id = ?1 AND region = ?2 AND table_name = ?3 ORDER BY number`,
  );
  const byLabel = database.prepare<StreamRow>(`SELECT ${COLUMNS} FROM streams WHERE table_id = ?1 AND label = ?2`);
  const byNumber = database.prepare<StreamRow>(`SELECT ${COLUMNS} FROM streams WHERE number = ?1`);
  const shardsOf = database.prepare<ShardRow>(
    "SELECT ordinal, started_at, behind, last, trimmed FROM shards WHERE stream_number = ?1 ORDER BY ordinal",
  );

  const lastOf = ({ stream, shard }: OpenShard): number => {
    if (shard.last !== null) return shard.last;
    // Trimming may have removed every record.
    const newest = database
      .prepare<{ last: number | null }>(`SELECT max(sequence) AS last FROM ${recordsTable(stream.number)}`)
      .get();
    return Math.max(newest?.last ?? 0, shard.behind, shard.trimmed);
  };
  const describe = (stream: StreamRow): StreamDescription => ({
    tableId: stream.table_id,
    accountId: stream.account_id,
    region: stream.region,
    tableName: stream.table_name,
    label: stream.label,
    viewType: stream.view_type,
    keys: JSON.parse(stream.keys) as KeyDefinition,
    status: stream.ended_at === null ? "ENABLED" : "DISABLED",
    createdAt: stream.created_at,
    shards: shardsOf.all(stream.number).map((shard, at, all) => describeShard(stream, shard, all[at - 1])),
  });
  const find = ({ tableId, label }: StreamReference, shardId: string): OpenShard => {
    const stream = byLabel.get(tableId, label);
    if (stream === undefined) throw new TableEngineError("NoSuchStream");
    const shard = shardsOf.all(stream.number).find((one) => shardIdOf(stream, one) === shardId);
    if (shard === undefined) throw new TableEngineError("NoSuchShard");
    return { stream, shard };
  };
  /** The sequence number behind which the position is. */
  const placeOf = (open: OpenShard, position: StreamPosition): number => {
    const { trimmed } = open.shard;
    switch (position.from) {
      case "TRIM_HORIZON":
        return trimmed;
      case "LATEST":
        return lastOf(open);
      case "AT_SEQUENCE_NUMBER":
      case "AFTER_SEQUENCE_NUMBER": {
        const sequence = parseSequence(position.sequenceNumber);
        if (sequence === undefined) throw new TableEngineError("InvalidSequenceNumber");
        const place = position.from === "AT_SEQUENCE_NUMBER" ? sequence - 1 : sequence;
        if (place < trimmed) throw new TableEngineError("RecordsTrimmed");
        return place;
      }
    }
  };

  return {
    streams({ accountId, region, tableName }) {
      const rows = tableName === undefined ? byPlace.all(accountId, region) : byName.all(accountId, region, tableName);
      return rows.map(describe);
    },
    stream({ tableId, label }) {
      const row = byLabel.get(tableId, label);
      return row === undefined ? undefined : describe(row);
    },
    referenceOf(number) {
      const row = byNumber.get(number);
      return row === undefined ? undefined : { tableId: row.table_id, label: row.label };
    },
    forget: (stream) => database.forgetStatements(recordsTable(stream)),
    streamPosition(reference, shardId, position) {
      const place = placeOf(find(reference, shardId), position);
      return position.from === "LATEST" ? behind(place) : position;
    },
    readStream: (reference, shardId, position, limit) =>
      database.transaction(() => {
        const open = find(reference, shardId);
        const place = placeOf(open, position);
        const until = lastOf(open);
        const rows = readRecords(database, open.stream.number, place, until, limit);
        const reached = rows.at(-1)?.sequence ?? place;
        const records = rows.map((row) => recordOf(open.stream, row));
        const isAtEnd = open.shard.last !== null && reached >= open.shard.last;
        return (isAtEnd ? { records } : { records, next: behind(reached) }) satisfies StreamPage;
      }),
  };
}

function readRecords(database: Database, stream: number, place: number, until: number, limit: number): RecordRow[] {
  const table = recordsTable(stream);
  const sizes = database
    .prepare<{ sequence: number; bytes: number }>(
      `SELECT sequence, bytes FROM ${table} WHERE sequence > +?1 AND sequence <= +?2 ORDER BY sequence LIMIT +?3`,
    )
    .all(place, until, limit);
  let bytes = 0;
  let last = place;
  for (const record of sizes) {
    last = record.sequence;
    bytes += record.bytes;
    if (bytes >= PAGE_BYTES_MAX) break;
  }
  return database
    .prepare<RecordRow>(
      `SELECT sequence, created_at, event, expired, bytes, keys, old_image, new_image FROM ${table}
       WHERE sequence > +?1 AND sequence <= +?2 ORDER BY sequence`,
    )
    .all(place, last);
}

function recordOf({ table_id }: StreamRow, row: RecordRow): StreamRecord {
  return {
    eventName: row.event,
    eventId: eventIdText(table_id, row.sequence),
    sequenceNumber: sequenceText(row.sequence),
    createdAt: row.created_at,
    keys: row.keys,
    ...(row.old_image === null ? {} : { oldImage: row.old_image }),
    ...(row.new_image === null ? {} : { newImage: row.new_image }),
    sizeBytes: row.bytes,
    expired: row.expired !== 0,
  };
}

function describeShard(stream: StreamRow, shard: ShardRow, parent: ShardRow | undefined): StreamShard {
  const first = shard.behind + 1;
  return {
    shardId: shardIdOf(stream, shard),
    ...(parent === undefined ? {} : { parentShardId: shardIdOf(stream, parent) }),
    startingSequenceNumber: sequenceText(first),
    ...(shard.last === null ? {} : { endingSequenceNumber: sequenceText(Math.max(first, shard.last)) }),
  };
}

function shardIdOf(stream: StreamRow, shard: ShardRow): string {
  return shardIdText(stream.number, shard.ordinal, shard.started_at);
}

function behind(sequence: number) {
  return { from: "AFTER_SEQUENCE_NUMBER", sequenceNumber: sequenceText(sequence) } as const;
}
