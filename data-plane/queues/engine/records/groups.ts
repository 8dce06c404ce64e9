/** Message groups of FIFO queues: a group with messages in flight is locked, and of an unlocked one the first message is ready. */

import type { Database } from "#foundation/sql";
import { type Queue, READY } from "./queue-book.ts";

export interface Groups {
  /** Makes the first message of the group ready, unless the group is locked, empty, or its first message is delayed. Idempotent. */
  offer(queue: Queue, groupId: string): void;
  /** `held` messages of an unlocked group are in flight from now on. */
  lock(queue: Queue, groupId: string, held: number): void;
  /** One message of the group is not in flight any more; the last one unlocks and offers it. */
  release(queue: Queue, groupId: string): void;
}

interface HeadRow {
  readonly seq: number;
  readonly place: number;
  readonly delayed_until: number | null;
}

export function createGroups(database: Database): Groups {
  const selectHeld = database.prepare<{ held: number }>("SELECT held FROM locks WHERE store = ?1 AND group_id = ?2");
  const insertLock = database.prepare("INSERT INTO locks (store, group_id, held) VALUES (?1, ?2, ?3)");
  const updateLock = database.prepare("UPDATE locks SET held = ?3 WHERE store = ?1 AND group_id = ?2");
  const deleteLock = database.prepare("DELETE FROM locks WHERE store = ?1 AND group_id = ?2");
  const selectHead = database.prepare<HeadRow>(
    `SELECT seq, place, delayed_until FROM messages INDEXED BY messages_by_group
     WHERE store = +?1 AND group_id = +?2 ORDER BY seq LIMIT 1`,
  );
  const isScheduled = database.prepare<{ found: number }>(
    "SELECT 1 AS found FROM schedule WHERE store = ?1 AND due = ?2 AND place = ?3 AND seq = ?4",
  );
  const insertReady = database.prepare(
    `INSERT OR IGNORE INTO schedule (store, due, place, seq, state) VALUES (?1, 0, ?2, ?3, ${READY})`,
  );

  const offerUnlocked = ({ store }: Queue, groupId: string): void => {
    const head = selectHead.get(store, groupId);
    if (head === undefined) return;
    const { place, seq, delayed_until: due } = head;
    if (due !== null && isScheduled.get(store, due, place, seq) !== undefined) return;
    insertReady.run(store, place, seq);
  };

  return {
    offer(queue, groupId) {
      if (selectHeld.get(queue.store, groupId) === undefined) offerUnlocked(queue, groupId);
    },
    lock(queue, groupId, held) {
      insertLock.run(queue.store, groupId, held);
    },
    release(queue, groupId) {
      const held = selectHeld.get(queue.store, groupId)?.held ?? 0;
      if (held > 1) {
        updateLock.run(queue.store, groupId, held - 1);
        return;
      }
      deleteLock.run(queue.store, groupId);
      offerUnlocked(queue, groupId);
    },
  };
}
