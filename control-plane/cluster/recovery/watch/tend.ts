/**
 * What the loops of a running epoch share.
 */
import { sleep } from "#foundation/runtime";
import type { Attempt } from "../attempt.ts";

/** Does `round` now and then, until the signal is aborted or it says that it is done. Only what aborts the signal makes it reject. */
export async function tend(
  { runtime, scope }: Pick<Attempt, "runtime" | "scope">,
  everyMs: number,
  round: () => Promise<"again" | "done">,
): Promise<void> {
  while ((await round()) === "again") await sleep(runtime.timers, everyMs, scope.signal);
}
