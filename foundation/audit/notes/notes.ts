/** Records that nobody waits for: coalesced, written in the background, tried again when the disk refuses. */
import type { TimerHandle, Timers } from "#foundation/runtime";
import type { AuditEvent } from "../record.ts";
import type { Coalescer, NotedRecord } from "./coalesce.ts";

/** How often ended windows are looked for, and refused records tried again. */
export const TICK_MS = 1000;

/** Records that wait for a disk that refuses; further ones are counted. 1,000 × 16 KiB: 16 MB at worst. */
export const BACKLOG_MAX = 1000;

/** Says how many records were lost while the log could not be written. */
export const LOST_ACTION = "audit.lost";

export interface NotesOptions {
  readonly coalescer: Coalescer;
  readonly timers: Timers;
  /** Resolves when the record is on disk. */
  readonly append: (record: NotedRecord) => Promise<void>;
  /** The record that says so many were lost. */
  readonly lostRecord: (count: number) => NotedRecord;
}

export interface Notes {
  /** Takes a bounded event. Never throws, never waits. */
  note(event: AuditEvent): void;
  /** Writes the counts of all open windows and what waits, and resolves when that is done or has failed once more. */
  close(): Promise<void>;
}

export function createNotes({ coalescer, timers, append, lostRecord }: NotesOptions): Notes {
  const writing = new Set<Promise<void>>();
  let backlog: NotedRecord[] = [];
  let lost = 0;
  let timer: TimerHandle | undefined;
  let closed = false;

  const keep = (record: NotedRecord): void => {
    if (backlog.length < BACKLOG_MAX) backlog.push(record);
    else lost += record.count ?? 1;
  };
  const write = (record: NotedRecord): Promise<boolean> => {
    const written = append(record).then(
      () => true,
      () => {
        keep(record);
        return false;
      },
    );
    const done = written.then(() => {
      writing.delete(done);
    });
    writing.add(done);
    return written;
  };
  /** One record is tried; if it is taken, the others follow in their order. */
  const retry = async (): Promise<void> => {
    const waiting = backlog;
    backlog = [];
    const [first, ...others] = waiting;
    if (first === undefined) return;
    if (!(await write(first))) {
      for (const record of others) keep(record);
      return;
    }
    const all = others.map(write);
    if (lost > 0) {
      const count = lost;
      lost = 0;
      all.push(
        append(lostRecord(count)).then(
          () => true,
          () => {
            lost += count;
            return false;
          },
        ),
      );
    }
    await Promise.all(all);
  };
  const tick = async (): Promise<void> => {
    for (const record of coalescer.due()) void write(record);
    await retry();
    timer = undefined;
    arm();
  };
  const arm = (): void => {
    if (timer !== undefined || closed || (coalescer.size === 0 && backlog.length === 0)) return;
    timer = timers.after(TICK_MS, () => void tick());
  };

  return {
    note(event) {
      if (closed) return;
      const record = coalescer.take(event);
      if (record === undefined) arm();
      else {
        void write(record).then(arm);
        arm();
      }
    },
    async close() {
      closed = true;
      timer?.cancel();
      for (const record of coalescer.flush()) void write(record);
      await Promise.all(writing);
      await retry();
    },
  };
}
