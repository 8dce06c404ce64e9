/** Keeps the background work going: chores when there are any, expiry every second, trimming every minute, and then chores again. */
import type { Clock, TimerHandle, Timers } from "#foundation/runtime";
import type { EngineHost } from "#foundation/sql";
import type { Logger } from "#foundation/telemetry";
import type { TableViews } from "./reading/table-views.ts";
import type { TableOperations } from "./records/commands.ts";

export const EXPIRE_EVERY_MS = 1_000;
export const TRIM_EVERY_MS = 60_000;
/** After a failure, for example a full disk, chores are tried again so much later. */
const RETRY_AFTER_MS = 10_000;
/** While others write, background work rests so many times as long as its last piece took: a quarter of the writing thread is its share. Without others it does not rest. */
const REST_SHARE = 3;
/** A piece that took longer was itself kept waiting. */
const REST_MS_MAX = 50;

export interface Housekeeper {
  /** There may be chores. */
  kick(): void;
  /** Does everything that is due, now. */
  settle(): Promise<void>;
  /** Stops, and waits for the piece of work under way. */
  close(): Promise<void>;
}

export interface HousekeeperParts {
  readonly host: EngineHost<TableOperations>;
  /** How many writes callers have asked for so far. */
  readonly writes: () => number;
  readonly views: TableViews;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: Logger;
  /** Told about streams with new records. */
  readonly onStreams: (streams: readonly number[]) => void;
  readonly onStreamGone: (stream: number) => void;
}

export function startHousekeeper({
  host,
  writes,
  views,
  clock,
  timers,
  logger,
  onStreams,
  onStreamGone,
}: HousekeeperParts): Housekeeper {
  let closed = false;
  const handles: TimerHandle[] = [];

  /** Ends the rests under way. */
  const rests = new Set<() => void>();
  let hurries = 0;
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        rests.delete(end);
        resolve();
      };
      const timer = timers.after(ms, end);
      rests.add(end);
    });
  const endRests = (): void => {
    for (const end of [...rests]) end();
  };
  /** Pieces of work, one after the other: each is bounded, so that writes pass between. @param piece answers whether there is more */
  const inPieces = async (piece: () => Promise<boolean>): Promise<void> => {
    for (let more = true; more && !closed; ) {
      const began = clock.monotonicMs();
      const before = writes();
      more = await piece();
      const tookMs = clock.monotonicMs() - began;
      if (more && !closed && hurries === 0 && writes() > before) await rest(Math.min(tookMs * REST_SHARE, REST_MS_MAX));
    }
  };
  const doChores = (): Promise<void> =>
    inPieces(async () => {
      const { changed, more } = await host.apply("chore", { now: clock.now() });
      for (const tableId of changed) views.refresh(tableId);
      return more;
    });
  const expire = async (): Promise<void> => {
    if (!hasExpiry(views)) return;
    await inPieces(async () => {
      const { streams, more } = await host.apply("expire", { now: clock.now() });
      if (streams.length > 0) onStreams(streams);
      return more;
    });
  };
  const trim = (): Promise<void> =>
    inPieces(async () => {
      const { gone, more } = await host.apply("trim", { now: clock.now() });
      for (const stream of gone) onStreamGone(stream);
      return more;
    });

  const chores = createTask(doChores);
  const expiry = createTask(expire);
  const trimming = createTask(trim);
  const inBackground = (task: Task, what: string): void => {
    if (closed) return;
    task.run().catch((error) => {
      if (closed) return;
      logger?.warn(`${what} failed; it is tried again`, { error });
      if (task === chores) handles.push(timers.after(RETRY_AFTER_MS, () => inBackground(chores, what)));
    });
  };
  const kick = (): void => inBackground(chores, "background work on tables");
  handles.push(
    timers.every(EXPIRE_EVERY_MS, () => inBackground(expiry, "removing expired items")),
    timers.every(TRIM_EVERY_MS, () => {
      inBackground(trimming, "trimming stream records");
      // What items and records that are gone have left may be worth giving back.
      kick();
    }),
  );
  kick();

  return {
    kick,
    async settle() {
      hurries++;
      endRests();
      try {
        for (const task of [chores, expiry, trimming, chores]) await task.run();
      } finally {
        hurries--;
      }
    },
    async close() {
      closed = true;
      endRests();
      for (const handle of handles) handle.cancel();
      await Promise.allSettled([chores.idle(), expiry.idle(), trimming.idle()]);
    },
  };
}

function hasExpiry(views: TableViews): boolean {
  for (const { shape } of views.all()) if (shape.indexes.some(({ kind }) => kind === "expiry")) return true;
  return false;
}

/** Work of which one run is under way at a time; a run that is asked for meanwhile follows. */
interface Task {
  /** Resolves when a run that began after the call has ended. */
  run(): Promise<void>;
  idle(): Promise<void>;
}

function createTask(work: () => Promise<void>): Task {
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return {
    run() {
      next ??= current
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          current = work();
          return current;
        });
      return next;
    },
    idle: () => next ?? current,
  };
}
