/**
 * Long work in slices, so that other requests are answered in between.
 *
 * One thread answers all requests of all services. A batch of 16 MB is a hundred milliseconds of work: done in one go, it makes a small request beside it wait that long.
 */
import type { Clock } from "#foundation/runtime";

/** How long work goes on before others have their turn: some fifteen small requests. Beginning again costs 20 µs. */
const SLICE_MS = 1;

export interface Turn {
  /** Others have waited long enough. */
  readonly isOver: boolean;
  /** Lets the other callbacks of the event loop run, and those of other long work; then another turn begins. */
  next(): Promise<void>;
}

/** The first turn of some work begins now. */
export function takeTurns(clock: Clock, giveWay: () => Promise<void> = standInLine): Turn {
  let began = clock.monotonicMs();
  return {
    get isOver() {
      return clock.monotonicMs() - began >= SLICE_MS;
    },
    async next() {
      await giveWay();
      began = clock.monotonicMs();
    },
  };
}

/**
 * `items.map(work)` that gives way.
 * @example
 * const turn = takeTurns(clock);
 * const items = await inTurns(turn, requests, ({ PutRequest }) => normalizeItem(PutRequest.Item));
 */
export async function inTurns<Item, Result>(
  turn: Turn,
  items: readonly Item[],
  work: (item: Item, at: number) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [at, item] of items.entries()) {
    if (turn.isOver) await turn.next();
    results.push(work(item, at));
  }
  return results;
}

/** Likewise for work that goes on elsewhere once it was started. Resolves when all of it is done, and rejects as `Promise.all` does. */
export async function startInTurns<Item, Result>(
  turn: Turn,
  items: readonly Item[],
  start: (item: Item, at: number) => Promise<Result>,
): Promise<Result[]> {
  const started = await inTurns(turn, items, (item, at) => {
    const one = start(item, at);
    // It may fail before the last one was started: whoever awaits the whole hears of it.
    one.catch(() => undefined);
    return one;
  });
  return Promise.all(started);
}

/** Long work that waits for its next turn. */
const line: (() => void)[] = [];

/** One goes on in each round of the event loop: ten large requests at a time make a small one wait for one slice, not for ten. */
function standInLine(): Promise<void> {
  return new Promise((resume) => {
    line.push(resume);
    if (line.length === 1) setImmediate(callFirst);
  });
}

function callFirst(): void {
  line.shift()?.();
  if (line.length > 0) setImmediate(callFirst);
}
