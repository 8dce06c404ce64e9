/** Opens the embedded engine on a directory. */

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Clock, Random, Timers } from "#foundation/runtime";
import { acquireProcessLock, type EngineHost, hostEngine } from "#foundation/sql";
import type { Logger } from "#foundation/telemetry";
import { createCourier } from "./courier/courier.ts";
import { assembleEngine } from "./embedded-engine.ts";
import { createMoveRunner } from "./move-runner.ts";
import type { QueueEngine } from "./port.ts";
import { createRecords, type RecordOperations, type RecordSettings } from "./records/create-records.ts";
import { HANDLE_KEY_BYTES } from "./records/receipt-handles.ts";
import { startTidier } from "./tidier.ts";
import { createWaitingRoom } from "./waiting/waiting-room.ts";

export interface EmbeddedQueuesOptions {
  /** Made when missing. One process at a time. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly logger?: Logger;
  /** `worker`: SQL and fsyncs in a thread of their own. `inline`: everything in this thread, for tests. */
  readonly hosting: "worker" | "inline";
  /** Messages of one queue that may be in flight; SQS's 120,000 unless a test wants fewer. */
  readonly inFlightMax?: number;
}

/** Amazon SQS Developer Guide, "Amazon SQS message quotas": per queue, standard and FIFO alike. */
const IN_FLIGHT_MAX = 120_000;

/**
 * Opens (or makes) the engine's directory and starts. Nothing is read ahead: a queue of ten million messages opens like an empty one.
 *
 * @throws Error when another engine uses the directory; the database's error when the directory cannot be used
 * @example
 * const queues = await openEmbeddedQueues({
 *   directory: join(data, "queues"), clock: systemClock, random: systemRandom, timers: systemTimers, hosting: "worker",
 * });
 */
export async function openEmbeddedQueues(options: EmbeddedQueuesOptions): Promise<QueueEngine> {
  const { clock, random, timers, logger } = options;
  const root = resolve(options.directory);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const lock = acquireProcessLock(join(root, "lock"));
  let closing: Promise<void> | undefined;
  try {
    const host = await hostRecords(options, join(root, "queues.db"));
    const courier = createCourier(host, clock);
    const room = createWaitingRoom(clock, timers);
    const moves = createMoveRunner({
      courier,
      clock,
      timers,
      random,
      logger,
      arrived: (queueId) => room.wake(queueId, Number.POSITIVE_INFINITY),
    });
    const tidier = startTidier({ courier, timers, logger });
    const running = await courier.send({ name: "runningMoves", ask: {}, read: (answer) => answer });
    for (const task of running) moves.run(task);

    const shutDown = async (): Promise<void> => {
      moves.close();
      tidier.close();
      const answered = courier.close();
      // Everybody who waits tries again, and learns that the courier takes nothing any more.
      room.wakeAll();
      await answered;
      await host.close();
      lock.release();
    };
    return assembleEngine({
      courier,
      room,
      moves,
      clock,
      timers,
      failure: () => host.failure,
      tidySoon: tidier.soon,
      shutDown() {
        closing ??= shutDown();
        return closing;
      },
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

function hostRecords(options: EmbeddedQueuesOptions, path: string): Promise<EngineHost<RecordOperations>> {
  const settings: RecordSettings = {
    newHandleKey: options.random.bytes(HANDLE_KEY_BYTES),
    inFlightMax: options.inFlightMax ?? IN_FLIGHT_MAX,
  };
  if (options.hosting === "inline") {
    return hostEngine<RecordOperations, RecordSettings>({
      kind: "inline",
      createEngine: createRecords,
      database: { path },
      settings,
    });
  }
  const entry = "data-plane/queues/engine/queues.worker.ts";
  return hostEngine<RecordOperations, RecordSettings>({ kind: "worker", entry, database: { path }, settings });
}
