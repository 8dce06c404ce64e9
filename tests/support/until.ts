/** Waits for a condition instead of sleeping for luck. */

/** Between two looks; only how soon a test notices, never whether. */
const LOOK_EVERY_MS = 20;

/**
 * @param what named in the error when the condition does not come true in time
 * @throws Error after `timeoutMs`
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
