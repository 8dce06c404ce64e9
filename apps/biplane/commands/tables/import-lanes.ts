/**
 * Writes items in batches, several at once.
 *
 * Items with one key go through one lane, in their order: of two lines about the same item the later one counts, as if they had been put one by one.
 */
import { CodedError } from "#foundation/errors";
import { type JsonClient, pause } from "../../cli/json-client.ts";
import type { WireItem } from "./plain-items.ts";

const LANES = 16;
/** What BatchWriteItem takes (DynamoDB API Reference). */
const BATCH_ITEMS = 25;
/** A quarter of what a request may have. 16 lanes hold 64 MiB at most. */
const BATCH_BYTES = 4 * 1024 * 1024;

export interface ImportedItem {
  readonly item: WireItem;
  readonly line: number;
  readonly bytes: number;
}

export interface ImportListeners {
  /** @param bytes of the lines */
  readonly written: (items: number, bytes: number) => void;
  /** An item that the table does not take. Undefined: the first one ends the import. */
  readonly refused: ((item: ImportedItem, error: CodedError) => void) | undefined;
}

interface Lane {
  /** By key: what comes later replaces what waits. */
  waiting: Map<string, ImportedItem>;
  bytes: number;
  /** The batch that is under way. */
  busy: Promise<void>;
}

export class ImportLanes {
  readonly #client: JsonClient;
  readonly #table: string;
  readonly #keys: readonly string[];
  readonly #signal: AbortSignal;
  readonly #listeners: ImportListeners;
  readonly #lanes: readonly Lane[] = Array.from({ length: LANES }, () => ({
    waiting: new Map(),
    bytes: 0,
    busy: Promise.resolve(),
  }));
  #failure: unknown;
  written = 0;
  refused = 0;

  constructor(
    client: JsonClient,
    table: string,
    keys: readonly string[],
    signal: AbortSignal,
    listeners: ImportListeners,
  ) {
    this.#client = client;
    this.#table = table;
    this.#keys = keys;
    this.#signal = signal;
    this.#listeners = listeners;
  }

  /** Waits while the item's lane is full. @throws what a batch before failed with */
  async add(imported: ImportedItem): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const key = JSON.stringify(
      this.#keys.map((name) => (Object.hasOwn(imported.item, name) ? imported.item[name] : null)),
    );
    const lane = this.#lanes[Number(Bun.hash(key) % BigInt(LANES))]!;
    const replaced = lane.waiting.get(key);
    if (replaced !== undefined) this.#count(0, replaced.bytes);
    lane.waiting.set(key, imported);
    lane.bytes += imported.bytes;
    if (lane.waiting.size >= BATCH_ITEMS || lane.bytes >= BATCH_BYTES) await this.#send(lane);
  }

  /** Sends what waits, and waits for all. @throws what a batch failed with */
  async finish(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => this.#send(lane)));
    await Promise.all(this.#lanes.map((lane) => lane.busy));
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #send(lane: Lane): Promise<void> {
    await lane.busy;
    const batch = [...lane.waiting.values()];
    lane.waiting = new Map();
    lane.bytes = 0;
    if (batch.length === 0) return;
    lane.busy = this.#write(batch).catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  async #write(batch: readonly ImportedItem[]): Promise<void> {
    try {
      await this.#writeTogether(batch);
    } catch (error) {
      // One item that is not right makes the whole batch fail: which one, shows by putting them one by one.
      if (!(error instanceof CodedError) || error.status !== 400 || error.code === "ResourceNotFoundException")
        throw error;
      for (const imported of batch) await this.#writeAlone(imported);
      return;
    }
    this.#count(
      batch.length,
      batch.reduce((sum, { bytes }) => sum + bytes, 0),
    );
  }

  async #writeTogether(batch: readonly ImportedItem[]): Promise<void> {
    let requests: readonly object[] = batch.map(({ item }) => ({ PutRequest: { Item: item } }));
    for (let attempt = 1; requests.length > 0; attempt++) {
      const { UnprocessedItems: rest = {} } = await this.#client.call<{
        readonly UnprocessedItems?: Readonly<Record<string, readonly object[]>>;
      }>("BatchWriteItem", { RequestItems: { [this.#table]: requests } }, { signal: this.#signal });
      requests = rest[this.#table] ?? [];
      if (requests.length > 0) await pause(attempt, this.#signal);
      this.#signal.throwIfAborted();
    }
  }

  async #writeAlone(imported: ImportedItem): Promise<void> {
    try {
      await this.#client.call("PutItem", { TableName: this.#table, Item: imported.item }, { signal: this.#signal });
      this.#count(1, imported.bytes);
    } catch (error) {
      if (!(error instanceof CodedError) || error.status !== 400) throw error;
      const named = new CodedError(error.code, error, { message: `Line ${imported.line}: ${error.message}` });
      if (this.#listeners.refused === undefined) throw named;
      this.refused++;
      this.#listeners.refused(imported, named);
    }
  }

  #count(items: number, bytes: number): void {
    this.written += items;
    this.#listeners.written(items, bytes);
  }
}
