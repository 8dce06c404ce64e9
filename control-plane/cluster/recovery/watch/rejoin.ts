/**
 * Takes storage servers in again that are down, or have started anew: they go on from their own disk with what the logs have.
 *
 * Nothing else waits for it. A member is shown as up once it has come to where the logs were; until then clients read from the others of its team.
 */
import type { Ref } from "#foundation/rpc";
import { type Layout, LOG, STORAGE, type TeamMember, type Version } from "#foundation/store-protocol";
import type { Attempt } from "../attempt.ts";
import { callAll, callOne, replies } from "../calls.ts";
import { locateWorker } from "../plan/locate-worker.ts";
import { rejoinVersion } from "../plan/rejoin-version.ts";
import type { DirectorTask } from "../recovery-view.ts";
import type { Recovered } from "../run-attempt.ts";
import { rangesOf } from "../steps/activate.ts";
import { commitLayout } from "../steps/commit-layout.ts";
import { tend } from "./tend.ts";

export async function keepStorage(attempt: Attempt, task: DirectorTask, recovered: Recovered): Promise<void> {
  const { options, scope } = attempt;
  let { layout } = recovered;
  /** Until which version each of those that pull again has to come. */
  const catchingUp = new Map<string, Version>();
  await tend(attempt, options.tendMs, async () => {
    const members = everyMember(layout).map(({ storage, status }) => ({
      status,
      storage: locateWorker(storage, task.nodes()),
    }));
    const outcomes = await callAll(scope, members, { timeoutMs: options.unlockMs }, (member, call) =>
      tendOne(attempt, layout, member, catchingUp, call.signal),
    );
    const back = replies(outcomes).filter(({ item, reply }) => item.status === "down" && reply === "serves");
    if (back.length === 0) return "again";
    const up = new Map(back.map(({ item }) => [item.storage.id, item.storage]));
    const amended = { ...layout, teams: withUp(layout, up) };
    await commitLayout(attempt, task, amended);
    layout = amended;
    return "again";
  });
}

async function tendOne(
  attempt: Attempt,
  layout: Layout,
  { storage, status }: TeamMember,
  catchingUp: Map<string, Version>,
  signal: AbortSignal | undefined,
): Promise<"serves" | "not_yet"> {
  const { clientOf, epoch, director } = attempt;
  const server = clientOf(STORAGE, storage);
  const { epoch: known, mode, appliedVersion } = await server.info({ from: director }, { signal });
  const isOurs = known === epoch && (status === "up" || catchingUp.has(storage.id));
  if (isOurs && mode === "running") {
    const reached = appliedVersion >= (catchingUp.get(storage.id) ?? 0n);
    if (reached) catchingUp.delete(storage.id);
    return reached ? "serves" : "not_yet";
  }
  // In other modes (its disk has failed, or no log has what it lacks) it would come no further.
  if (!isOurs || mode === "locked") await takeIn(attempt, layout, storage, catchingUp, signal);
  return "not_yet";
}

async function takeIn(
  attempt: Attempt,
  layout: Layout,
  storage: Ref,
  catchingUp: Map<string, Version>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { clientOf, epoch, director, scope, options } = attempt;
  const server = clientOf(STORAGE, storage);
  const { durableVersion } = await server.lock({ epoch, director }, { signal });
  const logs = replies(
    await callAll(scope, layout.logs, { timeoutMs: options.lockMs }, (log, call) =>
      clientOf(LOG, log).info({ revision: 0n }, call),
    ),
  ).map(({ reply }) => reply);
  const from = rejoinVersion(durableVersion, layout, logs);
  // What it lacks is in no log any more: it stays down.
  if (from === undefined) return;
  const ranges = rangesOf(storage.id, layout.teams);
  await server.unlock({ epoch, recoveryVersion: from, logs: layout.logs, ranges }, { signal });
  await callOne(scope, options.lockMs, (call) => server.finalize({ epoch }, call));
  catchingUp.set(
    storage.id,
    logs.reduce((most, { lastVersion }) => (lastVersion > most ? lastVersion : most), 0n),
  );
}

function everyMember({ teams }: Layout): readonly TeamMember[] {
  return [...new Map(teams.flatMap(({ members }) => members.map((member) => [member.storage.id, member]))).values()];
}

function withUp({ teams }: Layout, up: ReadonlyMap<string, Ref>): Layout["teams"] {
  return teams.map((team) => ({
    ...team,
    members: team.members.map((member) => {
      const storage = up.get(member.storage.id);
      return storage === undefined ? member : { storage, status: "up" as const };
    }),
  }));
}
