/**
 * The one place through which a test may be skipped.
 *
 * A skip names its reason; the reasons are collected in the file that `BIPLANE_SKIPS` names, and the summary of `npm test` lists and counts
 * them. Nothing is skipped silently.
 */

import { test } from "bun:test";
import { appendFileSync } from "node:fs";

/** A test body as `bun:test` takes it. */
type TestBody = () => unknown;

/**
 * Returns `test` when `condition` holds, otherwise a function that registers the test as skipped and records why.
 *
 * @param condition whether the thing that the test needs is present
 * @param reason what is missing, as a sentence that tells the reader how to provide it
 * @example
 * const clientTest = skipUnless(Bun.which("rclone") !== null, "rclone is not installed");
 * clientTest("rclone sync copies a tree", async () => { … });
 */
export function skipUnless(
  condition: boolean,
  reason: string,
): (name: string, body: TestBody, timeoutMs?: number) => void {
  if (condition) return (name, body, timeoutMs) => test(name, async () => void (await body()), timeoutMs);
  return (name, body) => {
    const list = process.env.BIPLANE_SKIPS;
    if (list !== undefined && list !== "") appendFileSync(list, `${JSON.stringify({ name, reason })}\n`);
    test.skip(`${name} (${reason})`, async () => void (await body()));
  };
}

/** The folder of published test vectors, or undefined when `BIPLANE_VECTORS` is not set. */
export const vectorsDirectory: string | undefined = process.env.BIPLANE_VECTORS || undefined;

/** `test` where the published vectors are present; a named skip elsewhere. */
export const vectorTest = skipUnless(
  vectorsDirectory !== undefined,
  "set BIPLANE_VECTORS to the folder of published test vectors",
);
