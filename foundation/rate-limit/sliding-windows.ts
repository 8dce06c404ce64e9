/** Quotas of a window of time that moves with it: at most so many in any window. Pure but for the clock that is given. */
import { assert } from "#foundation/errors";
import type { Clock } from "#foundation/runtime";
import { AgingMap } from "./aging-map.ts";
import { KEYS_MAX } from "./token-buckets.ts";

/** What `createSlidingWindows` needs. */
export interface SlidingWindowOptions {
  readonly clock: Clock;
  /** What may be done within a window. A whole number, 1 or more. */
  readonly quota: number;
  readonly windowMs: number;
  /** Keys that are told apart. Default {@link KEYS_MAX}. */
  readonly keysMax?: number;
  /** What happens to new keys when there are so many: they share one quota (default), or are not counted. */
  readonly whenFull?: "share" | "allow";
}

/** The answer to one request. */
export interface WindowDecision {
  readonly allowed: boolean;
  /** What is left now. */
  readonly remaining: number;
  /** Whole milliseconds after which `remaining` grows, when nothing else is taken meanwhile; 0 when nothing is taken. When refused: after which one is allowed. */
  readonly moreAfterMs: number;
}

export interface SlidingWindows {
  /** Takes one of the key's quota, or nothing when none is left. */
  take(key: string): WindowDecision;
  /** Keys kept. */
  readonly size: number;
}

/** Requests within this part of a window are remembered together, by the last of them. */
export const RUNS_PER_WINDOW = 16;

/**
 * Of each key, runs of requests are kept: when the first and the last were, and how many. A run leaves the window as a whole, when its last request does. So in any window at most
 * `quota` are allowed, whatever comes when; in return a request may be refused that an exact log of all requests would allow, but only when a request left the window less
 * than a sixteenth of it ago. A quota of one, and requests that come in bursts, are exact.
 *
 * At most 18 runs of three numbers a key (and no more than the quota), so that a key costs no more for a larger quota. When there are as many keys as may be, none is pushed out for a
 * new one: else whoever invents enough keys would have his own forgotten.
 *
 * @example
 * const calls = createSlidingWindows({ clock, quota: 100, windowMs: 60_000 });
 * const { allowed, moreAfterMs } = calls.take(clientAddress);
 */
export function createSlidingWindows(options: SlidingWindowOptions): SlidingWindows {
  const { clock, quota, windowMs, keysMax = KEYS_MAX, whenFull = "share" } = options;
  assert(Number.isSafeInteger(quota) && quota >= 1, "a quota is a whole number, 1 or more");
  assert(windowMs > 0 && Number.isFinite(windowMs), "a window is a finite time, more than none");
  const runMs = windowMs / RUNS_PER_WINDOW;
  // What was not added to for a window is empty.
  const windows = new AgingMap<Window>({ clock, lifeMs: windowMs, entriesMax: keysMax });
  const shared: Window = { runs: [], taken: 0 };

  return {
    take(key) {
      const now = clock.monotonicMs();
      let window = windows.get(key);
      const isNew = window === undefined;
      if (window === undefined) {
        if (windows.size < keysMax) window = { runs: [], taken: 0 };
        else if (whenFull === "allow") return { allowed: true, remaining: quota - 1, moreAfterMs: 0 };
        else window = shared;
      }
      const { runs } = window;
      while (runs.length > 0 && runs[LAST]! + windowMs <= now) {
        window.taken -= runs[COUNT]!;
        runs.splice(0, RUN_SIZE);
      }
      const allowed = window.taken < quota;
      if (allowed) {
        add(window, now, runMs);
        if (window !== shared) windows.set(key, window);
      }
      assert(!isNew || allowed || window === shared, "a new key has all of its quota");
      return { allowed, remaining: quota - window.taken, moreAfterMs: Math.ceil(runs[LAST]! + windowMs - now) };
    },
    get size() {
      return windows.size;
    },
  };
}

interface Window {
  /** First, last, count of each, oldest first. */
  readonly runs: number[];
  taken: number;
}

const RUN_SIZE = 3;
/** Places in a run. */
const LAST = 1;
const COUNT = 2;

function add(window: Window, now: number, runMs: number): void {
  const { runs } = window;
  const latest = runs.length - RUN_SIZE;
  window.taken++;
  if (latest >= 0 && now - runs[latest]! < runMs) {
    runs[latest + LAST] = now;
    runs[latest + COUNT]! += 1;
  } else runs.push(now, now, 1);
}
