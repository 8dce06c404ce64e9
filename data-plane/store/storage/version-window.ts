/**
 * The versions of the last seconds: each is what has changed since the version on the disk.
 */
import { OrderedMap } from "../ordered-map/index.ts";
import type { Change, Changes } from "./changes.ts";

/** Leaves of the latest state that are looked through at once, of some dozen entries each: a fraction of a millisecond. */
const LEAVES_SWEPT = 32;

/** Pure memory. Versions are added in ascending order. */
export class VersionWindow {
  /** Beside each other: `states[i]` holds from `versions[i]` on, up to the next. Entries before `first` are forgotten. */
  private versions: bigint[];
  private states: Changes[];
  private sizes: number[];
  private first = 0;
  private durable: bigint;

  /** @param version what is on the disk */
  constructor(version: bigint) {
    this.durable = version;
    this.versions = [version];
    this.states = [new OrderedMap<Change>()];
    this.sizes = [0];
  }

  /** Changes as of the last version. Take a snapshot to change it. */
  get latest(): Changes {
    return this.states[this.states.length - 1]!;
  }

  /** Bytes of keys and values that were added since the version on the disk, about. */
  get sizeBytes(): number {
    return this.sizes[this.sizes.length - 1]! - this.sizes[this.first]!;
  }

  /** Changes as a reader at `version` sees them, which is not before the first one that is kept. Not to be changed. */
  at(version: bigint): Changes {
    return this.states[this.placeOf(version)]!;
  }

  /** The first version after `version` whose changes take at least half of all that is kept: what to make durable when memory is short. */
  halfway(): bigint {
    const goal = this.sizes[this.first]! + this.sizeBytes / 2;
    let place = this.first;
    while (place < this.sizes.length - 1 && this.sizes[place]! < goal) place++;
    return this.versions[place]!;
  }

  add(version: bigint, changes: Changes, bytes: number): void {
    this.versions.push(version);
    this.states.push(changes);
    this.sizes.push(this.sizes[this.sizes.length - 1]! + bytes);
  }

  /** Forgets everything after `version`, which is not before the first one that is kept. */
  rollBack(version: bigint): void {
    const length = this.placeOf(version) + 1;
    this.versions.length = length;
    this.states.length = length;
    this.sizes.length = length;
  }

  /** The state at `version` is on the disk now: states before are forgotten. What later ones hold of it twice goes with `sweep`. */
  becameDurable(version: bigint): void {
    this.first = this.placeOf(version);
    this.durable = version;
    // Slots of what is forgotten are given back when they are most of all.
    if (this.first > 1_000 && this.first > this.versions.length / 2) {
      this.versions = this.versions.slice(this.first);
      this.states = this.states.slice(this.first);
      this.sizes = this.sizes.slice(this.first);
      this.first = 0;
    } else {
      for (let place = this.first - 1; place >= 0 && this.states[place] !== NOTHING; place--)
        this.states[place] = NOTHING;
    }
  }

  /**
   * What is on the disk leaves the latest state, some hundred entries with each call, so that nobody waits for all. Readers of versions that are kept hold
   * on to their own states.
   *
   * @param from where the last call said to go on; the first begins with the empty key
   * @returns where to go on; undefined when all is done
   */
  sweep(from: Uint8Array): Uint8Array | undefined {
    const slim = this.latest.snapshot();
    let next: Uint8Array | undefined = from;
    for (let leaves = 0; leaves < LEAVES_SWEPT && next !== undefined; leaves++) {
      next = slim.sweep(next, ({ version }) => version <= this.durable);
    }
    this.states[this.states.length - 1] = slim;
    return next;
  }

  /** The last place whose version is not after `version`. */
  private placeOf(version: bigint): number {
    let low = this.first;
    let high = this.versions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.versions[middle]! <= version) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Stands where a state is forgotten, so that its memory is free. */
const NOTHING: Changes = new OrderedMap<Change>();
