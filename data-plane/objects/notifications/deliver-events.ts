/** One batch of events for one destination: side by side for different keys, one after the other for the same key. */
import type { EventDelivery, EventDestination } from "#data-plane/service";
import { type Clock, sleep, type Timers } from "#foundation/runtime";
import type { OutboxEvent } from "../engine/port.ts";
import { messageOf } from "./event-message.ts";

export interface DeliveryTerms {
  /** Deliveries side by side. */
  readonly width: number;
  /** Milliseconds that one delivery may take; after that it counts as not done, although it may still be. */
  readonly patienceMs: number;
  /** Milliseconds after its write at which an event that cannot be delivered is given up. */
  readonly giveUpMs: number;
}

/** Numbers of events by what became of them. */
export interface DeliveryReport {
  delivered: number;
  gone: number;
  expired: number;
  /** Those that were tried and failed; events behind them on the same key were not tried. */
  failed: number;
  /** Why the last one failed, when the destination threw. */
  error?: unknown;
  /** Events that need not be delivered any more. */
  readonly settled: number[];
}

interface Circumstances {
  readonly destination: EventDestination;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly terms: DeliveryTerms;
  /** Ends the waiting for deliveries that are under way. */
  readonly signal: AbortSignal;
}

function chainsOf(events: readonly OutboxEvent[]): readonly (readonly OutboxEvent[])[] {
  const chains = new Map<string, OutboxEvent[]>();
  for (const event of events) {
    const chain = chains.get(event.key);
    if (chain === undefined) chains.set(event.key, [event]);
    else chain.push(event);
  }
  return [...chains.values()];
}

/** The destination's answer, or `retry` when it takes too long. @throws what the destination throws */
async function attempt(event: OutboxEvent, circumstances: Circumstances): Promise<EventDelivery> {
  const message = messageOf(event);
  if (message === undefined) return "gone";
  const { destination, timers, terms, signal } = circumstances;
  const answered = new AbortController();
  const tooLong = sleep(timers, terms.patienceMs, AbortSignal.any([answered.signal, signal])).then(
    (): EventDelivery => "retry",
    (): EventDelivery => "retry",
  );
  try {
    return await Promise.race([destination.deliver(event.destination, message.body, message.source), tooLong]);
  } finally {
    answered.abort();
  }
}

/** Never rejects. */
export async function deliverEvents(
  events: readonly OutboxEvent[],
  circumstances: Circumstances,
): Promise<DeliveryReport> {
  const { clock, terms, signal } = circumstances;
  const report: DeliveryReport = { delivered: 0, gone: 0, expired: 0, failed: 0, settled: [] };

  /** Whether the next event of the key may follow. */
  const deliverOne = async (event: OutboxEvent): Promise<boolean> => {
    let outcome: EventDelivery | "expired" = "retry";
    try {
      outcome = await attempt(event, circumstances);
    } catch (error) {
      report.error = error;
    }
    if (outcome === "retry" && clock.now() - event.time > terms.giveUpMs) outcome = "expired";
    if (outcome === "retry") {
      report.failed++;
      return false;
    }
    report[outcome]++;
    report.settled.push(event.id);
    return true;
  };

  const waiting = chainsOf(events).values();
  const work = async (): Promise<void> => {
    for (const chain of waiting) {
      for (const event of chain) {
        if (signal.aborted || !(await deliverOne(event))) break;
      }
    }
  };
  // They take their chains from one iterator.
  await Promise.all(Array.from({ length: Math.min(terms.width, events.length) }, work));
  return report;
}
