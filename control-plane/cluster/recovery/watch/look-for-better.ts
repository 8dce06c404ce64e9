/**
 * Ends the epoch when the next one would be better: a node has come, or come back, that could hold a log.
 */
import { type Attempt, hostAt, newId } from "../attempt.ts";
import { callAll } from "../calls.ts";
import { Ended } from "../endings.ts";
import { nodesForMoreLogs } from "../plan/better-layout.ts";
import type { DirectorTask } from "../recovery-view.ts";
import type { Recovered } from "../run-attempt.ts";
import { tend } from "./tend.ts";

/** @throws Ended `better_layout`, after it was possible for a while. */
export async function lookForBetter(attempt: Attempt, task: DirectorTask, { logs }: Recovered): Promise<void> {
  const { options, runtime, scope, epoch, director, view } = attempt;
  const logNodes = logs.map(({ node }) => node);
  let sinceMs: number | undefined;
  await tend(attempt, options.tendMs, async () => {
    const free = nodesForMoreLogs(logNodes, view.config.logs, task.nodes());
    const nowMs = runtime.clock.monotonicMs();
    if (free.length === 0) sinceMs = undefined;
    else sinceMs ??= nowMs;
    // A node that comes and goes is no reason to interrupt everybody again and again.
    if (sinceMs === undefined || nowMs - sinceMs < options.betterAfterMs) return "again";
    sinceMs = undefined;
    // The log is made first: a node whose disk is full would otherwise end one epoch after the other. The next one finds it idle.
    const made = await callAll(scope, free, { timeoutMs: options.createMs }, ({ address }, call) =>
      hostAt(attempt, address).createWorker({ epoch, director, id: newId(attempt, "log"), kind: "log" }, call),
    );
    if (!made.some(({ ok }) => ok)) return "again";
    throw new Ended({ reason: "better_layout", cause: "more nodes can hold logs" });
  });
}
