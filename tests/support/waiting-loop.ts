/**
 * Preloaded before every test file by `npm test`: a test that waits leaves the processor to others.
 *
 * Bun's event loop asks without a pause when nothing that is left keeps the process alive, and a test may wait for just that: for a child or a socket on which
 * the code under test has called `unref()`. A timer that never rings in a run keeps the loop waiting properly. `bun test` ends with its last test all the same.
 */

/** The longest that a timer takes is 2^31 - 1 ms; this is twelve days. */
const NEVER_MS = 2 ** 30;

setInterval(() => undefined, NEVER_MS);
