/** What a writer that may die says about its work, and which states of a key that allows. */

import { pattern } from "../conformance/fixture.ts";

/**
 * The contents of a version, as its etag: `p:<seed>:<size>` for one body, `m:<seed>:<size>:<size>…` for parts. Whoever reads the etag knows every byte.
 */
export type Contents = string;

/** A change of one key. */
export type Change =
  | { readonly kind: "put"; readonly contents: Contents }
  | { readonly kind: "delete" }
  /** Changes nothing that the history looks at. */
  | { readonly kind: "touch" };

/** A line of the writer: before an operation, and after its acknowledgement. */
export type Line =
  | { readonly begin: number; readonly key: string; readonly versioned: boolean; readonly change: Change }
  | { readonly end: number };

export function bytesOfContents(contents: Contents): Uint8Array {
  const [, seed, ...sizes] = contents.split(":").map(Number);
  return new Uint8Array(Buffer.concat(sizes.map((size, index) => pattern(size, seed! + index))));
}

export const MARKER = "marker";

/** All versions of a key, newest first. */
export type KeyState = readonly (Contents | typeof MARKER)[];

function changed(state: KeyState, change: Change, versioned: boolean): KeyState {
  switch (change.kind) {
    case "put":
      return versioned ? [change.contents, ...state] : [change.contents];
    case "delete":
      return versioned ? [MARKER, ...state] : [];
    case "touch":
      return state;
  }
}

interface Pending {
  readonly key: string;
  readonly versioned: boolean;
  readonly change: Change;
}

/** What is known of all keys, across many lives of the writer. */
export class History {
  private readonly states = new Map<string, KeyState>();
  private readonly pending = new Map<number, Pending>();
  acknowledged = 0;

  record(line: Line): void {
    if ("begin" in line) {
      this.pending.set(line.begin, line);
      return;
    }
    const done = this.pending.get(line.end);
    if (done === undefined) throw new Error(`operation ${line.end} ended without having begun`);
    this.pending.delete(line.end);
    this.acknowledged++;
    this.states.set(done.key, changed(this.states.get(done.key) ?? [], done.change, done.versioned));
  }

  get keys(): readonly string[] {
    const inDoubt = [...this.pending.values()].map(({ key }) => key);
    return [...new Set([...this.states.keys(), ...inDoubt])];
  }

  /**
   * Takes what was found of a key after a crash. Everything acknowledged must be there; what was not may be, whole, or not.
   * @returns what is wrong, or undefined
   */
  accept(key: string, found: KeyState): string | undefined {
    const sure = this.states.get(key) ?? [];
    const doubts = [...this.pending.entries()].filter(([, one]) => one.key === key);
    if (doubts.length > 1) throw new Error("the writer works on one key with one operation at a time");
    const allowed: KeyState[] = [sure, ...doubts.map(([, { change, versioned }]) => changed(sure, change, versioned))];
    for (const [id] of doubts) this.pending.delete(id);
    this.states.set(key, found);
    if (allowed.some((state) => state.join() === found.join())) return undefined;
    return `${key}: found [${found.join()}], allowed ${allowed.map((state) => `[${state.join()}]`).join(" or ")}`;
  }
}
