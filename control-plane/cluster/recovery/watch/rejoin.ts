/**
 * Takes storage servers in again that are down, or have started anew: they go on from their own disk with what the logs have.
 *
 * Nothing else waits for it. Who lacks what no log keeps any more is left to `fill.ts`, and comes back here afterwards. A member is shown as up once it has come to where the logs were; until then clients read from the others of its team.
 */
import type { Ref } from "#foundation/rpc";
import { type Layout, LOG, STORAGE, type TeamMember, type Version } from "#foundation/store-protocol";
import type { Attempt } from "../attempt.ts";
import { callAll, callOne, replies } from "../calls.ts";
import { withStatus } from "../plan/fill-teams.ts";
import { locateWorker } from "../plan/locate-worker.ts";
import { rejoinVersion } from "../plan/rejoin-version.ts";
import type { DirectorTask } from "../recovery-view.ts";
import { previousEpochOf, rangesOf } from "../steps/activate.ts";
import type { EpochLayout } from "./epoch-layout.ts";
import { tend } from "./tend.ts";

/** What has become of a member: it serves; it may yet; no log has what it lacks; its disk has failed. */
type Tended = "serves" | "not_yet" | "lacks" | "failed";

interface CatchingUp {
  /** Until which version each of those that pull again has to come. */
  readonly goals: Map<string, Version>;
  /** Since when the logs have not had what it needs next. */
  readonly behindSinceMs: Map<string, number>;
}

export async function keepStorage(attempt: Attempt, task: DirectorTask, shared: EpochLayout): Promise<void> {
  const { options, scope, runtime } = attempt;
  const progress: CatchingUp = { goals: new Map(), behindSinceMs: new Map() };
  await tend(attempt, options.tendMs, async () => {
    const layout = shared.current;
    const members = everyMember(layout)
      .filter(({ storage }) => !shared.lacking.has(storage.id))
      .map(({ storage, status }) => ({ status, storage: locateWorker(storage, task.nodes()) }));
    const outcomes = await callAll(scope, members, { timeoutMs: options.unlockMs }, (member, call) =>
      tendOne(attempt, layout, member, progress, shared.copied, call.signal),
    );
    const nowMs = runtime.clock.monotonicMs();
    const { silentSinceMs } = shared;
    for (const { item, ...outcome } of outcomes) {
      const { id } = item.storage;
      if (outcome.ok && outcome.reply !== "failed") silentSinceMs.delete(id);
      else if (!silentSinceMs.has(id)) silentSinceMs.set(id, nowMs);
    }
    const tended = replies(outcomes);
    const back = tended.filter(({ item, reply }) => item.status === "down" && reply === "serves");
    const up = new Map(back.map(({ item }) => [item.storage.id, item.storage]));
    if (up.size > 0) await shared.amend(attempt, task, (teams) => withStatus(teams, "up", up));
    // From now on they are not this loop's.
    for (const { item, reply } of tended) if (reply === "lacks") shared.lacking.add(item.storage.id);
    return "again";
  });
}

async function tendOne(
  attempt: Attempt,
  layout: Layout,
  { storage, status }: TeamMember,
  { goals, behindSinceMs }: CatchingUp,
  copied: ReadonlyMap<string, Version>,
  signal: AbortSignal | undefined,
): Promise<Tended> {
  const { clientOf, epoch, director, options, runtime } = attempt;
  const server = clientOf(STORAGE, storage);
  const { epoch: known, mode, appliedVersion } = await server.info({ from: director }, { signal });
  const isOurs = known === epoch && (status === "up" || goals.has(storage.id));
  if (isOurs && mode === "running") {
    behindSinceMs.delete(storage.id);
    const reached = appliedVersion >= (goals.get(storage.id) ?? 0n);
    if (reached) goals.delete(storage.id);
    return reached ? "serves" : "not_yet";
  }
  if (mode === "failed") return "failed";
  if (isOurs && mode === "behind") {
    const nowMs = runtime.clock.monotonicMs();
    const sinceMs = behindSinceMs.get(storage.id) ?? nowMs;
    behindSinceMs.set(storage.id, sinceMs);
    return nowMs - sinceMs >= options.behindAfterMs ? "lacks" : "not_yet";
  }
  behindSinceMs.delete(storage.id);
  return takeIn(attempt, layout, storage, goals, copied.get(storage.id), signal);
}

async function takeIn(
  attempt: Attempt,
  layout: Layout,
  storage: Ref,
  goals: Map<string, Version>,
  copied: Version | undefined,
  signal: AbortSignal | undefined,
): Promise<"not_yet" | "lacks"> {
  const { clientOf, epoch, director, scope, options } = attempt;
  const server = clientOf(STORAGE, storage);
  const { durableVersion } = await server.lock({ epoch, director }, { signal });
  const logs = replies(
    await callAll(scope, layout.logs, { timeoutMs: options.lockMs }, (log, call) =>
      clientOf(LOG, log).info({ revision: 0n }, call),
    ),
  ).map(({ reply }) => reply);
  const from = rejoinVersion(durableVersion, layout, logs, copied);
  // When no log can be asked, nothing is known.
  if (from === undefined) return logs.length === 0 ? "not_yet" : "lacks";
  const ranges = rangesOf(storage.id, layout.teams);
  const previousEpoch = previousEpochOf(attempt);
  await server.unlock({ epoch, previousEpoch, recoveryVersion: from, logs: layout.logs, ranges }, { signal });
  await callOne(scope, options.lockMs, (call) => server.finalize({ epoch }, call));
  goals.set(
    storage.id,
    logs.reduce((most, { lastVersion }) => (lastVersion > most ? lastVersion : most), 0n),
  );
  return "not_yet";
}

function everyMember({ teams }: Layout): readonly TeamMember[] {
  return [...new Map(teams.flatMap(({ members }) => members.map((member) => [member.storage.id, member]))).values()];
}
