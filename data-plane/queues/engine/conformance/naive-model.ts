/**
 * What queues do, said in the simplest way: lists that are walked through from the beginning for every question. The oracle of the model check.
 */

import { DAY, HOUR, MINUTE } from "./fixture.ts";

export interface NaiveSettings {
  readonly fifo: boolean;
  readonly visibilityMs: number;
  readonly delayMs: number;
  readonly retentionMs: number;
  readonly perGroupDeduplication: boolean;
  readonly maxReceiveCount: number | undefined;
}

export interface NaiveMessage {
  readonly body: string;
  readonly group: string | undefined;
  readonly sentAt: number;
  /** The end of the delay, then of the latest visibility timeout. */
  visibleAt: number;
  state: "delayed" | "received" | "never";
  receives: number;
  /** In the queues that it came from as a dead letter. */
  readonly receivedBefore: number;
  receivedAt: number;
  /** Another one at each receive. */
  receipt: object | undefined;
  changed: boolean;
}

export class NaiveQueue {
  messages: NaiveMessage[] = [];
  readonly #accepted = new Map<string, { readonly body: string; readonly at: number }>();
  readonly #attempts = new Map<
    string,
    { readonly at: number; readonly held: readonly (readonly [NaiveMessage, object])[] }
  >();
  readonly settings: NaiveSettings;
  readonly #deadLetters: NaiveQueue | undefined;

  constructor(settings: NaiveSettings, deadLetters?: NaiveQueue) {
    this.settings = settings;
    this.#deadLetters = deadLetters;
  }

  /** False for a duplicate. */
  send(
    now: number,
    body: string,
    group: string | undefined,
    deduplicationId: string,
    delayMs = this.settings.delayMs,
  ): boolean {
    if (this.settings.fifo) {
      const id = JSON.stringify([this.settings.perGroupDeduplication ? group : "", deduplicationId]);
      const before = this.#accepted.get(id);
      if (before !== undefined && now < before.at + 5 * MINUTE) return false;
      this.#accepted.set(id, { body, at: now });
    }
    this.messages.push({
      body,
      group,
      sentAt: now,
      visibleAt: now + delayMs,
      state: delayMs > 0 ? "delayed" : "never",
      receives: 0,
      receivedBefore: 0,
      receivedAt: 0,
      receipt: undefined,
      changed: false,
    });
    return true;
  }

  expire(now: number): void {
    this.messages = this.messages.filter((message) => now < message.sentAt + this.settings.retentionMs);
  }

  receive(
    now: number,
    max: number,
    visibilityMs = this.settings.visibilityMs,
    attempt?: string,
  ): readonly NaiveMessage[] {
    this.expire(now);
    const repeated = attempt === undefined ? undefined : this.#repeat(now, attempt, visibilityMs);
    if (repeated !== undefined) return repeated;
    const taken: NaiveMessage[] = [];
    const blocked = new Set(
      this.messages
        .filter((message) => this.settings.fifo && message.receives > 0 && now < message.visibleAt)
        .map((message) => message.group),
    );
    // Groups in the order of their first messages, each with all of its messages in order; without groups just in order.
    const groups = [...new Set(this.messages.map((message) => message.group))];
    const order = this.settings.fifo
      ? groups.flatMap((group) => this.messages.filter((message) => message.group === group))
      : [...this.messages];
    for (const message of order) {
      if (taken.length === max) break;
      if (now < message.visibleAt || blocked.has(message.group)) {
        if (this.settings.fifo) blocked.add(message.group);
        continue;
      }
      if (
        this.#deadLetters !== undefined &&
        message.receives >= (this.settings.maxReceiveCount ?? Number.POSITIVE_INFINITY)
      ) {
        this.messages.splice(this.messages.indexOf(message), 1);
        this.#deadLetters.messages.push({
          ...message,
          visibleAt: now,
          receives: 0,
          receivedBefore: message.receivedBefore + message.receives,
          receipt: undefined,
          state: "never",
        });
        continue;
      }
      message.receives++;
      message.receipt = {};
      message.changed = false;
      message.receivedAt = now;
      message.visibleAt = now + visibilityMs;
      message.state = "received";
      taken.push(message);
    }
    if (attempt !== undefined && taken.length > 0) {
      this.#attempts.set(attempt, { at: now, held: taken.map((message) => [message, message.receipt!]) });
    }
    return taken;
  }

  #repeat(now: number, attempt: string, visibilityMs: number): readonly NaiveMessage[] | undefined {
    const before = this.#attempts.get(attempt);
    if (before === undefined || now >= before.at + 5 * MINUTE) return undefined;
    for (const [message, receipt] of before.held) {
      const held = this.messages.includes(message) && message.receipt === receipt && now < message.visibleAt;
      if (!held || message.changed) return undefined;
    }
    for (const [message] of before.held) message.visibleAt = now + visibilityMs;
    return before.held.map(([message]) => message);
  }

  delete(now: number, message: NaiveMessage, receipt: object): string {
    this.expire(now);
    if (!this.messages.includes(message)) return "deleted";
    if (message.receipt !== receipt) return "stale";
    if (this.settings.fifo && now >= message.visibleAt) return "expired";
    this.messages.splice(this.messages.indexOf(message), 1);
    return "deleted";
  }

  change(now: number, message: NaiveMessage, receipt: object, visibilityMs: number): string {
    this.expire(now);
    if (!this.messages.includes(message)) return "gone";
    if (message.receipt !== receipt) return "stale";
    if (now >= message.visibleAt) return "notInFlight";
    if (now + visibilityMs > message.receivedAt + 12 * HOUR) return "tooLong";
    message.visibleAt = now + visibilityMs;
    message.changed = true;
    return "changed";
  }

  release(now: number, message: NaiveMessage, receipt: object): void {
    this.expire(now);
    if (!this.messages.includes(message) || message.receipt !== receipt || now >= message.visibleAt) return;
    message.visibleAt = now;
    message.receives--;
    message.receipt = {};
  }

  counts(now: number): string {
    this.expire(now);
    const invisible = this.messages.filter((message) => now < message.visibleAt);
    const delayed = invisible.filter((message) => message.state === "delayed").length;
    return `${this.messages.length - invisible.length} ${invisible.length - delayed} ${delayed}`;
  }
}

export const NAIVE_DEFAULTS: NaiveSettings = {
  fifo: false,
  visibilityMs: 30_000,
  delayMs: 0,
  retentionMs: 4 * DAY,
  perGroupDeduplication: false,
  maxReceiveCount: undefined,
};
