/**
 * Delivers the events of the outbox: at least once, in order for each key, for as long as the destination is there.
 *
 * Each destination has a lane: at most one batch of it is in memory, and a lane that fails rests before it tries again, so that one queue in trouble
 * holds up no other. Nothing is remembered between batches; after a restart the outbox says what is left.
 */
import type { EventDestination } from "#data-plane/service";
import type { TimerHandle } from "#foundation/runtime";
import type { ObjectEngine, OutboxEvent } from "../engine/port.ts";
import type { ObjectsEnvironment } from "../service/environment.ts";
import { type DeliveryReport, type DeliveryTerms, deliverEvents } from "./deliver-events.ts";
import { findDestination } from "./find-destination.ts";

const SECOND = 1000;
const HOUR = 60 * 60 * SECOND;

export interface DeliveryPace extends DeliveryTerms {
  /** Events of one batch. */
  readonly batch: number;
  /** Lanes that work at the same time. */
  readonly lanes: number;
  /** Rest after the first failure, in milliseconds; it doubles with each further one. */
  readonly restMs: number;
  readonly restMaxMs: number;
}

/** At most 8 × 128 events of about 3 KiB at most (a key of 1 KiB, encoded) are in memory: 3 MiB. */
export const DELIVERY_PACE: DeliveryPace = {
  batch: 128,
  lanes: 8,
  width: 32,
  patienceMs: 30 * SECOND,
  restMs: SECOND,
  restMaxMs: 60 * SECOND,
  giveUpMs: 24 * HOUR,
};

export interface EventDelivery {
  /** Stops; what is under way may be delivered again after the next start. */
  close(): Promise<void>;
}

/** What the delivery works with. */
export interface DeliveryEnvironment
  extends Pick<ObjectsEnvironment, "clock" | "timers" | "logger" | "metrics" | "eventDestinations"> {
  readonly engine: Pick<ObjectEngine, "outbox">;
}

interface Lane {
  readonly destination: string;
  failures: number;
  resting: TimerHandle | undefined;
}

/** @example const delivery = startEventDelivery(environment); … await delivery.close(); */
export function startEventDelivery(
  environment: DeliveryEnvironment,
  pace: DeliveryPace = DELIVERY_PACE,
): EventDelivery {
  const { engine, clock, timers, logger, metrics } = environment;
  const { outbox } = engine;
  const outcomes = metrics.counter({
    name: "biplane_objects_events_total",
    help: "Events of bucket notifications by what became of an attempt to deliver them.",
    labels: ["outcome"],
  });
  const resting = metrics.gauge({
    name: "biplane_objects_event_destinations_resting",
    help: "Destinations of bucket notifications that did not take the last event and are waited for.",
  });
  /** Every destination that something waits for, whether its lane works, queues or rests. */
  const lanes = new Map<string, Lane>();
  const queue: Lane[] = [];
  const orphans = new Set<string>();
  const working = new Set<Promise<void>>();
  const stopped = new AbortController();
  metrics.onCollect(() => {
    let count = 0;
    for (const lane of lanes.values()) if (lane.resting !== undefined) count++;
    resting.labels().set(count);
  });

  const pump = (): void => {
    while (!stopped.signal.aborted && working.size < pace.lanes) {
      const lane = queue.shift();
      if (lane === undefined) break;
      const run = work(lane).finally(() => {
        working.delete(run);
        pump();
      });
      working.add(run);
    }
  };
  const enqueue = (lane: Lane): void => {
    queue.push(lane);
    pump();
  };
  const rest = (lane: Lane): void => {
    lane.failures++;
    const delayMs = Math.min(pace.restMaxMs, pace.restMs * 2 ** Math.min(lane.failures - 1, 30));
    lane.resting = timers.after(delayMs, () => {
      lane.resting = undefined;
      enqueue(lane);
    });
  };

  const tell = (lane: Lane, report: DeliveryReport): void => {
    const { destination } = lane;
    const { delivered, gone, expired, failed, error } = report;
    const counts = { delivered, gone, expired, failed };
    for (const [outcome, count] of Object.entries(counts)) if (count > 0) outcomes.labels(outcome).inc(count);
    if (gone > 0)
      logger.warn("a destination is gone or closed to this bucket; its events are dropped", { destination, gone });
    if (expired > 0)
      logger.error("events could not be delivered for too long and are dropped", { destination, expired });
    if (failed > 0 && lane.failures === 0) {
      logger.warn("events cannot be delivered now; they are kept and tried again", { destination, error });
    }
  };

  /** Whether all of the batch is settled. */
  const deliverBatch = async (
    lane: Lane,
    destination: EventDestination,
    events: readonly OutboxEvent[],
  ): Promise<boolean> => {
    const report = await deliverEvents(events, { destination, clock, timers, terms: pace, signal: stopped.signal });
    if (report.settled.length > 0) await outbox.forget(lane.destination, report.settled);
    if (!stopped.signal.aborted) tell(lane, report);
    return report.failed === 0;
  };

  /** Never rejects. */
  const work = async (lane: Lane): Promise<void> => {
    const destination = findDestination(environment, lane.destination);
    if (destination === undefined) {
      lanes.delete(lane.destination);
      if (orphans.size < ORPHANS_MAX) orphans.add(lane.destination);
      logger.error("no service of this data plane takes events for this destination; they are kept", {
        destination: lane.destination,
      });
      return;
    }
    let isSettled = false;
    try {
      const events = outbox.waiting(lane.destination, pace.batch);
      if (events.length === 0) {
        // Without waiting in between: an event that comes from now on opens a new lane.
        lanes.delete(lane.destination);
        return;
      }
      isSettled = await deliverBatch(lane, destination, events);
    } catch (error) {
      if (!stopped.signal.aborted) logger.error("the outbox of events fails; it is tried again", { error });
    }
    if (stopped.signal.aborted) return;
    if (!isSettled) return rest(lane);
    lane.failures = 0;
    enqueue(lane);
  };

  const wake = (destination: string): void => {
    // A lane looks again before it ends, and a resting one when it has rested.
    if (stopped.signal.aborted || lanes.has(destination) || orphans.has(destination)) return;
    const lane: Lane = { destination, failures: 0, resting: undefined };
    lanes.set(destination, lane);
    enqueue(lane);
  };
  const endArrivals = outbox.onArrival(wake);
  for (const destination of outbox.destinations()) wake(destination);

  return {
    async close() {
      stopped.abort(new Error("the delivery of events was closed"));
      endArrivals();
      for (const lane of lanes.values()) lane.resting?.cancel();
      await Promise.all(working);
    },
  };
}

/** Remembered so that the log says each once. */
const ORPHANS_MAX = 1000;
