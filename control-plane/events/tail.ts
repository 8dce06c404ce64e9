/** Following the log as it grows. */
import type { EventEnvelope, EventId } from "#contracts";
import type { EventStore } from "./store/event-store.ts";

/** Events per step. */
const STEP = 500;

/**
 * Yields every event after the cursor, exactly in order and without gaps, first those that exist, then new ones as they are committed. Ends when the signal is
 * aborted. The reader's own pace is the only buffer: a slow reader reads later, nothing is kept for it.
 */
export async function* tailEvents(
  store: EventStore,
  after: EventId,
  signal: AbortSignal,
): AsyncGenerator<readonly EventEnvelope[], void, void> {
  let cursor = after;
  let grown = false;
  let wake = (): void => undefined;
  const poke = (): void => {
    grown = true;
    wake();
  };
  const unsubscribe = store.onAppended(poke);
  signal.addEventListener("abort", poke);
  try {
    while (!signal.aborted) {
      grown = false;
      const events = await store.read(cursor, STEP);
      if (events.length > 0) {
        cursor = events.at(-1)!.id;
        yield events;
        continue;
      }
      // A commit between the read and here has set `grown`: read again instead of sleeping.
      if (!grown) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", poke);
  }
}
