/**
 * The states of a store by version: each is a snapshot of all keys.
 */
import { OrderedMap } from "../ordered-map/index.ts";

type State = OrderedMap<Uint8Array>;

export class History {
  private readonly versions: bigint[] = [0n];
  private readonly states: State[] = [new OrderedMap()];

  /** The state after the last commit. Not to be written to. */
  get latest(): State {
    return this.states[this.states.length - 1]!;
  }

  /** The state that a reader at `version` sees; the version is not older than what is kept. Not to be written to. */
  at(version: bigint): State {
    return this.states[this.lastAtMost(version)]!;
  }

  /** The states after `version`, oldest first. */
  after(version: bigint): readonly State[] {
    return this.states.slice(this.lastAtMost(version) + 1);
  }

  /** `version` is above every version so far. */
  add(version: bigint, change: (state: State) => void): void {
    const state = this.latest.snapshot();
    change(state);
    this.versions.push(version);
    this.states.push(state);
  }

  /** Forgets what nobody sees who reads at `version` or later. */
  forget(version: bigint): void {
    const first = this.lastAtMost(version);
    this.versions.splice(0, first);
    this.states.splice(0, first);
  }

  private lastAtMost(version: bigint): number {
    let low = 0;
    let high = this.versions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.versions[middle]! <= version) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
