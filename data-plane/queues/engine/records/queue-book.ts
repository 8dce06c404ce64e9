/** The queues themselves: settings and exact counts, in memory while they are used, on disk with every commit that changes them. */

import type { ResourceId } from "#contracts";
import type { Database } from "#foundation/sql";
import type { QueueSettings } from "../port.ts";

export const READY = 0;
export const DELAYED = 1;
export const IN_FLIGHT = 2;
/** Where a message stands: `READY`, `DELAYED`, `IN_FLIGHT`. */
export type MessageState = typeof READY | typeof DELAYED | typeof IN_FLIGHT;

export type QueueState = "open" | "marked" | "dropped";

/** One queue. Whoever changes `state` … `served` calls `touch`. */
export interface Queue {
  readonly key: number;
  readonly id: ResourceId;
  state: QueueState;
  settings: QueueSettings;
  store: number;
  visible: number;
  inFlight: number;
  delayed: number;
  /** The last place that was given to a message without a group. */
  tail: number;
  /** The furthest place that was taken. */
  served: number;
  /** No row of the schedule comes due before this. May be too early, never too late. */
  nextDue: number;
  /** No message was sent before this. May be too early, never too late. */
  oldestAt: number;
  dirty: boolean;
}

export interface QueueBook {
  /** The queue in whatever state, or undefined. */
  find(id: ResourceId): Queue | undefined;
  byKey(key: number): Queue | undefined;
  create(id: ResourceId, settings: QueueSettings, state: QueueState, store: number): Queue;
  touch(queue: Queue): void;
  /** Writes what was touched. Before the end of every batch. */
  flush(): void;
  /** Forgets memory, for example after a rollback. */
  forget(): void;
  /** Kept queues, without those that were dropped. */
  kept(): readonly {
    readonly id: ResourceId;
    readonly state: QueueState;
    readonly settings: string;
    readonly messages: number;
  }[];
  marked(): readonly ResourceId[];
}

/** Counts a message in (+1) or out (-1) of a state. */
export function count(queue: Queue, state: MessageState, change: 1 | -1): void {
  if (state === READY) queue.visible += change;
  else if (state === IN_FLIGHT) queue.inFlight += change;
  else queue.delayed += change;
}

/** Queues in memory, about 1 KiB each. The rest is read again when it is used. */
const QUEUES_HELD_MAX = 10_000;

interface QueueRow {
  readonly key: number;
  readonly id: ResourceId;
  readonly state: QueueState;
  readonly settings: string;
  readonly store: number;
  readonly visible: number;
  readonly in_flight: number;
  readonly delayed: number;
  readonly tail: number;
  readonly served: number;
}

export function openQueueBook(database: Database): QueueBook {
  const columns = "key, id, state, settings, store, visible, in_flight, delayed, tail, served";
  const selectById = database.prepare<QueueRow>(`SELECT ${columns} FROM queues WHERE id = ?1`);
  const selectByKey = database.prepare<QueueRow>(`SELECT ${columns} FROM queues WHERE key = ?1`);
  const insert = database.prepare("INSERT INTO queues (id, state, settings, store, name) VALUES (?1, ?2, ?3, ?4, ?5)");
  const update = database.prepare(
    `UPDATE queues SET state = ?2, settings = ?3, store = ?4, visible = ?5, in_flight = ?6, delayed = ?7, tail = ?8, served = ?9,
     name = ?10 WHERE key = ?1`,
  );
  const updateCounts = database.prepare(
    "UPDATE queues SET visible = ?2, in_flight = ?3, delayed = ?4, tail = ?5, served = ?6 WHERE key = ?1",
  );
  const selectKept = database.prepare<{ id: ResourceId; state: QueueState; settings: string; messages: number }>(
    "SELECT id, state, settings, visible + in_flight + delayed AS messages FROM queues WHERE state <> 'dropped' ORDER BY key",
  );
  const selectMarked = database.prepare<{ id: ResourceId }>(
    "SELECT id FROM queues WHERE state = 'marked' ORDER BY key",
  );

  const byId = new Map<ResourceId, Queue>();
  const byKey = new Map<number, Queue>();
  /** As last written, to tell changed settings from changed counts. */
  const written = new WeakMap<Queue, { state: QueueState; settings: QueueSettings; store: number }>();
  let dirty: Queue[] = [];

  const hold = (queue: Queue): Queue => {
    byId.set(queue.id, queue);
    byKey.set(queue.key, queue);
    written.set(queue, { state: queue.state, settings: queue.settings, store: queue.store });
    return queue;
  };
  const load = (row: QueueRow | undefined): Queue | undefined => {
    if (row === undefined) return undefined;
    return hold({
      key: row.key,
      id: row.id,
      state: row.state,
      // Written by `write` below.
      settings: JSON.parse(row.settings) as QueueSettings,
      store: row.store,
      visible: row.visible,
      inFlight: row.in_flight,
      delayed: row.delayed,
      tail: row.tail,
      served: row.served,
      nextDue: 0,
      oldestAt: 0,
      dirty: false,
    });
  };
  const write = (queue: Queue): void => {
    const { key, state, settings, store, visible, inFlight, delayed, tail, served } = queue;
    const before = written.get(queue);
    if (before?.state === state && before.settings === settings && before.store === store) {
      updateCounts.run(key, visible, inFlight, delayed, tail, served);
      return;
    }
    const { name = null } = settings;
    update.run(key, state, JSON.stringify(settings), store, visible, inFlight, delayed, tail, served, name);
    written.set(queue, { state, settings, store });
  };

  const book: QueueBook = {
    find: (id) => byId.get(id) ?? load(selectById.get(id)),
    byKey: (key) => byKey.get(key) ?? load(selectByKey.get(key)),
    create(id, settings, state, store) {
      insert.run(id, state, JSON.stringify(settings), store, settings.name ?? null);
      return load(selectById.get(id))!;
    },
    touch(queue) {
      if (queue.dirty) return;
      queue.dirty = true;
      dirty.push(queue);
    },
    flush() {
      for (const queue of dirty) {
        queue.dirty = false;
        write(queue);
      }
      dirty = [];
      if (byId.size > QUEUES_HELD_MAX) book.forget();
    },
    forget() {
      byId.clear();
      byKey.clear();
      dirty = [];
    },
    kept: () => selectKept.all(),
    marked: () => selectMarked.all().map((row) => row.id),
  };
  return book;
}
