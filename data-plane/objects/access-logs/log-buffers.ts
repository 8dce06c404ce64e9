/**
 * Records that wait for their delivery, in memory and within bounds. Pure.
 *
 * Records are collected in slots: those of one slot may share a log object. When as much waits as may wait, further records are dropped (and
 * counted by the caller): S3 promises its logs at best effort, and a log must never take the memory that requests need.
 */
import type { Destination } from "./destination.ts";

const MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface LogBounds {
  /** A slot that holds so much is delivered before its time. */
  readonly slotBytes: number;
  /** Of all slots, and of deliveries that are under way. */
  readonly totalBytes: number;
  readonly totalRecords: number;
}

/**
 * An ordinary record has 500 bytes, so that 16 MiB are 33,000 of them. The number of records bounds what the bytes do not: a string and its place
 * in an array cost 40 bytes (50,000 are 2 MB), and a slot, which has one record at least, some 500.
 */
export const LOG_BOUNDS: LogBounds = { slotBytes: MIB, totalBytes: 16 * MIB, totalRecords: 50_000 };

/** Records on their way into one object. */
export interface LogBatch {
  readonly destination: Destination;
  /** First moment of the day that all records are of, where the destination wants days apart. */
  readonly day: number | undefined;
  readonly lines: readonly string[];
  readonly bytes: number;
}

interface Slot {
  destination: Destination;
  readonly day: number | undefined;
  lines: string[];
  bytes: number;
  /** A delivery failed: the next round tries again, not the next record. */
  held: boolean;
}

/** `full`: kept, and the slot is now worth a delivery. */
export type Added = "kept" | "full" | "dropped";

export class LogBuffers {
  readonly #bounds: LogBounds;
  readonly #slots = new Map<string, Slot>();
  #bytes = 0;
  #records = 0;

  constructor(bounds: LogBounds = LOG_BOUNDS) {
    this.#bounds = bounds;
  }

  /** What waits, deliveries under way included. */
  get waiting(): { readonly bytes: number; readonly records: number } {
    return { bytes: this.#bytes, records: this.#records };
  }

  /** Names of the slots that hold something. */
  get slots(): readonly string[] {
    return [...this.#slots.keys()];
  }

  /** The slot that a record goes to. @param time epoch milliseconds */
  static slotOf(destination: Destination, time: number): string {
    return destination.byDay ? `${destination.slot}${Math.floor(time / DAY_MS)}` : destination.slot;
  }

  /**
   * @param line ASCII, with its end
   * @param time of the request, epoch milliseconds
   */
  add(destination: Destination, line: string, time: number): Added {
    if (this.#bytes + line.length > this.#bounds.totalBytes || this.#records >= this.#bounds.totalRecords) {
      return "dropped";
    }
    const name = LogBuffers.slotOf(destination, time);
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      const day = destination.byDay ? Math.floor(time / DAY_MS) * DAY_MS : undefined;
      slot = { destination, day, lines: [], bytes: 0, held: false };
      this.#slots.set(name, slot);
    }
    // The newest record of the bucket knows best.
    slot.destination = destination;
    slot.lines.push(line);
    slot.bytes += line.length;
    this.#bytes += line.length;
    this.#records++;
    return slot.bytes >= this.#bounds.slotBytes && !slot.held ? "full" : "kept";
  }

  /** Takes a slot out for delivery. Its records count until {@link settle} or {@link giveBack}. */
  take(name: string): LogBatch | undefined {
    const slot = this.#slots.get(name);
    if (slot === undefined) return undefined;
    this.#slots.delete(name);
    const { destination, day, lines, bytes } = slot;
    return { destination, day, lines, bytes };
  }

  /** The batch was delivered, or never will be. */
  settle(batch: LogBatch): void {
    this.#bytes -= batch.bytes;
    this.#records -= batch.lines.length;
  }

  /** The batch could not be delivered now: before what came meanwhile, it waits for another attempt. */
  giveBack(name: string, batch: LogBatch): void {
    const newer = this.#slots.get(name);
    this.#slots.set(name, {
      destination: newer?.destination ?? batch.destination,
      day: batch.day,
      lines: newer === undefined ? [...batch.lines] : [...batch.lines, ...newer.lines],
      bytes: batch.bytes + (newer?.bytes ?? 0),
      held: true,
    });
  }
}
