/**
 * Tells logs and storage servers that the layout is committed: what is later than R may be made durable by storage servers from now on, and not before,
 * since an attempt that is given up has to leave nothing behind on them.
 */
import { LOG, STORAGE } from "#foundation/store-protocol";
import type { Attempt } from "../attempt.ts";
import { callAll } from "../calls.ts";
import { membersThatAre } from "../plan/judge-teams.ts";
import type { Recovered } from "../run-attempt.ts";
import { tend } from "./tend.ts";

/** Goes on until all have heard it. Storage servers that never do learn it from the logs. */
export async function finalizeAll(attempt: Attempt, { layout, logs }: Recovered): Promise<void> {
  const { scope, options, clientOf, epoch } = attempt;
  let unheard = [
    ...logs.map(({ ref }) => ({ kind: "log" as const, ref })),
    ...membersThatAre("up", layout.teams).map(({ storage }) => ({ kind: "storage" as const, ref: storage })),
  ];
  await tend(attempt, options.watchMs, async () => {
    const outcomes = await callAll(scope, unheard, { timeoutMs: options.lockMs }, ({ kind, ref }, call) =>
      kind === "log" ? clientOf(LOG, ref).finalize({ epoch }, call) : clientOf(STORAGE, ref).finalize({ epoch }, call),
    );
    unheard = outcomes.flatMap(({ ok, item }) => (ok ? [] : [item]));
    return unheard.length === 0 ? "done" : "again";
  });
}
