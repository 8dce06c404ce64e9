/**
 * What all steps of one attempt share.
 */
import type { Ref } from "#foundation/rpc";
import { HOST } from "#foundation/store-protocol";
import type { CallScope } from "./calls.ts";
import type { DirectorOptions } from "./options.ts";
import type { ClientOf, DirectorRuntime, RecoveryStep, RecoveryView } from "./recovery-view.ts";
import type { UndoStack } from "./undo-stack.ts";

/** Between the attempts of a director. */
export interface DirectorMemory {
  /** When it began, on the monotonic clock. */
  readonly beganMs: number;
  /** Nodes on which something failed: others are preferred. */
  readonly suspects: Set<string>;
  /** How often copying took too long while it was for members that are down as well. */
  slowReplays: number;
}

export interface Attempt {
  readonly epoch: bigint;
  readonly director: string;
  readonly number: number;
  readonly view: RecoveryView;
  readonly clientOf: ClientOf;
  readonly runtime: DirectorRuntime;
  readonly options: DirectorOptions;
  readonly scope: CallScope;
  readonly undo: UndoStack;
  readonly memory: DirectorMemory;
  readonly begin: (step: RecoveryStep) => void;
}

/** A node whose host has answered in this attempt. */
export interface LiveHost {
  readonly node: string;
  readonly address: string;
  readonly capabilities: readonly ("coordination" | "log" | "storage" | "transaction")[];
  readonly workers: readonly { readonly id: string; readonly kind: "log" | "storage" }[];
}

/** Where a worker or a component is, and on which node. */
export interface Placed {
  readonly node: string;
  readonly ref: Ref;
}

export function hostAt(attempt: Pick<Attempt, "clientOf">, address: string) {
  return attempt.clientOf(HOST, { address, id: "host" });
}

/** An id that no other worker or component ever has. */
export function newId(attempt: Attempt, kind: string): string {
  const chance = [...attempt.runtime.random.bytes(8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${kind}-${attempt.epoch}-${chance}`;
}
