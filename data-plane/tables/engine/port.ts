/**
 * The port between the DynamoDB operations and whatever keeps the items: tables, their indexes, streams, expiry.
 *
 * Engines know nothing of HTTP, requests, signatures or policies. They own order and durability: a promise that resolves for a write means that the write survives
 * `kill -9` and power loss. What comes in is valid by DynamoDB's rules: keys have the table's types, items and values are in the canonical form that
 * `normalizeItem` gives, sizes are within limits unless said otherwise. Times are milliseconds since the epoch, sizes are bytes as DynamoDB counts them (`itemSize`).
 */
import type { AccountId, Region, ResourceId } from "#contracts";
import type { Condition, Update } from "#data-plane/tables/expressions";
import type { AttributeValue, Item, ScalarKeyType } from "#data-plane/tables/values";
import type { StreamDescription, StreamPage, StreamPosition, StreamReference, StreamViewType } from "./stream-port.ts";

export * from "./stream-port.ts";

// ---------------------------------------------------------------------------------------------------------------------------------------- definitions

/** One attribute of a key. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: ScalarKeyType;
}

/** A key. Tables have one hash attribute and at most one range attribute; global indexes up to four of each. */
export interface KeyDefinition {
  readonly hash: readonly KeyAttribute[];
  readonly range: readonly KeyAttribute[];
}

/** What an index shows of an item besides the keys of the index and of the table. */
export type IndexProjection =
  | { readonly type: "ALL" }
  | { readonly type: "KEYS_ONLY" }
  | { readonly type: "INCLUDE"; readonly attributes: readonly string[] };

export interface IndexDefinition {
  readonly name: string;
  /** Local indexes repeat the table's hash attribute. */
  readonly keys: KeyDefinition;
  readonly projection: IndexProjection;
}

export interface GlobalIndexDefinition extends IndexDefinition {
  /** Tells apart two indexes that had the same name one after the other. */
  readonly indexId: string;
}

export interface StreamDefinition {
  /** The part of the stream's ARN behind `/stream/`; unique within the table. */
  readonly label: string;
  readonly viewType: StreamViewType;
}

/** Everything the engine has to know about a table; see `tableDefinition` for how it follows from a table's record. */
export interface TableDefinition {
  readonly tableId: ResourceId;
  /** Of the table's record. `ensure` with an older revision than the last one changes nothing, so that a late request undoes nothing. */
  readonly revision: number;
  readonly accountId: AccountId;
  readonly region: Region;
  readonly name: string;
  readonly keys: KeyDefinition;
  readonly localIndexes: readonly IndexDefinition[];
  readonly globalIndexes: readonly GlobalIndexDefinition[];
  readonly stream?: StreamDefinition;
  /** The attribute that says when an item expires: a number, seconds since the epoch. */
  readonly timeToLive?: { readonly attribute: string };
}

/** The state of one index. `removing`: no longer in the definition, its entries are being removed. */
export interface IndexState {
  readonly name: string;
  /** Absent for local indexes. */
  readonly indexId?: string;
  /** `building`: being filled with the items that the table already had; it cannot be read yet. */
  readonly status: "building" | "active" | "removing";
  readonly itemCount: number;
  /** Of the projected items. */
  readonly sizeBytes: number;
}

/** Exact, as of the last commit. */
export interface TableStatistics {
  readonly itemCount: number;
  readonly sizeBytes: number;
  readonly indexes: readonly IndexState[];
}

// ------------------------------------------------------------------------------------------------------------------------------------------------ reads

/** An item as it is stored: JSON text in the wire form of the API. */
export interface StoredItem {
  /** Can be placed into an answer as it is. */
  readonly text: string;
  readonly size: number;
  /** `JSON.parse(text)`. A fresh object each time. */
  readonly parse: () => Item;
}

/** A condition on one attribute of the range key. `=` for all but the last attribute of a multi-attribute key. */
export interface RangeCondition {
  readonly op: "=" | "<" | "<=" | ">" | ">=" | "BETWEEN" | "begins_with";
  /** Two for `BETWEEN` (lower, upper), one for the others; of the attribute's type. */
  readonly values: readonly AttributeValue[];
}

/** What Query and Scan have in common. */
export interface PageRequest {
  readonly tableId: ResourceId;
  /** Name of the index to read instead of the table. */
  readonly index?: string;
  /**
   * Goes on behind this key: the table's key attributes and, for an index, those of the index. The item need not exist (any more). The caller has checked names and
   * types; see `InvalidStartKey`.
   */
  readonly start?: Item;
  /** Most items to examine, 1 or more. Absent: only the size of a page limits. */
  readonly limit?: number;
  /** Items for which it answers false are examined (and counted) but not returned. Sees what the index projects. Must not keep or change the item. */
  readonly filter?: (item: Item) => boolean;
  /** For local indexes: whole items instead of what the index projects. The additional reads are counted in `fetchedSizes`. */
  readonly wholeItems?: boolean;
  /** Only count; `items` stays empty. */
  readonly countOnly?: boolean;
}

export interface QueryRequest extends PageRequest {
  /** One value for each hash attribute. */
  readonly hash: readonly AttributeValue[];
  /** From the first range attribute on; see `RangeCondition`. */
  readonly range?: readonly RangeCondition[];
  /** Descending order of the range key. */
  readonly backward?: boolean;
}

export interface ScanRequest extends PageRequest {
  /** One of `total` disjoint parts that together are everything. An item is always in the same part for the same total, whatever is written meanwhile. */
  readonly segment?: { readonly index: number; readonly total: number };
}

/** One page: at most 1 MiB of examined items (the item that crosses the limit is the last one). */
export interface Page {
  readonly items: readonly PageItem[];
  /** Items that passed the filter: `items.length`, or what it would be without `countOnly`. */
  readonly count: number;
  /** Items examined. */
  readonly scannedCount: number;
  /** Of all examined items, as the index projects them. */
  readonly scannedBytes: number;
  /** Sizes of the whole items that were fetched from the table for `wholeItems`, one for each examined item; empty otherwise. */
  readonly fetchedSizes: readonly number[];
  /** Where to go on: key attributes of the last examined item (of table and index). Absent when the end was reached; there may be nothing behind it all the same. */
  readonly lastKey?: Item;
}

/** An item of a page. `item` is there when the text had to be parsed anyway (there was a filter); it is the caller's. */
export interface PageItem {
  readonly text: string;
  readonly item?: Item;
}

// ----------------------------------------------------------------------------------------------------------------------------------------------- writes

/** What is to be done to one item. */
export type ItemAction =
  | { readonly kind: "put"; readonly item: Item; readonly size?: number }
  | { readonly kind: "update"; readonly key: Item; readonly update: Update }
  | { readonly kind: "delete"; readonly key: Item };

/** What the caller wants to hear about a write. Each costs a little. */
export interface WriteWishes {
  /** The item before. */
  readonly old?: boolean;
  /** The item afterwards. For a put it is what was put. */
  readonly new?: boolean;
  /** When the condition fails: the item that it failed on. */
  readonly oldOnFailure?: boolean;
  /** Changes of each index (ReturnConsumedCapacity INDEXES and the total of tables with indexes). */
  readonly indexes?: boolean;
  /** The size of the item's collection (tables with local indexes). */
  readonly collection?: boolean;
}

export interface ItemWrite {
  readonly tableId: ResourceId;
  readonly action: ItemAction;
  /** Decided in the engine's order of writes, on the item as it is then. */
  readonly condition?: Condition;
  readonly wishes?: WriteWishes;
}

/** What one index had to write. Absent from the list where nothing changed in the index. */
export interface IndexChange {
  readonly name: string;
  /** Projected size of the entry that was removed or replaced, 0 when there was none. */
  readonly oldSize: number;
  /** Projected size of the entry that is there now, 0 when there is none. */
  readonly newSize: number;
  /** The entry moved: one deletion and one insertion, instead of one replacement. */
  readonly moved: boolean;
}

/** A write that was done. */
export interface WriteDone {
  readonly refused?: undefined;
  /** 0 when there was no item. */
  readonly oldSize: number;
  /** 0 when there is no item now. */
  readonly newSize: number;
  /** JSON texts, when wished and existing. */
  readonly old?: string;
  readonly new?: string;
  readonly indexes?: readonly IndexChange[];
  /** Of all items with the same hash key, in the table and its local indexes. */
  readonly collectionSize?: number;
}

/** A write that was not done, and changed nothing. */
export type WriteRefused =
  | {
      readonly refused: "ConditionFailed";
      /** When wished and existing. */
      readonly old?: string;
      /** Of the item that the condition was decided on; 0 when there is none. */
      readonly oldSize: number;
    }
  /** The update cannot be applied to this item, with DynamoDB's message (`TableValidation`). */
  | { readonly refused: "InvalidUpdate"; readonly message: string }
  /** The updated item would be larger than `ITEM_BYTES_MAX`. */
  | { readonly refused: "ItemTooLarge" }
  /** A key attribute of an index has another type than declared, or is an empty string or binary value, or is too long. */
  | {
      readonly refused: "IndexKeyInvalid";
      readonly index: string;
      readonly attribute: string;
      readonly expected: ScalarKeyType;
      /** The value's type as it is. */
      readonly actual: string;
      readonly problem: "type" | "empty" | "size";
    }
  /** The item collection would grow beyond 10 GB (tables with local indexes). */
  | { readonly refused: "CollectionTooLarge" };

export type WriteResult = WriteDone | WriteRefused;

/** One action of a transaction. A `check` only demands that its condition holds. */
export interface TransactAction {
  readonly tableId: ResourceId;
  readonly action: ItemAction | { readonly kind: "check"; readonly key: Item };
  readonly condition?: Condition;
  readonly wishes?: WriteWishes;
}

/** A token makes a transaction idempotent for ten minutes. */
export interface TransactToken {
  /** What the token is unique in, for example the account. */
  readonly scope: string;
  readonly token: string;
  /** A digest of the request; the same token with another digest is refused. */
  readonly digest: string;
}

export type TransactResult =
  | {
      readonly outcome: "done";
      /** One for each action, in order. A check's sizes are both that of the item. When `repeated`, without texts. */
      readonly results: readonly WriteDone[];
      /** The same transaction was done before, under this token; nothing was done now. */
      readonly repeated: boolean;
    }
  /** Nothing was done. One for each action, in order; undefined for those that were fine. */
  | { readonly outcome: "cancelled"; readonly reasons: readonly (WriteRefused | undefined)[] }
  | { readonly outcome: "tokenMismatch" };

// --------------------------------------------------------------------------------------------------------------------------------------------- failures

/**
 * What engines throw on purpose (`TableEngineError`). Refusals of single writes are results, not errors.
 */
export type TableEngineErrorCode =
  /** The table was never ensured, or was dropped. */
  | "NoSuchTable"
  /** The table is marked for deletion, or being filled from a backup; it takes no writes. */
  | "TableClosed"
  /** `ensure` of an id that was dropped. */
  | "TableDropped"
  /** `ensure` with other keys or local indexes than before: these never change. */
  | "DefinitionConflict"
  | "NoSuchIndex"
  /** The index is being built; it cannot be read yet. */
  | "IndexNotReady"
  /** `start` lies outside of what is read (another hash key, range condition or segment), or lacks a key attribute, or has a wrong type. */
  | "InvalidStartKey"
  | "NoSuchStream"
  | "NoSuchShard"
  /** Not a sequence number that this engine gives. */
  | "InvalidSequenceNumber"
  /** The position lies before the oldest record that is kept (TrimmedDataAccessException). */
  | "RecordsTrimmed"
  | "NoSuchBackup"
  | "BackupExists"
  /** The backup's items have other keys than the definition. */
  | "BackupMismatch"
  /** Too many writes wait; nothing was done. Retryable. */
  | "Overloaded"
  /** The disk is full; nothing was done. */
  | "InsufficientStorage"
  /** The storage failed, or the engine was closed: what was in flight may or may not have been kept. */
  | "EngineFailed";

// ----------------------------------------------------------------------------------------------------------------------------------------------- engine

export interface BackupDescription {
  readonly backupId: string;
  readonly tableId: ResourceId;
  readonly definition: TableDefinition;
  readonly createdAt: number;
  readonly itemCount: number;
  readonly sizeBytes: number;
  /** As it was given to `createBackup`. */
  readonly note: string;
}

/** One engine holds all tables of one data plane. */
export interface TableEngine {
  /**
   * Makes the table be as defined: creates it, starts building indexes that are new (their status is `building` until done, also over restarts), starts removing those that are gone,
   * begins or ends the stream, follows the time-to-live attribute. Durable when it resolves. Cheap when nothing changed; keep the promise per record all the same.
   * @throws TableEngineError TableDropped, DefinitionConflict
   */
  ensure(definition: TableDefinition): Promise<void>;
  /** Whether `ensure` with this very definition has been done in the life of this engine, so that it need not be awaited. */
  isEnsured(definition: TableDefinition): boolean;

  /** No more writes: the durable mark before the control plane is asked to delete the table. Reads go on. */
  beginDelete(tableId: ResourceId): Promise<void>;
  /** Takes {@link beginDelete} back, when the control plane did not delete the table. */
  abandonDelete(tableId: ResourceId): Promise<void>;
  /** Forgets the table for good, whether it was marked or not. Its rows are removed in the background; its streams stay readable for a day. */
  drop(tableId: ResourceId): Promise<void>;
  /** Tables that are marked and neither taken back nor dropped. */
  marked(): readonly ResourceId[];
  /** All tables that are not dropped. */
  tables(): readonly ResourceId[];

  /** @throws TableEngineError NoSuchTable */
  statistics(tableId: ResourceId): TableStatistics;

  /**
   * The item with these key attributes. Sees every write that was acknowledged before.
   * @throws TableEngineError NoSuchTable
   */
  get(tableId: ResourceId, key: Item): StoredItem | undefined;
  /**
   * Several items as they were at one moment.
   *
   * @param bytesMax nothing more is read once the items are larger together: those behind are undefined
   */
  getMany(
    keys: readonly { readonly tableId: ResourceId; readonly key: Item }[],
    bytesMax?: number,
  ): readonly (StoredItem | undefined)[];
  /** Items of one hash key in the order of the range key. @throws TableEngineError NoSuchTable, NoSuchIndex, IndexNotReady, InvalidStartKey */
  query(request: QueryRequest): Promise<Page>;
  /** All items, in an order that is stable and spread by hash. @throws as `query` */
  scan(request: ScanRequest): Promise<Page>;

  /**
   * One write. Resolves when it is durable (or refused).
   * @throws TableEngineError NoSuchTable, TableClosed, Overloaded, InsufficientStorage, EngineFailed
   */
  write(write: ItemWrite): Promise<WriteResult>;
  /** Several independent writes (BatchWriteItem). One result for each, in order. */
  writeMany(writes: readonly ItemWrite[]): Promise<readonly WriteResult[]>;
  /** All or nothing, isolated from all other writes and from `getMany`. No two actions on the same item. */
  transact(actions: readonly TransactAction[], token?: TransactToken): Promise<TransactResult>;

  /** Streams of an account in a region, of one table when named, oldest first. Includes those of dropped tables while their records are kept. */
  streams(place: {
    readonly accountId: AccountId;
    readonly region: Region;
    readonly tableName?: string;
  }): readonly StreamDescription[];
  stream(reference: StreamReference): StreamDescription | undefined;
  /** Turns a position into one that stays: LATEST becomes the last record of now. @throws TableEngineError NoSuchStream, NoSuchShard, RecordsTrimmed */
  streamPosition(reference: StreamReference, shardId: string, position: StreamPosition): StreamPosition;
  /** At most `limit` records (1 … 1000) and about 1 MiB. @throws as `streamPosition` */
  readStream(reference: StreamReference, shardId: string, position: StreamPosition, limit: number): StreamPage;
  /** Calls back after commits that added records to a stream, at most once per commit and stream. Returns how to stop. */
  watchStreams(listener: (reference: StreamReference) => void): () => void;

  /**
   * A consistent copy of all items of the table, as of one moment during the call.
   * @param note kept with the backup and given back, for what the caller wants to know of it later
   * @throws TableEngineError NoSuchTable, BackupExists
   */
  createBackup(tableId: ResourceId, backupId: string, note?: string): Promise<BackupDescription>;
  backup(backupId: string): BackupDescription | undefined;
  backups(): readonly BackupDescription[];
  /** Fills a new table from a backup. Resolves when all items are there. The table takes no writes meanwhile. @throws TableEngineError NoSuchBackup, BackupMismatch */
  restoreBackup(backupId: string, definition: TableDefinition): Promise<void>;
  deleteBackup(backupId: string): Promise<void>;

  /** Why no write is taken any more (the storage failed), for readiness checks. A restart is needed. */
  readonly failure: Error | undefined;
  /** Stops timers, answers what was accepted, closes the files. */
  close(): Promise<void>;
}

/** Most bytes of an item, names included: 400 KB (DynamoDB Developer Guide, Quotas). */
export const ITEM_BYTES_MAX = 400 * 1024;
/** Most bytes of a page of Query and Scan. */
export const PAGE_BYTES_MAX = 1024 * 1024;
