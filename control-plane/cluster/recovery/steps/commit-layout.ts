/**
 * Step 10: the coordinators take the layout, or do not. Before it everything can be undone; after it nothing may be.
 */
import { RpcError } from "#foundation/rpc";
import type { Layout } from "#foundation/store-protocol";
import type { Attempt } from "../attempt.ts";
import { callOne, causeOf } from "../calls.ts";
import { Ended, superseded } from "../endings.ts";
import type { DirectorTask } from "../recovery-view.ts";

/** Resolves when the layout is committed. @throws Ended `superseded` when it never will be, `commit_unknown` when nobody here can say. */
export async function commitLayout(attempt: Attempt, task: DirectorTask, layout: Layout): Promise<void> {
  const { scope, options } = attempt;
  // Nothing has been proposed yet: this end may be undone like all before it.
  if (scope.signal.aborted) throw scope.signal.reason;
  try {
    await callOne(scope, options.commitMs, () => task.commitLayout(layout));
  } catch (error) {
    if (error instanceof RpcError && error.code === "superseded") throw superseded(error.detail);
    // Also when the leadership is lost meanwhile: what was proposed may yet be committed by another leader.
    throw new Ended({ reason: "commit_unknown", cause: causeOf(error) });
  }
}
