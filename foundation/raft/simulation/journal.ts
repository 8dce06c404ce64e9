/**
 * A state machine that shows everything: the list of all commands.
 */

import type { StateMachine } from "../index.ts";

/** Answers each command with its position, from 1. */
export class Journal implements StateMachine<number> {
  commands: string[] = [];

  apply(command: Uint8Array): number {
    return this.commands.push(new TextDecoder().decode(command));
  }

  snapshot(): Uint8Array {
    return new TextEncoder().encode(this.commands.join("\n"));
  }

  restore(data: Uint8Array): void {
    this.commands = data.length === 0 ? [] : new TextDecoder().decode(data).split("\n");
  }
}
