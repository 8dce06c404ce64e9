/** How long bodies have been in the journal, without a note for each: their numbers grow with time. */

import type { Clock } from "#foundation/runtime";

/** Ages are known to this precision. */
const PRECISION_MS = 500;

/** Bodies up to this number were committed, the first of them at this monotonic time in milliseconds. */
interface Mark {
  readonly at: number;
  upTo: number;
}

export interface BodyAges {
  /** A body came into the journal now. */
  note(body: number): void;
  /** Bodies of at least this age: all numbers up to `upTo`, 0 for none. `forget` when they have left the journal; what came meanwhile stays. */
  mature(ageMs: number): { readonly upTo: number; forget(): void };
  /** Age of the oldest body, in milliseconds. */
  readonly oldestMs: number | undefined;
}

export function openBodyAges(clock: Pick<Clock, "monotonicMs">): BodyAges {
  /** The oldest first. */
  let marks: Mark[] = [];
  /** The mark that further bodies are added to. */
  let open: Mark | undefined;
  return {
    note(body) {
      const at = clock.monotonicMs();
      if (open === undefined || at - open.at >= PRECISION_MS) {
        open = { at, upTo: body };
        marks.push(open);
      } else open.upTo = Math.max(open.upTo, body);
    },
    mature(ageMs) {
      const before = clock.monotonicMs() - ageMs;
      const old = marks.filter(({ at }) => at <= before);
      // Bodies that come from now on are younger.
      open = undefined;
      return {
        upTo: Math.max(0, ...old.map(({ upTo }) => upTo)),
        forget() {
          marks = marks.filter((mark) => !old.includes(mark));
        },
      };
    },
    get oldestMs() {
      const oldest = marks[0];
      return oldest && clock.monotonicMs() - oldest.at;
    },
  };
}
