/** Keeps retries a small share of the requests: a server that fails under its load must not be given several times as much. Pure. */

/** Retries that are allowed without any requests before: else the first failure of a quiet day could not be tried again. */
const AT_FIRST = 10;
/** What a long good time saves up at most. */
const SAVED_MAX = 100;

export class RetryBudget {
  readonly #share: number;
  #saved = AT_FIRST;

  /** @param share retries for each request, such as 0.2 */
  constructor(share: number) {
    this.#share = share;
  }

  /** A request came. */
  earn(): void {
    this.#saved = Math.min(SAVED_MAX, this.#saved + this.#share);
  }

  /** @returns whether one more retry may be */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved--;
    return true;
  }
}
