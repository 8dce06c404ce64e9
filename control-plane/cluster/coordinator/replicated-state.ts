/**
 * The agreed state as Raft carries it: commands go in as bytes, whoever watches hears of each change.
 */
import type { StateMachine } from "#foundation/raft";
import type { ClusterConfig } from "#foundation/store-protocol";
import { applyCommand, type ClusterState, decodeState, emptyCluster, encodeState } from "./cluster-state.ts";
import { decodeCommand, type Outcome } from "./commands.ts";

/** The state machine of a coordinator. */
export class ReplicatedState implements StateMachine<Outcome> {
  private state: ClusterState;
  private readonly listeners = new Set<() => void>();

  constructor(config: ClusterConfig) {
    this.state = emptyCluster(config);
  }

  get current(): ClusterState {
    return this.state;
  }

  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  apply(command: Uint8Array): Outcome {
    // What is not a command was agreed on by newer programs: going on without it would make this coordinator differ from the others.
    const [state, outcome] = applyCommand(this.state, decodeCommand(new Uint8Array(command)));
    this.become(state);
    return outcome;
  }

  snapshot(): Uint8Array {
    return encodeState(this.state);
  }

  restore(data: Uint8Array): void {
    this.become(decodeState(data));
  }

  private become(state: ClusterState): void {
    if (state === this.state) return;
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}
