/**
 * Makes lifecycle rules take effect: expires objects, removes noncurrent versions and lone delete markers, aborts old uploads.
 *
 * A round walks every bucket that has rules, page by page with a pause between pages, so that it never stands in the way of requests. Nothing is
 * remembered between rounds: after a restart the next round begins anew and finds what is left.
 */
import type { BucketId, BucketRecord } from "#contracts";
import { sleep, type TimerHandle } from "#foundation/runtime";
import type { ListPage, ObjectVersion, Upload } from "../engine/port.ts";
import { causeOfService } from "../notifications/event-cause.ts";
import type { CompiledRule } from "../rules/lifecycle/compile.ts";
import { abortOf } from "../rules/lifecycle/plan.ts";
import { viewOf } from "../service/bucket-view.ts";
import type { ObjectsEnvironment } from "../service/environment.ts";
import { type ActionOutcome, applyAction, outcomeOf } from "./apply-action.ts";
import { type PlannedAction, VersionWalk } from "./version-walk.ts";

const SECOND = 1000;
const HOUR = 60 * 60 * SECOND;
const DAY = 24 * HOUR;

export interface LifecyclePace {
  /** Entries of one page. */
  readonly pageSize: number;
  /** Milliseconds between two pages. */
  readonly pauseMs: number;
  /** Actions that run side by side: enough to share a commit. */
  readonly width: number;
  /** Milliseconds before the first round after a start or a changed configuration. */
  readonly soonMs: number;
  /** Milliseconds between rounds at most; a round also starts at every midnight UTC, when rules fall due. */
  readonly everyMs: number;
}

/** A million versions are 2,000 pages: 100 seconds of pauses, spread over the round. */
export const LIFECYCLE_PACE: LifecyclePace = {
  pageSize: 500,
  pauseMs: 50,
  width: 32,
  soonMs: 2 * SECOND,
  everyMs: 6 * HOUR,
};

/** What one round did. */
export interface LifecycleRound {
  expired: number;
  removedNoncurrent: number;
  removedMarkers: number;
  abortedUploads: number;
}

export interface LifecycleWorker {
  /** Runs a whole round now, after one that may be running. */
  round(): Promise<LifecycleRound>;
  /** Stops; a running round ends after its current page. */
  close(): Promise<void>;
}

const COUNTS = {
  expire: "expired",
  "remove-noncurrent": "removedNoncurrent",
  "remove-delete-marker": "removedMarkers",
} as const satisfies Record<PlannedAction["plan"]["action"], keyof LifecycleRound>;

const concernsVersions = (rule: CompiledRule): boolean =>
  rule.expireDays !== undefined ||
  rule.expireAt !== undefined ||
  rule.expireDeleteMarkers ||
  rule.noncurrentDays !== undefined;

/** @example const worker = startLifecycleWorker(environment); … await worker.close(); */
export function startLifecycleWorker(
  environment: ObjectsEnvironment,
  pace: LifecyclePace = LIFECYCLE_PACE,
): LifecycleWorker {
  const { engine, catalog, clock, timers, random, logger, metrics } = environment;
  const actions = metrics.counter({
    name: "biplane_objects_lifecycle_actions_total",
    help: "What lifecycle rules did to objects and uploads.",
    labels: ["action", "outcome"],
  });
  const stopped = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  let timer: TimerHandle | undefined;

  const count = (report: LifecycleRound, what: keyof LifecycleRound, outcome: ActionOutcome): void => {
    actions.labels(what, outcome).inc();
    if (outcome === "done") report[what]++;
  };

  /** Runs the tasks of one page, a few at a time. */
  const runAll = async (tasks: readonly (() => Promise<void>)[]): Promise<void> => {
    for (let from = 0; from < tasks.length; from += pace.width) {
      await Promise.all(tasks.slice(from, from + pace.width).map((task) => task()));
    }
  };

  const walkVersions = async (bucket: BucketRecord, rules: readonly CompiledRule[], report: LifecycleRound) => {
    const walk = new VersionWalk(rules, clock.now());
    const cause = causeOfService("s3.amazonaws.com", random);
    const perform = (planned: readonly PlannedAction[]) =>
      runAll(
        planned.map((action) => async () => {
          count(report, COUNTS[action.plan.action], await applyAction(environment, bucket, action, cause));
        }),
      );
    let after: string | undefined;
    let afterVersionId: string | undefined;
    for (;;) {
      const page: ListPage<ObjectVersion> = await engine.listVersions({
        bucketId: bucket.bucketId,
        prefix: "",
        delimiter: "",
        after,
        afterVersionId,
        limit: pace.pageSize,
      });
      const planned = page.entries.flatMap((version) => walk.next(version));
      await perform(page.truncated ? planned : [...planned, ...walk.end()]);
      if (!page.truncated || stopped.signal.aborted) return;
      after = page.next;
      afterVersionId = page.nextVersionId;
      await sleep(timers, pace.pauseMs, stopped.signal);
    }
  };

  const abortUpload = async (bucketId: BucketId, upload: Upload, report: LifecycleRound): Promise<void> => {
    let outcome: ActionOutcome = "done";
    try {
      await engine.abortUpload(bucketId, upload.key, upload.uploadId);
    } catch (error) {
      outcome = outcomeOf(error);
    }
    count(report, "abortedUploads", outcome);
  };

  const walkUploads = async (bucket: BucketRecord, rules: readonly CompiledRule[], report: LifecycleRound) => {
    const { bucketId } = bucket;
    const now = clock.now();
    let after: string | undefined;
    let afterUploadId: string | undefined;
    for (;;) {
      const page = await engine.listUploads({
        bucketId,
        prefix: "",
        delimiter: "",
        after,
        afterUploadId,
        limit: pace.pageSize,
      });
      const due = page.entries.filter((upload) => (abortOf(rules, upload)?.at ?? Number.POSITIVE_INFINITY) <= now);
      await runAll(due.map((upload) => () => abortUpload(bucketId, upload, report)));
      if (!page.truncated || stopped.signal.aborted) return;
      after = page.next;
      afterUploadId = page.nextUploadId;
      await sleep(timers, pace.pauseMs, stopped.signal);
    }
  };

  const walkBuckets = async (): Promise<LifecycleRound> => {
    const report: LifecycleRound = { expired: 0, removedNoncurrent: 0, removedMarkers: 0, abortedUploads: 0 };
    for (const { name } of [...catalog.buckets()]) {
      if (stopped.signal.aborted) break;
      // Looked up anew: the bucket may be gone, or may have other rules, since the round began.
      const bucket = catalog.bucket(name);
      if (bucket === undefined || bucket.sections.lifecycle === undefined) continue;
      const rules = viewOf(bucket).lifecycle;
      try {
        if (rules.some(concernsVersions)) await walkVersions(bucket, rules, report);
        if (rules.some((rule) => rule.abortDays !== undefined)) await walkUploads(bucket, rules, report);
      } catch (error) {
        if (stopped.signal.aborted) break;
        logger.error("lifecycle rules of a bucket could not be applied; the next round tries again", {
          bucket: name,
          error,
        });
      }
    }
    return report;
  };

  const round = (): Promise<LifecycleRound> => {
    const next = running.then(walkBuckets);
    running = next.catch(() => undefined);
    return next;
  };

  const schedule = (delayMs: number): void => {
    timer?.cancel();
    if (stopped.signal.aborted) return;
    timer = timers.after(delayMs, () => {
      round()
        .then((report) => {
          if (Object.values(report).some((amount) => amount > 0)) logger.info("lifecycle round", { ...report });
        })
        .catch((error: unknown) => logger.error("lifecycle round failed; the next one tries again", { error }))
        .finally(() => {
          const untilMidnight = DAY - (clock.now() % DAY);
          schedule(Math.min(pace.everyMs, untilMidnight));
        });
    });
  };

  const unsubscribe = catalog.onChange((changes) => {
    const concerned = changes.some(
      (change) =>
        change.change === "upsert" && change.record.kind === "bucket" && change.record.sections.lifecycle !== undefined,
    );
    if (concerned) schedule(pace.soonMs);
  });
  schedule(pace.soonMs);

  return {
    round,
    async close() {
      stopped.abort(new Error("the lifecycle worker was closed"));
      timer?.cancel();
      unsubscribe();
      await running;
    },
  };
}
