/** When housekeeping runs: soon after there is something to do, gently while others are busy, without pause when the journal grows large. */

import type { Clock, TimerHandle, Timers } from "#foundation/runtime";
import type { EngineHost } from "#foundation/sql";
import type { Logger } from "#foundation/telemetry";
import type { RecordOperations } from "../records/commands.ts";
import { openBodyAges } from "./body-ages.ts";
import { isNoSpace } from "./file-operations.ts";
import type { HousekeepingOperations, PassReport } from "./housekeeping.ts";

/** How soon after a commit there is a look at what it left to do. */
const IDLE_DELAY_MS = 200;

/** Small bodies that are replaced or deleted this soon never become files. Long enough for what changes every second, short enough for people who look. */
export const MATURE_MS = 3_000;

/** Rest after a pass, as a multiple of its length: a sixth of a core at most while requests come in. */
const REST_FACTOR = 5;

/** A failed pass (disk full, broken disk) is tried again after so long. */
const RETRY_DELAY_MS = 5_000;

/** Journal bytes from which passes follow each other without rest: 256 MiB. */
const JOURNAL_HIGH_BYTES = 256 * 1024 * 1024;

/** Journal bytes at which small bodies are no longer taken into it: 1 GiB. They go through `staging/` then, at the speed of the disk. */
export const JOURNAL_BYTES_MAX = 1024 * 1024 * 1024;

export interface HousekeeperOptions {
  readonly work: EngineHost<HousekeepingOperations>;
  readonly records: EngineHost<RecordOperations>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly pinnedUploads: () => readonly number[];
  readonly logger?: Logger;
}

export interface Housekeeper {
  /** Bytes in the journal, for the limit. */
  readonly journalBytes: number;
  /** A commit left something to do; `journalBytes` of it went into the journal, as this body. */
  noticeCommit(journalBytes: number, body?: number): void;
  /** Works until nothing is left to do, garbage that is still readable included when `ignoreGrace`. */
  settle(ignoreGrace: boolean): Promise<void>;
  /** Stops timers and waits for a running pass. */
  close(): Promise<void>;
}

/** Recovers what a crash left, then starts. */
export async function startHousekeeper(options: HousekeeperOptions): Promise<Housekeeper> {
  const { work, records, clock, timers, logger } = options;
  let journalBytes = (await work.apply("backlog", undefined)).bytes;
  let timer: TimerHandle | undefined;
  let running: Promise<PassReport | undefined> | undefined;
  let noticed = false;
  let closed = false;
  const ages = openBodyAges(clock);

  const runPass = async (all: boolean): Promise<PassReport> => {
    const now = clock.now();
    const pinnedUploads = options.pinnedUploads();
    const journalFirst = journalBytes > JOURNAL_HIGH_BYTES;
    const mature = ages.mature(all || journalFirst ? 0 : MATURE_MS);
    const report = await work.apply("pass", {
      now,
      ignoreGrace: all,
      pinnedUploads,
      journalFirst,
      matureUpTo: all || journalFirst ? Number.MAX_SAFE_INTEGER : mature.upTo,
    });
    const { arrived, materialised, swept } = report.settle;
    if (arrived.length + materialised.length + swept.length > 0) await records.apply("settle", report.settle);
    journalBytes = Math.max(0, journalBytes - report.journalBytes);
    if (!report.more) mature.forget();
    return report;
  };
  /** One pass at a time, whoever asks. */
  const pass = async (ignoreGrace: boolean): Promise<PassReport> => {
    while (running !== undefined) await running.catch(() => undefined);
    const mine = runPass(ignoreGrace);
    running = mine;
    try {
      return await mine;
    } finally {
      running = undefined;
      // Commits that came during a pass that no timer started.
      if (noticed && timer === undefined) schedule(IDLE_DELAY_MS);
    }
  };

  const schedule = (delayMs: number): void => {
    if (closed) return;
    timer?.cancel();
    timer = timers.after(delayMs, () => {
      timer = undefined;
      void tick();
    });
  };
  const tick = async (): Promise<void> => {
    noticed = false;
    const began = clock.monotonicMs();
    try {
      const report = await pass(false);
      if (closed) return;
      const took = clock.monotonicMs() - began;
      if (report.more) schedule(journalBytes > JOURNAL_HIGH_BYTES ? 0 : Math.ceil(took * REST_FACTOR));
      else if (noticed) schedule(IDLE_DELAY_MS);
      else {
        const delays = [
          ages.oldestMs === undefined ? undefined : MATURE_MS - ages.oldestMs,
          report.nextDue && report.nextDue - clock.now(),
        ];
        const next = Math.min(...delays.filter((delay) => typeof delay === "number"));
        if (next < Number.POSITIVE_INFINITY) schedule(Math.max(IDLE_DELAY_MS, next));
      }
    } catch (error) {
      if (closed) return;
      logger?.error("housekeeping of object bodies failed; it will be tried again", { error });
      schedule(RETRY_DELAY_MS);
    }
  };

  const removed = await work.apply("recover", undefined);
  if (removed > 0) logger?.info("removed bodies that were never committed", { files: removed });
  try {
    while ((await runPass(true)).more) {
      // Each pass does a bounded piece; starting up waits for all of it, so that what is left over is exactly what commits refer to.
    }
  } catch (error) {
    // An engine must start on a full disk: how else would anybody make room.
    if (!isNoSpace(error)) throw error;
    logger?.error("housekeeping of object bodies waits: the disk is full", { error });
    schedule(RETRY_DELAY_MS);
  }

  return {
    get journalBytes() {
      return journalBytes;
    },
    noticeCommit(bytes, body) {
      journalBytes += bytes;
      if (body !== undefined) ages.note(body);
      if (noticed || closed) return;
      noticed = true;
      if (running === undefined) schedule(IDLE_DELAY_MS);
    },
    async settle(ignoreGrace) {
      for (;;) {
        const { more } = await pass(ignoreGrace);
        if (!more) return;
      }
    },
    async close() {
      closed = true;
      timer?.cancel();
      await running?.catch(() => undefined);
    },
  };
}
