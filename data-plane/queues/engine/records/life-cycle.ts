/** Queues come, change and go. */

import type { ResourceId } from "#contracts";
import type { QueueSettings } from "../port.ts";
import type { Answer, Ask, Refusal } from "./commands.ts";
import type { Queue } from "./queue-book.ts";
import type { BatchContext, RecordContext } from "./record-context.ts";

export interface LifeCycle {
  ensure(ask: Ask<"ensure">): true | Refusal;
  beginDelete(ask: Ask<"beginDelete">): true | Refusal;
  abandonDelete(ask: Ask<"abandonDelete">): true;
  drop(batch: BatchContext, ask: Ask<"drop">): true;
  purge(batch: BatchContext, ask: Ask<"purge">): true | Refusal;
  lastDeletion(batch: BatchContext, ask: Ask<"lastDeletion">): number | null;
  queues(): Answer<"queues">;
}

/** What a tombstone has for settings. */
const NOTHING = { fifo: false, visibilityMs: 0, delayMs: 0, retentionMs: 0 };

export function createLifeCycle({ database, queues, stores }: RecordContext): LifeCycle {
  const insertGarbage = database.prepare("INSERT INTO garbage (store) VALUES (?1)");
  const selectPurge = database.prepare<{ at: number | null }>("SELECT purged_at AS at FROM queues WHERE key = ?1");
  const notePurge = database.prepare("UPDATE queues SET purged_at = ?2 WHERE key = ?1");
  const noteDrop = database.prepare("UPDATE queues SET dropped_at = ?2 WHERE key = ?1");
  const selectLatest = database.prepare<{ state: string; at: number | null }>(
    "SELECT state, dropped_at AS at FROM queues WHERE name = +?1 ORDER BY key DESC LIMIT 1",
  );

  /** Everything in the queue is gone; its rows are swept later. */
  const renewStore = (queue: Queue): void => {
    insertGarbage.run(queue.store);
    queue.store = stores.next();
    queue.visible = 0;
    queue.inFlight = 0;
    queue.delayed = 0;
    queue.nextDue = Number.POSITIVE_INFINITY;
    queue.oldestAt = Number.POSITIVE_INFINITY;
    queues.touch(queue);
  };
  const setState = (queue: Queue, state: Queue["state"]): void => {
    queue.state = state;
    queues.touch(queue);
  };

  return {
    ensure({ settings }) {
      const queue = queues.find(settings.queueId);
      if (queue === undefined) {
        queues.create(settings.queueId, settings, "open", stores.next());
        return true;
      }
      if (queue.state === "dropped") return { refused: "NoSuchQueue" };
      if (queue.settings.fifo !== settings.fifo) return { refused: "OtherKind" };
      if (sameSettings(queue.settings, settings)) return true;
      queue.settings = settings;
      queues.touch(queue);
      return true;
    },
    beginDelete({ queue: id }) {
      const queue = queues.find(id);
      if (queue === undefined || queue.state === "dropped") return { refused: "NoSuchQueue" };
      setState(queue, "marked");
      return true;
    },
    abandonDelete({ queue: id }) {
      const queue = queues.find(id);
      if (queue?.state === "marked") setState(queue, "open");
      return true;
    },
    drop({ now }, { queue: id }) {
      const queue = queues.find(id);
      if (queue === undefined) {
        queues.create(id, { queueId: id, ...NOTHING }, "dropped", stores.next());
      } else if (queue.state !== "dropped") {
        renewStore(queue);
        const { fifo, name } = queue.settings;
        queue.settings = { queueId: id, ...NOTHING, fifo, name };
        setState(queue, "dropped");
        noteDrop.run(queue.key, now);
      }
      return true;
    },
    purge({ now }, { queue: id, intervalMs = 0 }) {
      const queue = queues.find(id);
      if (queue?.state !== "open") return { refused: "NoSuchQueue" };
      const before = selectPurge.get(queue.key)?.at ?? Number.NEGATIVE_INFINITY;
      if (now < before + intervalMs) return { refused: "PurgedRecently" };
      renewStore(queue);
      notePurge.run(queue.key, now);
      return true;
    },
    lastDeletion({ now }, { name }) {
      const latest = selectLatest.get(name);
      // One that is marked may be gone already: nobody has said yet.
      if (latest?.state === "marked") return now;
      return latest?.state === "dropped" ? latest.at : null;
    },
    queues: () =>
      queues.kept().map((row) => ({
        queueId: row.id as ResourceId,
        marked: row.state === "marked",
        fifo: (JSON.parse(row.settings) as QueueSettings).fifo,
        messages: row.messages,
      })),
  };
}

function sameSettings(one: QueueSettings, other: QueueSettings): boolean {
  return (
    one.visibilityMs === other.visibilityMs &&
    one.delayMs === other.delayMs &&
    one.retentionMs === other.retentionMs &&
    one.deduplicationScope === other.deduplicationScope &&
    one.name === other.name &&
    one.redrive?.deadLetterQueueId === other.redrive?.deadLetterQueueId &&
    one.redrive?.maxReceiveCount === other.redrive?.maxReceiveCount
  );
}
