/** One fsync for all who need it at the same time. */

/**
 * Wraps an fsync so that callers share it: a call made while one runs waits for the next, which all such callers share. Each caller's promise settles with
 * an fsync that began after its call.
 */
export function shareSync(sync: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = (): Promise<void> => {
    next = undefined;
    running = sync().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return begin();
    // Whether the one before succeeded is no concern of those who came later.
    next ??= running.then(begin, begin);
    return next;
  };
}
