/** Lets one asynchronous step run at a time, in the order of the calls. */
export interface Mutex {
  /** Runs `step` when all earlier ones have ended, however they ended. */
  run<Result>(step: () => Promise<Result>): Promise<Result>;
}

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(step) {
      const result = last.then(step, step);
      last = result.catch(() => undefined);
      return result;
    },
  };
}
