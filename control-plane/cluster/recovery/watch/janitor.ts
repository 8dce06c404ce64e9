/**
 * Removes logs of older generations, and what attempts that were given up could not undo: logs, and storage servers that never had anything.
 *
 * Only after every storage server that is up has R on its own disk: until then the old logs are a second copy of what it lacks. Nodes that are away are
 * cleaned when they are back.
 */
import { STORAGE } from "#foundation/store-protocol";
import { type Attempt, hostAt } from "../attempt.ts";
import { callAll } from "../calls.ts";
import { membersThatAre } from "../plan/judge-teams.ts";
import type { DirectorTask, RecoveryNode } from "../recovery-view.ts";
import type { EpochLayout } from "./epoch-layout.ts";
import { tend } from "./tend.ts";

export async function keepClean(attempt: Attempt, task: DirectorTask, shared: EpochLayout): Promise<void> {
  const { options } = attempt;
  /** What each node was like when it was cleaned. A worker that could not be opened then comes to light later. */
  const cleaned = new Map<string, string>();
  let caughtUp = false;
  await tend(attempt, options.tendMs, async () => {
    const layout = shared.current;
    if (!caughtUp) {
      const storages = membersThatAre("up", layout.teams).map(({ storage }) => storage);
      const infos = await callAll(attempt.scope, storages, { timeoutMs: options.lockMs }, (storage, call) =>
        attempt.clientOf(STORAGE, storage).info({ from: attempt.director }, call),
      );
      caughtUp = infos.every((info) => info.ok && info.reply.durableVersion >= layout.recoveryVersion);
      if (!caughtUp) return "again";
    }
    const dirty = task.nodes().filter((node) => cleaned.get(node.node) !== lookOf(node));
    const outcomes = await callAll(attempt.scope, dirty, { timeoutMs: options.createMs }, (node, call) =>
      cleanNode(attempt, node, shared, call),
    );
    for (const { ok, item } of outcomes) if (ok) cleaned.set(item.node, lookOf(item));
    return "again";
  });
}

/** Another text whenever the node was started again, or has other workers. */
function lookOf({ incarnation, workers }: RecoveryNode): string {
  return [incarnation, ...workers.map(({ id }) => id)].join(" ");
}

async function cleanNode(
  attempt: Attempt,
  { address }: RecoveryNode,
  shared: EpochLayout,
  call: { readonly signal?: AbortSignal },
): Promise<void> {
  const { epoch, director, clientOf } = attempt;
  const logs = new Set(shared.current.logs.map(({ id }) => id));
  const host = hostAt(attempt, address);
  const { workers } = await host.listWorkers({ from: director }, call);
  for (const { id, kind } of workers) {
    if (kind === "log" && !logs.has(id)) await host.removeWorker({ epoch, director, id }, call);
  }
  // Only what is empty: storage that no team has may still be what somebody looks for. No layout of an epoch before can be committed any more, so who is
  // in this one's neither now nor soon is in none. Asked after the workers are listed, as what is made is noted before it is there.
  const members = new Set(shared.current.teams.flatMap(({ members }) => members.map(({ storage }) => storage.id)));
  const orphans = workers.filter(({ id, kind }) => kind === "storage" && !members.has(id) && !shared.making.has(id));
  for (const { id } of orphans) {
    const { durableVersion, keys } = await clientOf(STORAGE, { address, id }).info({ from: director }, call);
    if (durableVersion === 0n && keys === 0) await host.removeWorker({ epoch, director, id }, call);
  }
}
