/** Move tasks: messages of a dead-letter queue back to where they came from, or elsewhere (StartMessageMoveTask). */

import type { ResourceId } from "#contracts";
import type { MoveTask, MoveTaskFailure, MoveTaskStatus } from "../port.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Answer, Ask, Refusal, RunningMove } from "./commands.ts";
import type { Departures, Standing } from "./departures.ts";
import type { Queue } from "./queue-book.ts";
import { type BatchContext, type RecordContext, touchedHint } from "./record-context.ts";
import type { Settling } from "./settling.ts";

export interface Moving {
  start(batch: BatchContext, ask: Ask<"startMove">): MoveTask | Refusal;
  cancel(ask: Ask<"cancelMove">): MoveTask | Refusal;
  find(taskId: string): MoveTask | null;
  latest(ask: Ask<"moves">): readonly MoveTask[];
  running(): readonly RunningMove[];
  continue(batch: BatchContext, ask: Ask<"continueMove">): Answer<"continueMove">;
}

/** Tasks of one source that are remembered: SQS lists ten at most. */
const REMEMBERED_MAX = 10;

interface TaskRow {
  readonly number: number;
  readonly id: string;
  readonly source: number;
  readonly destination: number | null;
  readonly per_second_max: number | null;
  readonly status: MoveTaskStatus;
  readonly started_at: number;
  readonly before_seq: number;
  readonly moved: number;
  readonly to_move: number;
  readonly failure: MoveTaskFailure | null;
}

interface MovableRow extends Standing {
  readonly origin: number | null;
}

export function createMoving(
  { database, queues, seqs }: RecordContext,
  arrivals: Arrivals,
  departures: Departures,
  settling: Settling,
): Moving {
  const insert = database.prepare(
    `INSERT INTO move_tasks (id, source, destination, per_second_max, status, started_at, before_seq, to_move)
     VALUES (?1, ?2, ?3, ?4, 'RUNNING', ?5, ?6, ?7)`,
  );
  const forgetOld = database.prepare(
    `DELETE FROM move_tasks WHERE source = ?1 AND number <=
       (SELECT number FROM move_tasks WHERE source = ?1 ORDER BY number DESC LIMIT 1 OFFSET ${REMEMBERED_MAX})`,
  );
  const select = database.prepare<TaskRow>("SELECT * FROM move_tasks WHERE id = ?1");
  const selectLatest = database.prepare<TaskRow>(
    "SELECT * FROM move_tasks WHERE source = +?1 ORDER BY number DESC LIMIT +?2",
  );
  const selectRunning = database.prepare<TaskRow>("SELECT * FROM move_tasks WHERE status = 'RUNNING' ORDER BY number");
  const end = database.prepare("UPDATE move_tasks SET status = ?2, failure = ?3 WHERE number = ?1");
  const advance = database.prepare("UPDATE move_tasks SET moved = moved + 1 WHERE number = ?1");
  // On a FIFO queue these are the first of each unlocked group; the next of a group is ready as soon as the one before is moved.
  const selectReady = database.prepare<MovableRow>(
    `SELECT m.seq, m.place, m.group_id, m.delayed_until, m.origin, r.due
     FROM schedule s CROSS JOIN messages m ON m.seq = s.seq LEFT JOIN receipts r ON r.seq = s.seq
     WHERE s.store = +?1 AND s.due = 0 ORDER BY s.place, s.seq LIMIT +?2`,
  );

  const taskOf = (row: TaskRow): MoveTask => ({
    taskId: row.id,
    source: idOf(row.source),
    ...(row.destination === null ? {} : { destination: idOf(row.destination) }),
    ...(row.per_second_max === null ? {} : { messagesPerSecondMax: row.per_second_max }),
    status: row.status,
    startedAt: row.started_at,
    moved: row.moved,
    toMove: row.to_move,
    ...(row.failure === null ? {} : { failure: row.failure }),
  });
  // Rows of queues stay, as tombstones, so that every key has its id.
  const idOf = (key: number): ResourceId => queues.byKey(key)!.id;
  const openQueue = (key: number): Queue | undefined => {
    const queue = queues.byKey(key);
    return queue?.state === "open" ? queue : undefined;
  };
  const targetOf = (source: Queue, { destination }: TaskRow, { origin }: MovableRow): Queue | MoveTaskFailure => {
    const key = destination ?? origin;
    if (key === null) return "NoSourceQueue";
    const target = openQueue(key);
    if (target === undefined) return "DestinationNotFound";
    return target.settings.fifo === source.settings.fifo ? target : "DestinationOfOtherKind";
  };
  /** Moves what can be moved for as many ids as there are. */
  const moveSome = (source: Queue, task: TaskRow, now: number, ids: readonly string[]) => {
    const touched = new Set<ResourceId>();
    let moved = 0;
    let failure: MoveTaskFailure | undefined;
    while (moved < ids.length && failure === undefined) {
      const before = moved;
      const rows = selectReady.all(source.store, ids.length - moved);
      for (const row of rows.filter((each) => each.seq < task.before_seq)) {
        const target = targetOf(source, task, row);
        if (typeof target === "string") {
          failure = target;
          break;
        }
        arrivals.copy(row.seq, row.group_id, target, { messageId: ids[moved]!, now });
        departures.remove(source, row);
        advance.run(task.number);
        touched.add(target.id);
        moved++;
      }
      if (moved === before) break;
    }
    return { moved, failure, touched };
  };

  return {
    start({ now }, { taskId, source: sourceId, destination: destinationId, messagesPerSecondMax }) {
      const source = queues.find(sourceId);
      const destination = destinationId === undefined ? undefined : queues.find(destinationId);
      if (source?.state !== "open") return { refused: "NoSuchQueue" };
      if (destinationId !== undefined && destination?.state !== "open") return { refused: "NoSuchQueue" };
      if (selectLatest.get(source.key, 1)?.status === "RUNNING") return { refused: "MoveTaskActive" };
      settling.settle(source, now);
      const perSecondMax = messagesPerSecondMax ?? null;
      const destinationKey = destination?.key ?? null;
      insert.run(taskId, source.key, destinationKey, perSecondMax, now, seqs.upcoming(), source.visible);
      forgetOld.run(source.key);
      return taskOf(select.get(taskId)!);
    },
    cancel({ taskId }) {
      const task = select.get(taskId);
      if (task?.status !== "RUNNING") return { refused: "NoRunningMoveTask" };
      end.run(task.number, "CANCELLED", null);
      return taskOf({ ...task, status: "CANCELLED" });
    },
    find(taskId) {
      const task = select.get(taskId);
      return task === undefined ? null : taskOf(task);
    },
    latest({ source: sourceId, limit }) {
      const source = queues.find(sourceId);
      return source === undefined ? [] : selectLatest.all(source.key, Math.min(limit, REMEMBERED_MAX)).map(taskOf);
    },
    running: () => selectRunning.all().map((task) => ({ taskId: task.id, perSecondMax: task.per_second_max })),
    continue({ now }, { taskId, messageIds }) {
      const task = select.get(taskId);
      if (task?.status !== "RUNNING") return { running: false, moved: 0 };
      const source = openQueue(task.source);
      // A marked queue may come back; a dropped one has nothing left to move.
      if (source === undefined) {
        const gone = queues.byKey(task.source)?.state === "dropped";
        if (gone) end.run(task.number, "COMPLETED", null);
        return { running: !gone, moved: 0 };
      }
      const unsettled = settling.settle(source, now);
      const { moved, failure, touched } = moveSome(source, task, now, messageIds);
      if (failure !== undefined) end.run(task.number, "FAILED", failure);
      const done = failure === undefined && moved < messageIds.length && !unsettled;
      if (done) end.run(task.number, "COMPLETED", null);
      return { running: failure === undefined && !done, moved, ...touchedHint(touched) };
    },
  };
}
