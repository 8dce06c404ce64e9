/** The `#names` or `:values` of a request: a handful, looked up a handful of times, then forgotten. */

/** Up to this many are looked for one by one, which costs less than to build an index. */
const scanMax = 16;

/** Values by placeholder, with a mark on those that were used. */
export class Placeholders<Value> {
  readonly #keys: readonly string[];
  readonly #values: readonly Value[];
  readonly #used: boolean[];
  #unused: number;
  #index: ReadonlyMap<string, number> | undefined;

  /** @param values of the keys, in their order; keys are different */
  constructor(keys: readonly string[], values: readonly Value[]) {
    this.#keys = keys;
    this.#values = values;
    this.#used = new Array<boolean>(keys.length).fill(false);
    this.#unused = keys.length;
  }

  /** The value of a placeholder, marked as used; undefined when there is none. */
  use(key: string): Value | undefined {
    const place = this.#placeOf(key);
    if (place < 0) return undefined;
    if (!this.#used[place]) {
      this.#used[place] = true;
      this.#unused--;
    }
    return this.#values[place];
  }

  /** The placeholders that were never used, in the order in which they were given. */
  get unused(): readonly string[] {
    return this.#unused === 0 ? NONE : this.#keys.filter((_, i) => !this.#used[i]);
  }

  #placeOf(key: string): number {
    if (this.#keys.length <= scanMax) return this.#keys.indexOf(key);
    this.#index ??= new Map(this.#keys.map((each, i) => [each, i]));
    return this.#index.get(key) ?? -1;
  }
}

const NONE: readonly string[] = Object.freeze([]);
