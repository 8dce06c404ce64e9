/**
 * One thing after the other: what spans several awaits and must not overlap.
 */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `turn` when all that were asked for before have ended, whether well or not. */
  run<T>(turn: () => Promise<T>): Promise<T> {
    const result = this.last.then(turn);
    this.last = result.catch(() => undefined);
    return result;
  }
}
