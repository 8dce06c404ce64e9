/**
 * How the work of a director ends.
 */
import type { Stall } from "./stalls.ts";

/** Why a director has ended. After all but `stopped` and `superseded` it is for the coordinator to begin another epoch. */
export type DirectorEnd =
  /** The signal was aborted: the leadership is lost, or the process ends. */
  | { readonly reason: "stopped" }
  /** Somebody has said that there is a newer epoch, or another director of this one. */
  | { readonly reason: "superseded"; readonly epoch?: bigint }
  /** It failed after parts of the new transaction system were in use, so that the epoch cannot be tried again. */
  | { readonly reason: "failed"; readonly stall: Stall }
  /** Whether the layout was committed is not known. */
  | { readonly reason: "commit_unknown"; readonly cause: string }
  /** What the epoch needs has gone. */
  | {
      readonly reason: "component_lost";
      readonly kind: string;
      readonly id: string;
      readonly node: string;
      readonly cause: string;
    }
  /** Nothing is wrong, but a recovery now would give what is wanted, and the layout that there is does not. */
  | { readonly reason: "better_layout"; readonly cause: string };

/** Carries an ending through the calls of an attempt. */
export class Ended extends Error {
  override readonly name = "Ended";

  constructor(readonly end: DirectorEnd) {
    super(`the director ends: ${end.reason}`);
  }
}

/** The same ending by the name that it has everywhere. */
export function superseded(epoch: bigint | undefined): Ended {
  return new Ended({ reason: "superseded", epoch });
}
