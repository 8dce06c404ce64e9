/** What to do with values that cannot cross to another thread: fail their own command, not the batch around it. */
import { EngineError, failureOf } from "./engine-error.ts";
import type { Outcome } from "./outcome.ts";
import type { EngineCommand } from "./run-batch.ts";

/** What became of a batch on its way out. */
export interface SentBatch {
  /** Whether anything was sent, so that a report will come. */
  readonly sendable: boolean;
  /** Puts the report's outcomes in the places of the commands that were sent, and failures in the others. */
  readonly complete: (outcomes: readonly Outcome<unknown>[]) => readonly Outcome<unknown>[];
}

/** Sends the batch; when it cannot be cloned as a whole, sends it without the commands whose argument cannot. */
export function withoutUnclonable(
  commands: readonly EngineCommand[],
  send: (commands: readonly EngineCommand[]) => void,
): SentBatch {
  try {
    send(commands);
    return { sendable: true, complete: (outcomes) => outcomes };
  } catch {
    const failures = commands.map(([name, argument]) => cloneFailure(`the argument of "${name}"`, argument));
    const sound = commands.filter((_, index) => failures[index] === undefined);
    if (sound.length > 0) send(sound);
    return {
      sendable: sound.length > 0,
      complete(outcomes) {
        let next = 0;
        return failures.map((failure) => failure ?? outcomes[next++]!);
      },
    };
  }
}

/** The outcome itself, or a failure when its value cannot cross. The command was carried out all the same: the engine's author must repair it. */
export function clonableOutcome(outcome: Outcome<unknown>): Outcome<unknown> {
  if (outcome.ok) return cloneFailure("the result", outcome.value) ?? outcome;
  return cloneFailure("the error's details", outcome.details) === undefined
    ? outcome
    : { ...outcome, details: undefined };
}

function cloneFailure(what: string, value: unknown): Outcome<unknown> | undefined {
  try {
    structuredClone(value);
    return undefined;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return failureOf(new EngineError("Internal", `${what} cannot cross to another thread: ${cause}`));
  }
}
