/**
 * The scheduler's loop: looks at what has changed, at what is due, and now and then at everything.
 *
 * Each decision is made alone in its batch, so that what it reads is the truth until its events are in the views: nothing is allocated twice, and a control plane that has
 * been deposed allocates nothing at all.
 */
import type { AnyEvent, CatalogReader, OwnedEvent } from "#control-plane/events";
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { decideGroups, planDeploys } from "./decide.ts";
import { createSchedulerMetrics } from "./metrics.ts";
import { type Liveness, NodeHealthWatch } from "./node-health.ts";
import { DEFAULT_SETTINGS, type SchedulerSettings } from "./settings.ts";
import { World } from "./world.ts";

export interface SchedulerOptions {
  readonly core: {
    readonly views: CatalogReader;
    decideAlone(
      actor: string,
      decide: (views: CatalogReader, now: number) => readonly OwnedEvent[],
    ): Promise<number | undefined>;
    onCommitted(listener: (events: readonly AnyEvent[]) => void): () => void;
  };
  readonly liveness: Liveness;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly settings?: Partial<SchedulerSettings>;
}

export interface Scheduler {
  /** Resolves when nothing more is to be done now. */
  quiet(): Promise<void>;
  /** Looks at everything. */
  kick(): void;
  close(): Promise<void>;
}

const ACTOR = "system:scheduler";

/** After a decision that could not be written. */
const RETRY_MS = 1_000;

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { core, clock, timers, logger } = options;
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const { views } = core;
  const world = new World(views, settings);
  const health = new NodeHealthWatch(options.liveness, settings, clock.now());
  const metrics = createSchedulerMetrics(options.metrics);
  const newInstanceId = instanceIds(options.random.fork("instance-id"));
  /** Groups that wait for room. */
  const waiting = new Set<string>();
  /** When groups are to be looked at again, epoch milliseconds. */
  const due = new Map<string, number>();
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;
  let nextFullPass = clock.now() + settings.fullPassMs;
  let retry: TimerHandle | undefined;

  const stop = core.onCommitted((events) => {
    if (world.apply(events)) for (const key of waiting) world.dirty.add(key);
    metrics.committed(events);
    if (world.dirty.size > 0 || world.deploysDirty) run();
  });

  const noteDue = (now: number): void => {
    for (const [key, at] of due) {
      if (at > now) continue;
      due.delete(key);
      world.dirty.add(key);
    }
    if (now < nextFullPass) return;
    nextFullPass = now + settings.fullPassMs;
    world.everyGroup();
  };

  const passGroups = async (): Promise<void> => {
    const keys = [...world.dirty];
    world.dirty.clear();
    const begun = performance.now();
    let decision: ReturnType<typeof decideGroups> | undefined;
    try {
      await core.decideAlone(ACTOR, (committed, now) => {
        decision = decideGroups({ views: committed, world, settings, now, newInstanceId, keys });
        return decision.events;
      });
    } catch (error) {
      for (const key of keys) world.dirty.add(key);
      throw error;
    }
    metrics.pass(performance.now() - begun, keys.length);
    for (const key of decision!.left) world.dirty.add(key);
    for (const { key, dueAt, waiting: waits } of decision!.outcomes) {
      if (waits) waiting.add(key);
      else waiting.delete(key);
      if (dueAt === undefined) due.delete(key);
      else due.set(key, dueAt);
    }
  };

  const loop = async (): Promise<void> => {
    while (!closed) {
      again = false;
      noteDue(clock.now());
      if (world.dirty.size > 0) await passGroups();
      if (world.deploysDirty && world.dirty.size === 0) {
        world.deploysDirty = false;
        await core.decideAlone(ACTOR, (committed, now) => planDeploys(committed, now, settings));
      }
      if (!again && world.dirty.size === 0 && !world.deploysDirty) return;
    }
  };

  function run(): void {
    again = true;
    if (closed || running !== undefined || retry !== undefined) return;
    running = loop()
      .catch((error: unknown) => {
        if (closed) return;
        logger.error("a decision of the scheduler could not be written", { error });
        world.deploysDirty = true;
        retry = timers.after(RETRY_MS, () => {
          retry = undefined;
          run();
        });
      })
      .finally(() => {
        running = undefined;
        if (again && !closed && retry === undefined) run();
      });
  }

  const tick = timers.every(settings.tickMs, () => {
    const now = clock.now();
    const late = health.plan(views, now);
    if (late.length > 0) {
      core
        .decideAlone("system:node-watch", (committed, at) => health.plan(committed, at))
        .catch((error: unknown) => logger.error("the health of nodes could not be written", { error }));
    }
    // Deploys run out of time while nothing happens.
    if (views.countInGroup("deploy", "deploying") > 0) world.deploysDirty = true;
    if (world.deploysDirty || world.dirty.size > 0 || now >= nextFullPass || [...due.values()].some((at) => at <= now))
      run();
  });
  run();

  return {
    async quiet() {
      while (running !== undefined) await running;
    },
    kick() {
      world.everyGroup();
      world.deploysDirty = true;
      run();
    },
    async close() {
      closed = true;
      stop();
      tick.cancel();
      retry?.cancel();
      await running;
    },
  };
}

/** `ins_` and 96 random bits. */
function instanceIds(random: Random): () => string {
  return () => `ins_${Buffer.from(random.bytes(12)).toString("hex")}`;
}
