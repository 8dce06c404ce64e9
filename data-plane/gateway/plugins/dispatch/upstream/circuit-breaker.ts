/** Leaves a server alone that fails, and tries it with one request after a while. Pure: time is told. */

export interface BreakerLimits {
  /** Failures within the window that open it. */
  readonly failures: number;
  readonly windowMs: number;
  /** How long it stays open before one request tries again. */
  readonly resetMs: number;
}

export type BreakerState =
  /** Requests pass. When the last ones failed, oldest first, at most as many as open it. */
  | { readonly kind: "closed"; readonly failedAtMs: readonly number[] }
  | { readonly kind: "open"; readonly untilMs: number }
  /** One request tries; all others are refused until it is known what becomes of it. */
  | { readonly kind: "trying" };

/** What became of a request; `unknown` when it says nothing about the server, such as when its client has gone. */
export type Outcome = "ok" | "failed" | "unknown";

export const CLOSED: BreakerState = { kind: "closed", failedAtMs: [] };

export function breakerAdmits(state: BreakerState, nowMs: number): boolean {
  return state.kind === "closed" || (state.kind === "open" && nowMs >= state.untilMs);
}

/** A request that was admitted begins. @returns the state from now on; `trying` makes this request the one that tries */
export function breakerBegun(state: BreakerState): BreakerState {
  return state.kind === "open" ? { kind: "trying" } : state;
}

/**
 * The state after a request.
 *
 * @param isTrial whether this request was the one that tries: what others, begun before, come to says nothing about now
 */
export function breakerEnded(
  state: BreakerState,
  outcome: Outcome,
  isTrial: boolean,
  nowMs: number,
  limits: BreakerLimits,
): BreakerState {
  if (state.kind === "trying") {
    if (!isTrial) return state;
    if (outcome === "ok") return CLOSED;
    // Nothing was learned: the next request may try at once.
    return { kind: "open", untilMs: outcome === "failed" ? nowMs + limits.resetMs : nowMs };
  }
  if (state.kind === "open" || outcome !== "failed") return state;
  const failedAtMs = state.failedAtMs.filter((atMs) => nowMs - atMs < limits.windowMs);
  failedAtMs.push(nowMs);
  if (failedAtMs.length < limits.failures) return { kind: "closed", failedAtMs };
  return { kind: "open", untilMs: nowMs + limits.resetMs };
}
