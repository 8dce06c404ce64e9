/**
 * Step 2: ends the old generation, and learns what is left of it.
 *
 * A locked log takes no push of an older epoch any more, a locked storage server pulls nothing: from here on the old generation acknowledges nothing.
 */
import type { Ref } from "#foundation/rpc";
import { type Layout, LOG, STORAGE, type StorageTeam, type TeamMember, type Version } from "#foundation/store-protocol";
import type { Attempt } from "../attempt.ts";
import { callAll, type Outcome, replies } from "../calls.ts";
import { chooseLogs, type LockedLog, logQuorum } from "../plan/choose-logs.ts";
import { judgeTeams } from "../plan/judge-teams.ts";
import { locateWorker } from "../plan/locate-worker.ts";
import { Stalled } from "../stalls.ts";

/** Servers that are left behind never find in the logs again what they lack: not for one copy that was lost. */
const SLOW_REPLAYS_MAX = 3;

/** What the new generation is built upon. */
export interface Basis {
  /** R. */
  readonly recoveryVersion: Version;
  /** New logs hold everything above it, up to R. */
  readonly replayFrom: Version;
  /** Old logs that have all of that; none in a new cluster. */
  readonly sources: readonly Ref[];
  readonly teams: readonly StorageTeam[];
  /** Whether members that are down find in the new logs what they will need. */
  readonly keepsForDown: boolean;
}

interface Target {
  readonly kind: "log" | "storage";
  readonly ref: Ref;
}
type Locked = { readonly log: LockedLog } | { readonly durable: Version };

export async function lockOld(attempt: Attempt, old: Layout): Promise<Basis> {
  const { scope, options, view, memory } = attempt;
  const teams = old.teams.map((team) => ({
    ...team,
    members: team.members.map((member) => ({ ...member, storage: locateWorker(member.storage, view.nodes) })),
  }));
  const storages = new Map(
    teams.flatMap(({ members }) => members.map(({ storage }) => [storage.id, storage] as const)),
  );
  const targets: Target[] = [
    ...old.logs.map((ref) => ({ kind: "log" as const, ref: locateWorker(ref, view.nodes) })),
    ...[...storages.values()].map((ref) => ({ kind: "storage" as const, ref })),
  ];
  const enough = (done: readonly Outcome<Target, Locked>[]): boolean => {
    const ids = new Set(replies(done).map(({ item }) => item.ref.id));
    // Who was down may have nothing yet: that it has answered is no reason to hurry the others.
    const counts = ({ storage, status }: TeamMember): boolean => status === "up" && ids.has(storage.id);
    const logs = old.logs.filter(({ id }) => ids.has(id)).length;
    return (
      logs >= logQuorum(old.logs.length) &&
      teams.every(({ members }) => members.filter(counts).length >= options.liveMembersMin)
    );
  };
  const settle = { enough, graceMs: options.lockGraceMs };
  const outcomes = await callAll(scope, targets, { timeoutMs: options.lockMs, settle }, (target, call) =>
    lock(attempt, target, call),
  );

  const locked = replies(outcomes);
  const logs = locked.flatMap(({ reply }) => ("log" in reply ? [reply.log] : []));
  const durable = new Map(
    locked.flatMap(({ item, reply }) => ("durable" in reply ? [[item.ref.id, reply.durable] as const] : [])),
  );
  const floor = [...durable.values()].reduce((most, version) => (version > most ? version : most), 0n);
  const chosen = chooseLogs(old.logs.length, logs, floor);
  if ("reason" in chosen) throw new Stalled(chosen);
  const judged = judgeTeams(teams, durable, chosen.oldestVersion, options.liveMembersMin);
  if ("reason" in judged) throw new Stalled(judged);

  // Storage servers that cannot be reached now join again from the new logs: these begin where the old ones did, since nothing is trimmed from a log
  // that such a server has not. When so much cannot be copied, the others go on without them.
  const keepsForDown =
    memory.slowReplays < SLOW_REPLAYS_MAX &&
    judged.teams.some(({ members }) => members.some(({ status }) => status === "down"));
  return {
    recoveryVersion: chosen.recoveryVersion,
    replayFrom: keepsForDown ? chosen.oldestVersion : judged.durableVersion,
    sources: chosen.sources,
    teams: judged.teams,
    keepsForDown,
  };
}

async function lock(attempt: Attempt, { kind, ref }: Target, call: { signal?: AbortSignal }): Promise<Locked> {
  const { clientOf, epoch, director } = attempt;
  if (kind === "storage") {
    const { durableVersion } = await clientOf(STORAGE, ref).lock({ epoch, director }, call);
    return { durable: durableVersion };
  }
  const { lastVersion, oldestVersion, knownCommitted } = await clientOf(LOG, ref).lock({ epoch, director }, call);
  return { log: { log: ref, lastVersion, oldestVersion, knownCommitted } };
}
