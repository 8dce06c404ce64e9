/** When to try again. */
import type { Random } from "#foundation/runtime";

/** The first wait; a connection to a neighbour takes about 5 ms. */
const FIRST_MS = 25;
/** The longest wait: whoever waits for a server that is back waits at most this much longer. */
const LONGEST_MS = 1_000;

/**
 * The wait after `failures` failures in a row (1, 2, 3 …): doubled each time, up to a second, and drawn from its upper half so that many who lost the same server do not
 * come back together.
 */
export function backoffMs(failures: number, random: Random): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(whole / 2 + random.float() * (whole / 2));
}
