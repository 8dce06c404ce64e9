/**
 * Keeps teams full: new storage servers for places that are vacant, or whose member is lost for long, and copies for those that lack what no log keeps.
 *
 * A new server is in the layout first, as `down`: from then on no recovery forgets it, and none counts on it before it has been filled, since what is on
 * its disk is older than the logs. It becomes `up` as any server that comes back does (see `rejoin.ts`). One copy is made at a time.
 */
import { HOST, type Layout, LOG, STORAGE } from "#foundation/store-protocol";
import { type Attempt, newId } from "../attempt.ts";
import { callAll, callOne, causeOf } from "../calls.ts";
import { Ended } from "../endings.ts";
import {
  sourcesFor,
  type Vacancy,
  vacanciesIn,
  withNewMember,
  withoutReplaced,
  withStatus,
} from "../plan/fill-teams.ts";
import { locateWorker } from "../plan/locate-worker.ts";
import type { DirectorTask, RecoveryNode } from "../recovery-view.ts";
import { describeStall, type Stall } from "../stalls.ts";
import { rangesOf } from "../steps/activate.ts";
import type { EpochLayout } from "./epoch-layout.ts";
import { tend } from "./tend.ts";

export async function keepFull(attempt: Attempt, task: DirectorTask, shared: EpochLayout): Promise<void> {
  const { options, runtime, number } = attempt;
  /** Logs keep what servers lack that are members no more. */
  let stalePoppers = false;
  let said = "";
  let tries = 0;
  await tend(attempt, options.tendMs, async () => {
    const lost = shared.lost(runtime.clock.monotonicMs(), options.replaceAfterMs);
    if (await dropReplaced(attempt, task, shared, lost)) stalePoppers = true;
    if (stalePoppers && (await setPoppers(attempt, shared.current)) === undefined) stalePoppers = false;
    let stall = await fillVacancy(attempt, task, shared, lost);
    for (const id of [...shared.lacking]) {
      try {
        stall = (await fillOne(attempt, task, shared, id, lost, tries++)) ?? stall;
      } finally {
        // It is looked at again: now it can go on, or it lacks as much as before.
        shared.lacking.delete(id);
      }
    }
    // Only what is news: a director that runs has nothing to say otherwise.
    const text = stall === undefined ? "" : describeStall(stall);
    if (text !== said) task.report({ step: "running", stall: text, attempt: number });
    said = text;
    return "again";
  });
}

async function dropReplaced(
  attempt: Attempt,
  task: DirectorTask,
  shared: EpochLayout,
  lost: ReadonlySet<string>,
): Promise<boolean> {
  const { replicas } = attempt.view.config;
  const count = ({ teams }: Pick<Layout, "teams">): number =>
    teams.reduce((sum, { members }) => sum + members.length, 0);
  const before = shared.current;
  if (count({ teams: withoutReplaced(before.teams, replicas, lost) }) === count(before)) return false;
  await shared.amend(attempt, task, (teams) => withoutReplaced(teams, replicas, lost));
  return true;
}

/** Makes one server, and has it agreed to that it is a member. */
async function fillVacancy(
  attempt: Attempt,
  task: DirectorTask,
  shared: EpochLayout,
  lost: ReadonlySet<string>,
): Promise<Stall | undefined> {
  const { memory, view } = attempt;
  const vacancies = vacanciesIn(shared.current.teams, view.config.replicas, task.nodes(), lost);
  const vacancy = vacancies.find(({ nodes }) => nodes.length > 0);
  if (vacancy === undefined) {
    return vacancies.length === 0
      ? undefined
      : { reason: "insufficient_storage_nodes", needed: vacancies.length, have: 0 };
  }
  const node = vacancy.nodes.find((one) => !memory.suspects.has(one.node)) ?? vacancy.nodes[0]!;
  return makeMember(attempt, task, shared, vacancy, node);
}

async function makeMember(
  attempt: Attempt,
  task: DirectorTask,
  shared: EpochLayout,
  { tag }: Vacancy,
  { node, address }: RecoveryNode,
): Promise<Stall | undefined> {
  const { scope, options, clientOf, epoch, director, undo, memory } = attempt;
  const host = clientOf(HOST, { address, id: "host" });
  const id = newId(attempt, "storage");
  shared.making.add(id);
  undo.push({
    ...{ name: `createWorker ${id}`, host: address, kind: "worker" },
    run: (call) => host.removeWorker({ epoch, director, id }, call),
  });
  try {
    const storage = await callOne(scope, options.createMs, (call) =>
      host.createWorker({ epoch, director, id, kind: "storage" }, call),
    );
    await shared.amend(attempt, task, (teams) => {
      // From here on it may be in a layout that is committed. If it is in none, the janitor of the next epoch finds that it is empty.
      undo.clear();
      return withNewMember(teams, tag, storage);
    });
    shared.making.delete(id);
    return undefined;
  } catch (error) {
    // Nobody knows whether it is a member: it stays among those that are being made, so that nothing of this epoch removes it.
    if (scope.signal.aborted || error instanceof Ended) throw error;
    // It may have been made all the same, and is no member: its inverse runs when the epoch ends.
    shared.making.delete(id);
    memory.suspects.add(node);
    return { reason: "recruited_unavailable", id, cause: causeOf(error) };
  }
}

/** Resolves with why it could not be filled now. */
async function fillOne(
  attempt: Attempt,
  task: DirectorTask,
  shared: EpochLayout,
  id: string,
  lost: ReadonlySet<string>,
  tries: number,
): Promise<Stall | undefined> {
  const { scope, options, clientOf, epoch, director } = attempt;
  const { teams } = shared.current;
  const member = teams.flatMap(({ members }) => members).find(({ storage }) => storage.id === id);
  if (member === undefined) return undefined;
  const sources = sourcesFor(id, teams, lost);
  if (sources.length === 0) return { reason: "no_fill_source", id };
  try {
    const storage = locateWorker(member.storage, task.nodes());
    // Nobody shall read from it meanwhile.
    if (member.status === "up") {
      await shared.amend(attempt, task, (now) => withStatus(now, "down", new Map([[id, storage]])));
    }
    // Before the copy begins: nothing that follows on its version is trimmed from then on, as the server has not popped it.
    const failure = await setPoppers(attempt, shared.current);
    if (failure !== undefined) return { reason: "fill_failed", id, cause: failure };
    const server = clientOf(STORAGE, storage);
    await callOne(scope, options.lockMs, (call) => server.lock({ epoch, director }, call));
    const source = locateWorker(sources[tries % sources.length]!, task.nodes());
    const ranges = rangesOf(id, teams);
    const { version } = await callOne(scope, options.fillMs, (call) => server.fill({ epoch, source, ranges }, call));
    shared.copied.set(id, version);
    return undefined;
  } catch (error) {
    if (scope.signal.aborted || error instanceof Ended) throw error;
    return { reason: "fill_failed", id, cause: causeOf(error) };
  }
}

/** Every log keeps what any member has not on its disk. Resolves with what has failed. */
async function setPoppers(attempt: Attempt, { teams, logs }: Layout): Promise<string | undefined> {
  const { scope, options, clientOf, epoch } = attempt;
  const storages = [...new Set(teams.flatMap(({ members }) => members.map(({ storage }) => storage.id)))];
  const outcomes = await callAll(scope, logs, { timeoutMs: options.lockMs }, (log, call) =>
    clientOf(LOG, log).setPoppers({ epoch, storages }, call),
  );
  const failed = outcomes.find(({ ok }) => !ok);
  return failed === undefined || failed.ok ? undefined : causeOf(failed.error);
}
