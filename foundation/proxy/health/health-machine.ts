/** Whether a target is healthy, decided from one result after the other. Pure. */

/** How one check ended. */
export type CheckResult =
  | { readonly kind: "passed" }
  /** An answer that does not match: its status. */
  | { readonly kind: "mismatch"; readonly status: number }
  /** Nothing in time. */
  | { readonly kind: "timeout" }
  /** No connection, or no answer of the protocol. */
  | { readonly kind: "failed"; readonly reason: string };

export interface HealthThresholds {
  /** Passed checks in a row after which an unhealthy target is healthy. */
  readonly healthy: number;
  /** Failed ones in a row after which a healthy target is unhealthy. */
  readonly unhealthy: number;
  /** Passed ones in a row after which a new target is healthy. Default 1: it is not to wait for what it has never failed. */
  readonly initial?: number;
}

export interface HealthState {
  readonly status: "initial" | "healthy" | "unhealthy";
  /** Results of the last kind, in a row. */
  readonly inARow: number;
  readonly last: CheckResult | undefined;
}

export const INITIAL_HEALTH: HealthState = { status: "initial", inARow: 0, last: undefined };

/** The state after a result. The same object's `status` differs when the target has turned. */
export function healthStep(state: HealthState, result: CheckResult, thresholds: HealthThresholds): HealthState {
  const passed = result.kind === "passed";
  const continues = state.last !== undefined && (state.last.kind === "passed") === passed;
  const inARow = continues ? state.inARow + 1 : 1;
  return { status: statusAfter(state.status, passed, inARow, thresholds), inARow, last: result };
}

function statusAfter(
  status: HealthState["status"],
  passed: boolean,
  inARow: number,
  { healthy, unhealthy, initial = 1 }: HealthThresholds,
): HealthState["status"] {
  if (!passed) return inARow >= unhealthy ? "unhealthy" : status;
  return inARow >= (status === "initial" ? initial : healthy) ? "healthy" : status;
}
