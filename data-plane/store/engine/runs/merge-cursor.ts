/**
 * Walks several groups as one: of each key the newest entry, and none that a cleared range of a newer group hides. Cleared keys are shown as such.
 */
import { compareKeys } from "../../keys/index.ts";
import type { Tombstones } from "../format/tombstones.ts";
import type { RunsCursor } from "./runs-cursor.ts";

/** A group to walk, and the ranges that it clears in older ones. */
export interface MergeSource {
  readonly cursor: RunsCursor;
  readonly tombstones: Tombstones;
}

export class MergeCursor {
  private readonly cursors: readonly RunsCursor[];
  private readonly tombstones: readonly Tombstones[];
  /** The order of the walk: 1, or −1 in reverse. */
  private readonly sign: 1 | -1;
  private winner: RunsCursor | undefined;
  private rank = 0;
  /** The nearest key of all others: as long as the winner stays before it, there is nothing to compare. */
  private runnerUp: Uint8Array | undefined;

  /** @param sources the newest first */
  constructor(sources: readonly MergeSource[], reverse: boolean) {
    this.cursors = sources.map(({ cursor }) => cursor);
    this.tombstones = sources.map(({ tombstones }) => tombstones);
    this.sign = reverse ? -1 : 1;
  }

  /** Where it stands, after `advance` said that it does. */
  get key(): Uint8Array {
    return this.winner!.key!;
  }

  /** A copy of the value; undefined when the key was cleared. */
  value(): Uint8Array | undefined {
    return this.winner!.value();
  }

  get isCleared(): boolean {
    return this.winner!.isCleared;
  }

  /** On to the next key: whether there is one. A promise only where a block has to be read. */
  advance(): boolean | Promise<boolean> {
    this.winner?.step();
    return this.settle();
  }

  private settle(): boolean | Promise<boolean> {
    for (;;) {
      if (!this.staysAhead()) {
        if (this.cursors.some((cursor) => cursor.needsBlock)) return this.loadAndSettle();
        if (!this.findWinner()) {
          // An older entry of the same key was passed over, and its cursor needs a block; otherwise all are at their end.
          if (this.cursors.some((cursor) => cursor.needsBlock)) continue;
          return false;
        }
      }
      const winner = this.winner!;
      const hiding = this.hidingRange(winner.key!);
      if (hiding === undefined) return true;
      winner.seek(this.sign > 0 ? hiding.end : hiding.begin);
    }
  }

  private staysAhead(): boolean {
    const key = this.winner?.key;
    if (key === undefined) return false;
    return this.runnerUp === undefined || this.sign * compareKeys(key, this.runnerUp) < 0;
  }

  /** False: there is none, or one of the cursors needs a block first. */
  private findWinner(): boolean {
    this.winner = undefined;
    this.runnerUp = undefined;
    const { cursors, sign } = this;
    for (let rank = 0; rank < cursors.length; rank++) {
      const cursor = cursors[rank]!;
      const { key } = cursor;
      if (key === undefined) continue;
      const best = this.winner?.key;
      const order = best === undefined ? -1 : sign * compareKeys(key, best);
      if (order < 0) {
        this.runnerUp = best;
        this.winner = cursor;
        this.rank = rank;
      } else if (order > 0) {
        if (this.runnerUp === undefined || sign * compareKeys(key, this.runnerUp) < 0) this.runnerUp = key;
      }
    }
    return this.winner !== undefined && this.passOlder(this.winner);
  }

  /** Steps over the older entries of the winner's key. False when one of the cursors needs a block now. */
  private passOlder(winner: RunsCursor): boolean {
    const key = winner.key!;
    let settled = true;
    for (let rank = this.rank + 1; rank < this.cursors.length; rank++) {
      const cursor = this.cursors[rank]!;
      if (cursor.key === undefined || compareKeys(cursor.key, key) !== 0) continue;
      cursor.step();
      if (cursor.needsBlock) settled = false;
      else if (cursor.key !== undefined) {
        if (this.runnerUp === undefined || this.sign * compareKeys(cursor.key, this.runnerUp) < 0) {
          this.runnerUp = cursor.key;
        }
      }
    }
    // Found anew when all keys are known. The winner stays where it is.
    if (!settled) this.winner = undefined;
    return settled;
  }

  private hidingRange(key: Uint8Array) {
    for (let rank = 0; rank < this.rank; rank++) {
      const tombstones = this.tombstones[rank]!;
      const range = tombstones.count === 0 ? undefined : tombstones.covering(key);
      if (range !== undefined) return range;
    }
    return undefined;
  }

  private async loadAndSettle(): Promise<boolean> {
    await Promise.all(this.cursors.filter((cursor) => cursor.needsBlock).map((cursor) => cursor.load()));
    return this.settle();
  }
}
