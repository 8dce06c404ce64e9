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
  views,
  clock,
  timers,
  logger,
  onStreams,
  onStreamGone,
}: HousekeeperParts): Housekeeper {
  let closed = false;
  const handles: TimerHandle[] = [];

  const doChores = async (): Promise<void> => {
    for (let more = true; more && !closed; ) {
      const answer = await host.apply("chore", { now: clock.now() });
      for (const tableId of answer.changed) views.refresh(tableId);
      more = answer.more;
    }
  };
  const expire = async (): Promise<void> => {
    for (let more = hasExpiry(views); more && !closed; ) {
      const answer = await host.apply("expire", { now: clock.now() });
      if (answer.streams.length > 0) onStreams(answer.streams);
      more = answer.more;
    }
  };
  const trim = async (): Promise<void> => {
    // Each command removes a bounded piece, so that writes pass between.
    for (let more = true; more && !closed; ) {
      const answer = await host.apply("trim", { now: clock.now() });
      for (const stream of answer.gone) onStreamGone(stream);
      more = answer.more;
    }
  };

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
      await chores.run();
      await expiry.run();
      await trimming.run();
      await chores.run();
    },
    async close() {
      closed = true;
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
