/** How often connections of a gateway take the place of one another: once after a network has failed, all the time where two gateways have one identity. */
import { REPLACEMENTS_MAX, REPLACEMENTS_PERIOD_MS } from "./link-limits.ts";

export interface Replacements {
  readonly count: number;
  /** Epoch milliseconds: when the count began. */
  readonly since: number;
}

/** Whether it is two of them. @param before of the connection whose place would be taken */
export function isContested(before: Replacements | undefined, now: number): boolean {
  return before !== undefined && before.count >= REPLACEMENTS_MAX && now - before.since < REPLACEMENTS_PERIOD_MS;
}

/** @param before of the connection whose place is taken; undefined: of none */
export function replacementsAfter(before: Replacements | undefined, now: number): Replacements {
  if (before === undefined) return { count: 0, since: now };
  const { count, since } = before;
  return now - since < REPLACEMENTS_PERIOD_MS ? { count: count + 1, since } : { count: 1, since: now };
}
