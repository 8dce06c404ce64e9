/** What a writer that may die says about its work, and which states that allows. */

/** One key and its new value; null removes it. */
export interface Change {
  readonly key: string;
  readonly value: string | null;
}

/** A line of the writer: before an operation, and after its acknowledgement. */
export type Line = { readonly begin: number; readonly changes: readonly Change[] } | { readonly end: number };

/** What is known of all keys, across many lives of the writer. */
export class History {
  readonly #values = new Map<string, string | null>();
  readonly #pending = new Map<number, readonly Change[]>();
  acknowledged = 0;

  record(line: Line): void {
    if ("begin" in line) {
      this.#pending.set(line.begin, line.changes);
      return;
    }
    const changes = this.#pending.get(line.end);
    if (changes === undefined) throw new Error(`operation ${line.end} ended without having begun`);
    this.#pending.delete(line.end);
    this.acknowledged++;
    for (const { key, value } of changes) this.#values.set(key, value);
  }

  /**
   * Takes what was found after a crash. Everything acknowledged must be there; an operation in flight may have been done, as a whole, or not at all.
   * @param found value by key
   * @returns what is wrong
   */
  accept(found: ReadonlyMap<string, string>): readonly string[] {
    const problems: string[] = [];
    for (const changes of this.#pending.values()) {
      const done = changes.filter(({ key, value }) => (found.get(key) ?? null) === value);
      const undone = changes.filter(({ key }) => (found.get(key) ?? null) === (this.#values.get(key) ?? null));
      if (done.length === changes.length) for (const { key, value } of changes) this.#values.set(key, value);
      else if (undone.length < changes.length) problems.push(`half done: ${JSON.stringify(changes)}`);
    }
    this.#pending.clear();
    for (const key of new Set([...this.#values.keys(), ...found.keys()])) {
      const expected = this.#values.get(key) ?? null;
      const is = found.get(key) ?? null;
      if (expected !== is) problems.push(`${key} is ${is} instead of ${expected}`);
      if (is === null) this.#values.delete(key);
      else this.#values.set(key, is);
    }
    return problems;
  }
}
