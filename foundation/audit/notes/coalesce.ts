/** Makes few records of many like events, so that a flood of refusals fills neither the disk nor the memory. Pure but for the clock. */
import { createTokenBuckets, type TokenBuckets } from "#foundation/rate-limit";
import type { Clock } from "#foundation/runtime";
import type { AuditActor, AuditEvent, AuditRecord } from "../record.ts";

/** Like events of a minute become one record. */
export const WINDOW_MS = 60_000;

/**
 * Kinds of events told apart. Each new kind takes a token, of its source and of all; a kind without one is counted together with others.
 *
 * A token stands for at most two records, the first event and the count of the rest of its minute, so that in the long run a flood of ever new kinds writes 120 records a
 * minute: about 1.2 KiB each with its index entries, 200 MB a day; five times that when every text is as long as it may be. One source alone writes a sixth of that.
 *
 * Memory needs no limit of its own: a window lives for a minute and has cost a token, so there are never more than 1,000 + 60, and one for each decision and category.
 */
export const KINDS_OF_ALL = { capacity: 1000, refillPerSecond: 1 } as const;
export const KINDS_OF_SOURCE = { capacity: 100, refillPerSecond: 1 / 6 } as const;

/** Sources told apart. */
const SOURCES_MAX = 10_000;

/** A record without plane; the time is the event's. */
export type NotedRecord = Omit<AuditRecord, "plane">;

interface Window {
  readonly endsAt: number;
  readonly kind: Kind;
  /** What those that were not written yet have in common; undefined when there are none. */
  rest: { event: AuditEvent; count: number; at: number; until: number } | undefined;
}

/** What makes events alike. `folded`: many kinds are counted together. */
interface Kind {
  readonly key: string;
  readonly source: string;
  readonly folded: boolean;
}

export class Coalescer {
  readonly #clock: Clock;
  readonly #ofAll: TokenBuckets;
  readonly #ofSource: TokenBuckets;
  /** In the order in which they end. */
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#ofAll = createTokenBuckets({ clock, ...KINDS_OF_ALL, keysMax: 1 });
    this.#ofSource = createTokenBuckets({ clock, ...KINDS_OF_SOURCE, keysMax: SOURCES_MAX });
  }

  /** Windows that are open. */
  get size(): number {
    return this.#windows.size;
  }

  /** Takes a bounded event; returns it as the record to write now when it is the first of its kind. */
  take(event: AuditEvent): NotedRecord | undefined {
    const at = this.#clock.now();
    const kind = this.#kindOf(event);
    const open = this.#windows.get(kind.key);
    if (open === undefined && !kind.folded) {
      this.#open(kind);
      return { ...event, at };
    }
    const window = open ?? this.#open(kind);
    const { rest } = window;
    if (rest === undefined) {
      window.rest = { event, count: 1, at, until: at };
      return undefined;
    }
    rest.event = common(rest.event, event);
    rest.count++;
    rest.until = at;
    return undefined;
  }

  /** The counts of those windows that have ended. */
  due(): readonly NotedRecord[] {
    const now = this.#clock.monotonicMs();
    const records: NotedRecord[] = [];
    for (const [key, window] of this.#windows) {
      if (window.endsAt > now) break;
      this.#windows.delete(key);
      if (window.rest === undefined) continue;
      records.push(summary(window.rest));
      // It goes on, probably: another minute is counted without writing its first one by itself, if there is a token for it.
      if (window.kind.folded || this.#mayOpen(window.kind.source)) this.#open(window.kind);
    }
    return records;
  }

  /** The counts of all windows, before the end. */
  flush(): readonly NotedRecord[] {
    const records = [...this.#windows.values()].flatMap(({ rest }) => (rest === undefined ? [] : [summary(rest)]));
    this.#windows.clear();
    return records;
  }

  #kindOf(event: AuditEvent): Kind {
    const source = event.sourceIp ?? event.actor.id;
    const { category, decision, action, actor, sourceIp, reason } = event;
    // Bounded texts hold no control characters: NUL keeps them apart. Every refused request comes here.
    const coarse = `${category}\0${decision}`;
    const exact = `${coarse}\0${action}\0${actor.id}\0${sourceIp ?? ""}\0${reason}`;
    if (this.#windows.has(exact) || this.#mayOpen(source)) return { key: exact, source, folded: false };
    const ofSource = `${coarse}\0${source}`;
    if (this.#windows.has(ofSource) || this.#ofAll.take("").allowed) return { key: ofSource, source, folded: true };
    return { key: coarse, source: "", folded: true };
  }

  #mayOpen(source: string): boolean {
    if (!this.#ofSource.take(source).allowed) return false;
    if (this.#ofAll.take("").allowed) return true;
    this.#ofSource.giveBack(source);
    return false;
  }

  #open(kind: Kind): Window {
    const window: Window = { endsAt: this.#clock.monotonicMs() + WINDOW_MS, kind, rest: undefined };
    this.#windows.set(kind.key, window);
    return window;
  }
}

function summary({ event, count, at, until }: NonNullable<Window["rest"]>): NotedRecord {
  return count === 1 ? { ...event, at } : { ...event, at, until, count };
}

/** What both have in common. Members that every record has say `various` where they differ, others are left out; the request is that of the first. */
function common(left: AuditEvent, right: AuditEvent): AuditEvent {
  const { category, decision, requestId } = left;
  return {
    ...agreed(left, right),
    category,
    decision,
    requestId,
    actor:
      left.actor.id === right.actor.id
        ? { ...agreed(left.actor, right.actor), id: left.actor.id, type: left.actor.type }
        : VARIOUS,
    action: left.action === right.action ? left.action : VARIOUS.id,
    reason: left.reason === right.reason ? left.reason : "Too many different events to record each of them.",
  };
}

const VARIOUS: AuditActor = { type: "various", id: "various" };

/** The members with the same value on both sides. */
function agreed<Shape extends object>(left: Shape, right: Shape): Partial<Shape> {
  const kept: Partial<Shape> = {};
  for (const name of Object.keys(left) as (keyof Shape)[]) if (left[name] === right[name]) kept[name] = left[name];
  return kept;
}
