/** Ejects a target that fails real requests, for a time that grows with each ejection. Pure. */

export interface EjectionLimits {
  /** Failures in a row that eject. */
  readonly failures: number;
  /** The first ejection; each further one is longer by as much. */
  readonly baseMs: number;
  readonly maxMs: number;
}

export interface EjectionState {
  readonly failuresInARow: number;
  /** Ejections that count: each time without one as long as the last makes it one less. */
  readonly ejections: number;
  /** Monotonic milliseconds; the target takes no load before. */
  readonly ejectedUntilMs: number;
}

export const NOT_EJECTED: EjectionState = { failuresInARow: 0, ejections: 0, ejectedUntilMs: Number.NEGATIVE_INFINITY };

export function isEjected(state: EjectionState, nowMs: number): boolean {
  return nowMs < state.ejectedUntilMs;
}

/** The state after a request. While ejected, what was on its way already changes nothing. */
export function ejectionStep(state: EjectionState, ok: boolean, nowMs: number, limits: EjectionLimits): EjectionState {
  if (isEjected(state, nowMs)) return state;
  const lastMs = Math.min(limits.maxMs, limits.baseMs * state.ejections);
  const forgiven = state.ejections > 0 && nowMs - state.ejectedUntilMs >= lastMs;
  if (ok) {
    if (state.failuresInARow === 0 && !forgiven) return state;
    // Counted from now on, so that one long quiet time forgives one ejection after the other.
    return forgiven
      ? { failuresInARow: 0, ejections: state.ejections - 1, ejectedUntilMs: nowMs }
      : { ...state, failuresInARow: 0 };
  }
  const failuresInARow = state.failuresInARow + 1;
  if (failuresInARow < limits.failures) return { ...state, failuresInARow };
  const ejections = state.ejections + 1;
  return { failuresInARow: 0, ejections, ejectedUntilMs: nowMs + Math.min(limits.maxMs, limits.baseMs * ejections) };
}
