/** One batch of events for one destination: side by side for different keys, one after the other for the same key. */
import type { EventDelivery, EventDestination } from "#data-plane/service";
import type { Clock, Timers } from "#foundation/runtime";
import type { OutboxEvent } from "../engine/port.ts";
import { messageOf } from "./event-message.ts";

export interface DeliveryTerms {
  /** Deliveries side by side. */
  readonly width: number;
  /** Milliseconds that a batch may take; deliveries that are not done by then count as failed, although they may still be done. */
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

/** The end of a batch's patience: after it, and after the signal, nothing is waited for any more. */
interface Patience {
  readonly isOver: () => boolean;
  /** Resolves when it is over. Lives no longer than the batch, so that what waits for it does not pile up. */
  readonly over: Promise<EventDelivery>;
  readonly end: () => void;
}

function patienceOf({ timers, terms, signal }: Circumstances): Patience {
  const { promise, resolve } = Promise.withResolvers<EventDelivery>();
  let isOver = false;
  const lose = (): void => {
    isOver = true;
    resolve("retry");
  };
  const timer = timers.after(terms.patienceMs, lose);
  signal.addEventListener("abort", lose);
  return {
    isOver: () => isOver || signal.aborted,
    over: promise,
    end() {
      timer.cancel();
      signal.removeEventListener("abort", lose);
    },
  };
}

/** The destination's answer, or `retry` when it does not come in time. @throws what the destination throws */
async function attempt(event: OutboxEvent, destination: EventDestination, patience: Patience): Promise<EventDelivery> {
  const message = messageOf(event);
  if (message === undefined) return "gone";
  return Promise.race([destination.deliver(event.destination, message.body, message.source), patience.over]);
}

/** Never rejects. */
export async function deliverEvents(
  events: readonly OutboxEvent[],
  circumstances: Circumstances,
): Promise<DeliveryReport> {
  const { clock, destination, terms, signal } = circumstances;
  const patience = patienceOf(circumstances);
  const report: DeliveryReport = { delivered: 0, gone: 0, expired: 0, failed: 0, settled: [] };

  /** Whether the next event of the key may follow. */
  const deliverOne = async (event: OutboxEvent): Promise<boolean> => {
    let outcome: EventDelivery | "expired" = "retry";
    try {
      outcome = await attempt(event, destination, patience);
    } catch (error) {
      report.error = error;
    }
    // What was cut short by the end of the program has not been tried.
    const isTooOld = !signal.aborted && clock.now() - event.time > terms.giveUpMs;
    if (outcome === "retry" && isTooOld) outcome = "expired";
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
        if (patience.isOver() || !(await deliverOne(event))) break;
      }
    }
  };
  // They take their chains from one iterator.
  await Promise.all(Array.from({ length: Math.min(terms.width, events.length) }, work));
  patience.end();
  return report;
}
