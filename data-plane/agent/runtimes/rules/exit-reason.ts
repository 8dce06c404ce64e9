/** Why a run ended: the reason codes of the status reports (plfm §1.13), decided in one place. */

export type ExitReason =
  /** The program ended with 0. */
  | "completed"
  /** It ended with another code, or by a signal that we did not send. */
  | "crash"
  /** It used more memory than its limit. */
  | "oom_killed"
  /** It made more processes than its limit. */
  | "process_limit"
  /** It was stopped, and ended within the grace. */
  | "terminated_by_operator"
  /** It was stopped, did not end within the grace, and was killed. */
  | "killed_after_grace"
  /** The program could not be executed. */
  | "start_failed"
  /** The agent died between deciding on the run and starting it: nothing ran. */
  | "launch_interrupted"
  /** The supervisor was killed; what remained of the instance was killed too. How the program fared is unknown. */
  | "supervisor_lost";

/** What the supervisor knows when the main process has ended. */
export interface EndOfRun {
  readonly code?: number;
  readonly signal?: string;
  /** The limit that was broken, when the supervisor killed for one, or the kernel reports that it did. */
  readonly broken?: "memory" | "processes";
  readonly stopAsked: boolean;
  readonly killedAfterGrace: boolean;
  readonly execFailed: boolean;
}

/** A limit that was broken explains more than the stop that came meanwhile; a stop explains more than the code it led to. */
export function exitReason(end: EndOfRun): ExitReason {
  if (end.execFailed) return "start_failed";
  if (end.broken === "memory") return "oom_killed";
  if (end.broken === "processes") return "process_limit";
  if (end.killedAfterGrace) return "killed_after_grace";
  if (end.stopAsked) return "terminated_by_operator";
  return end.code === 0 ? "completed" : "crash";
}
