/** One of those among whom a load is shared. Pure. */

/** What a balancer knows of a target. Its owner changes it by the balancer's methods alone. */
export interface Member<T> {
  readonly id: string;
  readonly target: T;
  /** Share of the load, relative to the others; 0 takes none. */
  readonly weight: number;
  /**
   * - `ready` takes new load
   * - `out` takes none: not healthy, or ejected
   * - `draining` takes none any more; what it has may end
   */
  readonly state: "ready" | "out" | "draining";
  /** When it became ready, monotonic milliseconds; slow start counts from here. */
  readonly readySinceMs: number;
  /** When a draining one is to be gone at the latest; `Infinity` otherwise. */
  readonly drainDeadlineMs: number;
  /** What it is at work on: requests or connections. */
  readonly outstanding: number;
}

/** Weight of a slow start at its beginning, as a share of the whole: a member with none at all would never warm up. */
const SLOW_START_SHARE_MIN = 0.1;

/**
 * The weight of now. During a slow start it grows linearly, so that a new member is not flooded as soon as it is the one with the least to do.
 * @param slowStartMs 0 for none
 */
export function effectiveWeight(member: Member<unknown>, nowMs: number, slowStartMs: number): number {
  const age = nowMs - member.readySinceMs;
  if (slowStartMs <= 0 || age >= slowStartMs) return member.weight;
  return member.weight * Math.max(SLOW_START_SHARE_MIN, age / slowStartMs);
}
