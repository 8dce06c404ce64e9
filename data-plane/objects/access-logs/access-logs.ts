/**
 * Server access logging: one record for each request on a bucket that has it switched on, delivered as objects into its target bucket.
 *
 * At best effort, as S3's: records wait in memory, at most five minutes, and those that wait are lost with the process when it is killed. Recording
 * is a few string operations after the answer was sent; deliveries run beside the requests and go straight to the engine, so that they neither slow
 * nor fail any, and are not logged themselves (a bucket may be its own target).
 */
import type { BucketRecord } from "#contracts";
import type { AnsweredRequest, OnSent, Operation } from "#data-plane/service";
import type { ObjectsEnvironment } from "../service/environment.ts";
import { deliverBatch } from "./deliver-batch.ts";
import {
  copiedFrom,
  copyReadRecord,
  deletionRecords,
  placeOf,
  type RequestPlace,
  requestRecord,
} from "./describe-request.ts";
import { destinationOf } from "./destination.ts";
import { LOG_BOUNDS, type LogBatch, type LogBounds, LogBuffers } from "./log-buffers.ts";
import { formatRecord, type LogRecord } from "./log-record.ts";
import { watchOperations } from "./watch-operations.ts";

export interface LogPace extends LogBounds {
  /** Milliseconds between two rounds of deliveries. */
  readonly everyMs: number;
  /** Deliveries that run side by side. */
  readonly width: number;
}

export const LOG_PACE: LogPace = { ...LOG_BOUNDS, everyMs: 5 * 60 * 1000, width: 4 };

export interface AccessLogs {
  /** The same operations, which now note what only they know. */
  watch(operations: ReadonlyMap<string, Operation<never, unknown>>): ReadonlyMap<string, Operation<never, unknown>>;
  /** Records the request once its answer was sent; undefined where no log wants it. Never throws. */
  requestAnswered(answered: AnsweredRequest): OnSent | undefined;
  /** Delivers everything that waits; resolves when that was tried. Never rejects. */
  flush(): Promise<void>;
  /** Delivers what waits, for the last time. Never rejects. */
  close(): Promise<void>;
}

/** @example const logs = createAccessLogs(environment); … await logs.close(); */
export function createAccessLogs(environment: ObjectsEnvironment, pace: LogPace = LOG_PACE): AccessLogs {
  const { catalog, clock, timers, logger, metrics } = environment;
  const buffers = new LogBuffers(pace);
  const outcomes = metrics.counter({
    name: "biplane_objects_access_log_records_total",
    help: "Records of server access logs by what became of them.",
    labels: ["outcome"],
  });
  const delivered = outcomes.labels("delivered");
  const dropped = outcomes.labels("dropped");
  const refused = outcomes.labels("refused");
  const waiting = metrics.gauge({
    name: "biplane_objects_access_log_waiting_bytes",
    help: "Bytes of server access logs that wait for their delivery.",
  });
  metrics.onCollect(() => waiting.labels().set(buffers.waiting.bytes));
  const underWay = new Set<Promise<void>>();
  /** Slots whose last delivery was refused: said once in the log. */
  const closedTargets = new Set<string>();
  let dropping = false;

  const isLogged = (name: string | undefined): boolean =>
    name !== undefined && catalog.bucket(name)?.sections.logging !== undefined;

  const ownerOf = (bucket: BucketRecord): string => catalog.account(bucket.accountId)?.canonicalUserId ?? "-";

  const settleRefused = (name: string, batch: LogBatch): void => {
    buffers.settle(batch);
    refused.inc(batch.lines.length);
    const { source, targetBucket } = batch.destination;
    if (closedTargets.has(name)) return;
    if (closedTargets.size >= REMEMBERED_MAX) closedTargets.clear();
    closedTargets.add(name);
    logger.warn("the target of an access log does not take it; its records are dropped until it does", {
      bucket: source.name,
      target: targetBucket,
    });
  };

  /** Never rejects. */
  const deliver = async (name: string): Promise<void> => {
    const batch = buffers.take(name);
    if (batch === undefined) return;
    try {
      const outcome = await deliverBatch(environment, batch);
      if (outcome === "refused") return settleRefused(name, batch);
      closedTargets.delete(name);
      buffers.settle(batch);
      delivered.inc(batch.lines.length);
      dropping = false;
    } catch (error) {
      buffers.giveBack(name, batch);
      logger.warn("an access log could not be delivered; the next round tries again", {
        bucket: batch.destination.source.name,
        target: batch.destination.targetBucket,
        error,
      });
    }
  };

  const start = (work: Promise<void>): Promise<void> => {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
    return work;
  };

  const round = async (): Promise<void> => {
    const names = buffers.slots;
    for (let from = 0; from < names.length; from += pace.width) {
      await Promise.all(names.slice(from, from + pace.width).map(deliver));
    }
  };

  const flush = async (): Promise<void> => {
    await Promise.all(underWay);
    await start(round());
  };

  const keep = (bucket: BucketRecord, record: LogRecord): void => {
    const destination = destinationOf(bucket);
    if (destination === undefined) return;
    const added = buffers.add(destination, formatRecord(record), record.time);
    if (added === "full") void start(deliver(LogBuffers.slotOf(destination, record.time)));
    if (added !== "dropped") return;
    dropped.inc();
    if (dropping) return;
    dropping = true;
    logger.warn("access log records are dropped: as many wait for delivery as may wait", buffers.waiting);
  };

  /** Writes the records of one exchange. */
  const recordExchange = (answered: AnsweredRequest, place: RequestPlace, bytes: number, totalMs: number): void => {
    const bucket = catalog.bucket(place.bucket);
    const source = copiedFrom(answered);
    const sourceBucket = source === undefined ? undefined : catalog.bucket(source.bucket);
    const whole = bucket ?? sourceBucket;
    if (whole === undefined) return;
    const record = requestRecord(answered, place, whole, ownerOf(whole), { bytes, totalMs });
    if (bucket !== undefined) {
      keep(bucket, record);
      for (const deletion of deletionRecords(record, answered)) keep(bucket, deletion);
    }
    if (source !== undefined && sourceBucket !== undefined) {
      keep(sourceBucket, copyReadRecord(record, answered, source, ownerOf(sourceBucket)));
    }
  };

  /** A round that takes longer than the pause before the next one takes its place. */
  const timer = timers.every(pace.everyMs, () => {
    if (underWay.size === 0) void flush();
  });

  return {
    watch: (operations) => watchOperations(operations, isLogged),
    requestAnswered(answered) {
      const place = placeOf(answered);
      if (place === undefined) return undefined;
      if (!isLogged(place.bucket) && !isLogged(copiedFrom(answered)?.bucket)) return undefined;
      const begun = clock.monotonicMs();
      return (bytes) => {
        try {
          recordExchange(answered, place, bytes, answered.elapsedMs + (clock.monotonicMs() - begun));
        } catch (error) {
          logger.error("a request could not be recorded in its access log", {
            requestId: answered.request.id,
            error,
          });
        }
      };
    },
    flush,
    async close() {
      timer.cancel();
      await flush();
      const { records } = buffers.waiting;
      if (records > 0) logger.warn("access log records are lost: they could not be delivered", { records });
    },
  };
}

/** Slots of which it is remembered that they were complained about. */
const REMEMBERED_MAX = 1000;
