/** Runs what belongs to one key one after another. */

export class Serial {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` after all earlier work of the same key has ended, well or badly. */
  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#tails.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(key, promise);
    try {
      await before;
      return await work();
    } finally {
      resolve();
      if (this.#tails.get(key) === promise) this.#tails.delete(key);
    }
  }
}
