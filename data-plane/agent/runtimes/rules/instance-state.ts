/** The life of an instance, as a pure reading of what is on disk and who is alive. */

export type InstancePhase =
  /** Never started. */
  | "created"
  /** A run is decided; its program does not run yet. */
  | "starting"
  | "running"
  /** Asked to end. */
  | "stopping"
  | "exited";

/** What the files of the newest run and the process table say. */
export interface RunEvidence {
  /** 0 when there was no run. */
  readonly run: number;
  /** The run's claim is taken: by its supervisor, or by an adopter who declared it dead. */
  readonly claimed: boolean;
  readonly supervisorAlive: boolean;
  readonly programStarted: boolean;
  readonly stopAsked: boolean;
  readonly exitWritten: boolean;
}

/** `orphaned`: claimed by a supervisor that is gone without an exit. `unclaimed`: decided, and nobody took it up yet. */
export type RunState = InstancePhase | "orphaned" | "unclaimed";

/** The one reading of the evidence. The exit is final: whatever else there is, a run with an exit has ended. */
export function stateOfRun(evidence: RunEvidence): RunState {
  if (evidence.run === 0) return "created";
  if (evidence.exitWritten) return "exited";
  if (!evidence.claimed) return "unclaimed";
  if (!evidence.supervisorAlive) return "orphaned";
  if (!evidence.programStarted) return "starting";
  return evidence.stopAsked ? "stopping" : "running";
}

/** What to do about a run that an agent finds when it starts. */
export type AdoptStep = "keep" | "bury" | "fence";

/**
 * `fence`: take the claim, so that a supervisor which is still on its way can no longer start anything, and write the exit.
 * `bury`: kill what the lost supervisor left behind, and write the exit.
 */
export function adoptStep(state: RunState): AdoptStep {
  if (state === "unclaimed") return "fence";
  return state === "orphaned" ? "bury" : "keep";
}

/** Whether a new run may begin. */
export function mayStart(state: RunState): boolean {
  return state === "created" || state === "exited";
}

/** What to tell the agent: the two states that adoption resolves look like what they are on their way to. */
export function phaseOf(state: RunState): InstancePhase {
  if (state === "unclaimed") return "starting";
  return state === "orphaned" ? "stopping" : state;
}
