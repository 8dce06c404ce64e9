/**
 * Time passing: messages whose delay or visibility timeout is over become visible, messages beyond retention go.
 *
 * Nothing ticks for this. Whoever asks about a queue settles it first, so that every answer is exact at its moment, also after a restart. A piece is
 * bounded: when many come due at once, others are served between the pieces.
 */

import type { Departures, Standing } from "./departures.ts";
import type { Groups } from "./groups.ts";
import { count, IN_FLIGHT, type MessageState, type Queue, READY } from "./queue-book.ts";
import type { RecordContext } from "./record-context.ts";

/** Messages in one piece: at about 5 µs each, 1 ms. */
export const PIECE_MESSAGES = 200;
/** Bytes of bodies whose removal ends a piece early: their pages are walked through one by one. */
export const PIECE_BYTES = 4 * 1024 * 1024;

export interface Settling {
  /** Does one piece of what is due by `now`. @returns whether another waits */
  settle(queue: Queue, now: number): boolean;
}

interface DueRow {
  readonly due: number;
  readonly place: number;
  readonly seq: number;
  readonly state: MessageState;
}

interface OldRow extends Standing {
  readonly since: number;
  readonly bytes: number;
}

export function createSettling(context: RecordContext, groups: Groups, departures: Departures): Settling {
  const { database, queues } = context;
  const selectDue = database.prepare<DueRow>(
    `SELECT due, place, seq, state FROM schedule WHERE store = +?1 AND due > 0 AND due <= +?2 ORDER BY due, place, seq LIMIT ${PIECE_MESSAGES}`,
  );
  const selectNext = database.prepare<{ due: number }>(
    "SELECT due FROM schedule WHERE store = +?1 AND due > 0 ORDER BY due LIMIT 1",
  );
  const selectGroup = database.prepare<{ group_id: string }>("SELECT group_id FROM messages WHERE seq = ?1");
  const insertReady = database.prepare(
    `INSERT INTO schedule (store, due, place, seq, state) VALUES (?1, 0, ?2, ?3, ${READY})`,
  );
  const unschedule = database.prepare("DELETE FROM schedule WHERE store = ?1 AND due = ?2 AND place = ?3 AND seq = ?4");
  const selectOld = database.prepare<OldRow>(
    `SELECT m.seq, m.since, m.place, m.group_id, m.delayed_until, octet_length(m.body) AS bytes, r.due
     FROM messages m INDEXED BY messages_by_age LEFT JOIN receipts r ON r.seq = m.seq
     WHERE m.store = +?1 AND m.since <= +?2 ORDER BY m.since, m.seq LIMIT ${PIECE_MESSAGES}`,
  );
  const selectOldest = database.prepare<{ since: number }>(
    "SELECT since FROM messages INDEXED BY messages_by_age WHERE store = +?1 ORDER BY since LIMIT 1",
  );

  const promoteOne = (queue: Queue, { due, place, seq, state }: DueRow): void => {
    count(queue, state, -1);
    count(queue, READY, 1);
    unschedule.run(queue.store, due, place, seq);
    if (!queue.settings.fifo) {
      insertReady.run(queue.store, place, seq);
      return;
    }
    const groupId = selectGroup.get(seq)!.group_id;
    if (state === IN_FLIGHT) groups.release(queue, groupId);
    else groups.offer(queue, groupId);
  };
  const promoteDue = (queue: Queue, now: number): boolean => {
    const rows = selectDue.all(queue.store, now);
    for (const row of rows) promoteOne(queue, row);
    if (rows.length > 0) queues.touch(queue);
    const more = rows.length === PIECE_MESSAGES;
    queue.nextDue = more ? rows.at(-1)!.due : (selectNext.get(queue.store)?.due ?? Number.POSITIVE_INFINITY);
    return more;
  };
  const removeOld = (queue: Queue, now: number): boolean => {
    const rows = selectOld.all(queue.store, now - queue.settings.retentionMs);
    let bytes = 0;
    let done = 0;
    for (const row of rows) {
      if (bytes > PIECE_BYTES) break;
      departures.remove(queue, row);
      bytes += row.bytes;
      done++;
    }
    const more = done < rows.length || rows.length === PIECE_MESSAGES;
    queue.oldestAt = more ? rows[done - 1]!.since : (selectOldest.get(queue.store)?.since ?? Number.POSITIVE_INFINITY);
    return more;
  };

  return {
    settle(queue, now) {
      const moreOld = queue.oldestAt + queue.settings.retentionMs <= now && removeOld(queue, now);
      const moreDue = queue.nextDue <= now && promoteDue(queue, now);
      return moreOld || moreDue;
    },
  };
}
