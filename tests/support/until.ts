/** Waits for a condition instead of sleeping for luck. */

/** Between two looks; only how soon a test notices, never whether. */
const LOOK_EVERY_MS = 20;

/** Between two looks that each start a program: they would take the processor from what they wait for. */
export const LOOK_WITH_PROGRAM_EVERY_MS = 250;

/**
 * @param what named in the error when the condition does not come true in time
 * @param lookEveryMs after each look, until the next
 * @throws Error after `timeoutMs`
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
  lookEveryMs = LOOK_EVERY_MS,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await Bun.sleep(lookEveryMs);
  }
}

/** Of a value that is to stand still: so many looks, one after the other, find the same. */
const SAME_LOOKS = 5;

/**
 * Waits until a value no longer changes, for tests in which somebody has to wait: that it would never change again no test can see.
 *
 * @returns what it is
 * @throws Error after `timeoutMs`
 */
export async function untilStill<Value>(what: string, read: () => Value, timeoutMs = 20_000): Promise<Value> {
  let value = read();
  let same = 0;
  await until(
    `${what} stands still`,
    () => {
      const now = read();
      same = Object.is(now, value) ? same + 1 : 0;
      value = now;
      return same >= SAME_LOOKS;
    },
    timeoutMs,
  );
  return value;
}
