/**
 * Removes logs of older generations, and what attempts that were given up could not undo.
 *
 * Only after every storage server that is up has R on its own disk: until then the old logs are a second copy of what it lacks. Nodes that are away are
 * cleaned when they are back.
 */
import { STORAGE } from "#foundation/store-protocol";
import { type Attempt, hostAt } from "../attempt.ts";
import { callAll } from "../calls.ts";
import { membersThatAre } from "../plan/judge-teams.ts";
import type { DirectorTask, RecoveryNode } from "../recovery-view.ts";
import type { Recovered } from "../run-attempt.ts";
import { tend } from "./tend.ts";

export async function keepClean(attempt: Attempt, task: DirectorTask, { layout }: Recovered): Promise<void> {
  const { options } = attempt;
  const storages = membersThatAre("up", layout.teams).map(({ storage }) => storage);
  const cleaned = new Map<string, bigint>();
  let caughtUp = false;
  await tend(attempt, options.tendMs, async () => {
    if (!caughtUp) {
      const infos = await callAll(attempt.scope, storages, { timeoutMs: options.lockMs }, (storage, call) =>
        attempt.clientOf(STORAGE, storage).info({ from: attempt.director }, call),
      );
      caughtUp = infos.every((info) => info.ok && info.reply.durableVersion >= layout.recoveryVersion);
      if (!caughtUp) return "again";
    }
    const keep = new Set(layout.logs.map(({ id }) => id));
    const dirty = task.nodes().filter(({ node, incarnation }) => cleaned.get(node) !== incarnation);
    const outcomes = await callAll(attempt.scope, dirty, { timeoutMs: options.createMs }, (node, call) =>
      cleanNode(attempt, node, keep, call),
    );
    for (const { ok, item } of outcomes) if (ok) cleaned.set(item.node, item.incarnation);
    return "again";
  });
}

async function cleanNode(
  attempt: Attempt,
  { address }: RecoveryNode,
  keep: ReadonlySet<string>,
  call: { readonly signal?: AbortSignal },
): Promise<void> {
  const { epoch, director } = attempt;
  const host = hostAt(attempt, address);
  const { workers } = await host.listWorkers({ from: director }, call);
  for (const { id, kind } of workers) {
    // Storage is never removed here: what no team has may still be what somebody looks for.
    if (kind === "log" && !keep.has(id)) await host.removeWorker({ epoch, director, id }, call);
  }
}
