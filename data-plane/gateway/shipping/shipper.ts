/**
 * Entries on their way to a server: gathered, sent one delivery after the other, tried again for a while, and lost (and counted) when there are too many. Nobody waits for it.
 */
import { type Origin, send } from "#foundation/http1";
import type { TimerHandle } from "#foundation/runtime";
import type { Counter } from "#foundation/telemetry";
import type { PluginHost } from "../plugins/plugin.ts";

export interface ShipperOptions {
  readonly origin: Origin;
  readonly hostField: string;
  readonly target: string;
  readonly method: string;
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  readonly timeoutMs: number;
  readonly batchMax: number;
  readonly flushMs: number;
  readonly queueMax: number;
  /** What is shipped, for people: `entries for a log server`. */
  readonly what: string;
  /** Of entries, by what became of them. */
  readonly counters: { readonly sent: Counter; readonly lost: Counter };
  /** Makes a body of entries, each of which is JSON. */
  readonly encode: (entries: readonly string[]) => string;
}

/** A delivery is tried this often, after 1 s, 2 s and 4 s; then its entries are lost. */
const ATTEMPTS_MAX = 4;
const FIRST_RETRY_MS = 1_000;
/** Entries with the fields of requests may be long. */
const QUEUE_CHARACTERS_MAX = 64 * 1024 * 1024;
/** Said of lost entries once in a while, not of each. */
const WARN_EVERY_MS = 60_000;

export type ShipperHost = Pick<PluginHost, "pool" | "timers" | "clock" | "log">;

export class Shipper {
  readonly #options: ShipperOptions;
  readonly #host: ShipperHost;
  readonly #queue: string[] = [];
  /** Characters of what waits. */
  #length = 0;
  #timer: TimerHandle | undefined;
  #isSending = false;
  #isClosed = false;
  #onIdle: (() => void) | undefined;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ShipperOptions, host: ShipperHost) {
    this.#options = options;
    this.#host = host;
  }

  /** Entries that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** @param entry JSON */
  add(entry: string): void {
    this.#queue.push(entry);
    this.#length += entry.length;
    if (this.#queue.length > this.#options.queueMax || this.#length > QUEUE_CHARACTERS_MAX) {
      // Not one by one: taking from the front of an array costs its length.
      this.#lose(this.#take(Math.max(1, this.#queue.length >> 4)).length, "the queue is full");
    }
    if (this.#queue.length >= this.#options.batchMax) this.#flush();
    else if (!this.#isSending) this.#timer ??= this.#host.timers.after(this.#options.flushMs, () => this.#flush());
  }

  /** What waits is sent still, as far as it can be at once. @returns when it is, or is lost */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#flush();
    return new Promise((resolve) => {
      if (this.#isSending) this.#onIdle = resolve;
      else resolve();
    });
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isSending || this.#queue.length === 0) return;
    this.#isSending = true;
    this.#deliver(this.#take(this.#options.batchMax), 1);
  }

  #take(count: number): readonly string[] {
    const entries = this.#queue.splice(0, count);
    for (const entry of entries) this.#length -= entry.length;
    return entries;
  }

  #deliver(entries: readonly string[], attempt: number): void {
    this.#post(entries).then(
      (status) => {
        if (status >= 200 && status < 300) this.#delivered(entries.length);
        // What is refused is refused again; except that too much was asked.
        else if (status < 500 && status !== 408 && status !== 429) {
          this.#lose(entries.length, `the server answers ${status}`);
          this.#next();
        } else this.#again(entries, attempt, `the server answers ${status}`);
      },
      (error: unknown) => this.#again(entries, attempt, error instanceof Error ? error.message : String(error)),
    );
  }

  async #post(entries: readonly string[]): Promise<number> {
    const { origin, hostField, target, method, fields, timeoutMs, encode } = this.#options;
    const response = await send(this.#host.pool, origin, {
      method,
      target,
      host: hostField,
      fields,
      body: Buffer.from(encode(entries)),
      totalTimeoutMs: timeoutMs,
    });
    response.body.drop();
    return response.status;
  }

  #delivered(count: number): void {
    this.#options.counters.sent.inc(count);
    this.#next();
  }

  #again(entries: readonly string[], attempt: number, reason: string): void {
    if (attempt >= ATTEMPTS_MAX || this.#isClosed) {
      this.#lose(entries.length, reason);
      this.#next();
      return;
    }
    this.#host.timers.after(FIRST_RETRY_MS * 2 ** (attempt - 1), () => this.#deliver(entries, attempt + 1));
  }

  /** What has come meanwhile has waited long enough. */
  #next(): void {
    this.#isSending = false;
    this.#flush();
    if (!this.#isSending) this.#onIdle?.();
  }

  #lose(count: number, reason: string): void {
    this.#options.counters.lost.inc(count);
    const now = this.#host.clock.monotonicMs();
    if (now - this.#warnedAtMs < WARN_EVERY_MS) return;
    this.#warnedAtMs = now;
    this.#host.log.warn(`${this.#options.what} are lost`, { count, reason, server: this.#options.hostField });
  }
}
