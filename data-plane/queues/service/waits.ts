/**
 * Receives that wait for messages: each ends when its client goes away, all end when the service stops.
 *
 * A signal made of the client's and a common one (`AbortSignal.any`) would do the same, but the common one would remember every receive that ever waited.
 */

export class Waits {
  readonly #waiting = new Set<AbortController>();
  #over = false;

  /**
   * Waits, unless that is over.
   *
   * @param client aborted when the client goes away
   * @param work rejects with the signal's reason when it is aborted
   * @returns undefined when the wait was ended
   */
  async wait<Value>(client: AbortSignal, work: (signal: AbortSignal) => Promise<Value>): Promise<Value | undefined> {
    if (this.#over || client.aborted) return undefined;
    const controller = new AbortController();
    const end = (): void => controller.abort();
    client.addEventListener("abort", end, { once: true });
    this.#waiting.add(controller);
    try {
      return await work(controller.signal);
    } catch (error) {
      if (error === controller.signal.reason) return undefined;
      throw error;
    } finally {
      client.removeEventListener("abort", end);
      this.#waiting.delete(controller);
    }
  }

  /** Ends all waits, also those to come. */
  endAll(): void {
    this.#over = true;
    for (const controller of this.#waiting) controller.abort();
  }

  get size(): number {
    return this.#waiting.size;
  }
}
