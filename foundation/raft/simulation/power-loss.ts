/**
 * A member's disk alone: random changes are saved while power fails at any moment, and processes are killed before it, also while recovering. What is found must be what was last confirmed,
 * or what was being saved — whole; or the snapshot that was being saved, with the log from before.
 */

import type { Runtime } from "#foundation/runtime";
import { planOf, type SimulationOptions, type World } from "#foundation/runtime/simulation";
import type { CoreStart } from "../core/state.ts";
import type { Entry, HardState, Snapshot } from "../core/types.ts";
import type { openRaftStorage, RaftStorage } from "../storage/raft-storage.ts";

type State = Pick<CoreStart, "hardState" | "log" | "snapshot">;

const LOSSES = 25;

/** A simulation of one disk. `open` is the function under test. */
export function powerLossSimulation(open: typeof openRaftStorage, seed: number): SimulationOptions {
  let confirmed: State | undefined;
  let attempted: State | undefined;
  const program = async (runtime: Runtime): Promise<void> => {
    const { disk, random } = runtime;
    if (!(await disk.exists("/raft"))) await disk.makeDirectory("/raft");
    await disk.syncDirectory("/");
    const { storage, start } = await open(disk, "/raft", FIRST);
    const found = textOf(start);
    const known =
      confirmed === undefined || attempted === undefined ? [] : [confirmed, attempted, between(confirmed, attempted)];
    if (known.length > 0 && !known.some((state) => textOf(state) === found)) {
      throw new Error(`found ${found}\nwhere it should be one of\n${known.map(textOf).join("\n")}`);
    }
    confirmed = { hardState: start.hardState, log: start.log, snapshot: start.snapshot };
    for (;;) {
      await new Promise<void>((resolve) => runtime.timers.after(random.float() * 3, resolve));
      const next = nextState(confirmed, () => random.float());
      attempted = next.state;
      await next.save(storage);
      confirmed = next.state;
    }
  };
  return {
    seed,
    machines: { m: program },
    faults: (random) => planOf(["slow-disk"], random),
    scenario: async (world: World) => {
      const machine = world.machine("m");
      for (let loss = 0; loss < LOSSES; loss++) {
        await world.sleep(world.random.float() * (loss % 3 === 0 ? 10 : 80));
        if (world.random.float() < 0.6) {
          // What a process that was killed has left in the system's memory is read by the next one, and is gone when power fails soon afterwards.
          machine.kill("process");
          machine.start();
          await world.sleep(world.random.float() * 15);
        }
        machine.kill("power");
        await world.sleep(1);
        machine.start();
      }
      await world.sleep(50);
    },
  };
}

/** The snapshot of the one with the log of the other: it is made first. */
function between(before: State, after: State): State {
  const { hardState, log } = before;
  const { meta } = after.snapshot!;
  const term = meta.index === log.baseIndex ? log.baseTerm : log.entries[meta.index - log.baseIndex - 1]?.term;
  const entries = term === meta.term ? log.entries : [];
  const commit = Math.max(hardState.commit, meta.index);
  return { hardState: { ...hardState, commit }, log: { ...log, entries }, snapshot: after.snapshot };
}

const MEMBERSHIP = { voters: [1, 2, 3], outgoing: [], learners: [], learnersNext: [], autoLeave: false };
const FIRST: Snapshot = { meta: { index: 1, term: 1, membership: MEMBERSHIP }, data: new Uint8Array() };

function nextState(state: State, draw: () => number): { state: State; save: (storage: RaftStorage) => Promise<void> } {
  const { log } = state;
  const term = state.hardState.term + (draw() < 0.3 ? 1 : 0);
  const vote = Math.floor(draw() * 4);
  const lastIndex = log.baseIndex + log.entries.length;
  const kind = draw();
  if (kind < 0.1 && lastIndex > log.baseIndex) {
    // Our own snapshot, of something that is committed; a few entries are kept before it.
    const index = Math.max(log.applied, log.baseIndex + 1 + Math.floor(draw() * log.entries.length));
    const at = log.entries[index - log.baseIndex - 1] ?? { term: log.baseTerm };
    const baseIndex = Math.max(log.baseIndex, index - 2);
    const baseTerm = log.entries[baseIndex - log.baseIndex - 1]?.term ?? log.baseTerm;
    const hardState = { term, vote, commit: Math.max(index, state.hardState.commit) };
    const entries = log.entries.slice(baseIndex - log.baseIndex);
    return replaced(hardState, { index, term: at.term }, { index: baseIndex, term: baseTerm }, entries);
  }
  if (kind < 0.2) {
    // One from the leader, beyond everything here.
    const place = { index: lastIndex + 1 + Math.floor(draw() * 3), term };
    return replaced({ term, vote, commit: place.index }, place, place, []);
  }
  const from = Math.max(state.hardState.commit + 1, lastIndex + 1 - Math.floor(draw() * 3));
  const fresh = Array.from({ length: Math.floor(draw() * 4) }, (_, offset): Entry => {
    return {
      kind: "command",
      term,
      index: from + offset,
      data: new Uint8Array(Math.floor(draw() * 900)).fill(offset + 1),
    };
  });
  const kept = fresh.length > 0 ? log.entries.slice(0, from - log.baseIndex - 1) : log.entries;
  const entries = [...kept, ...fresh];
  const commit = Math.max(state.hardState.commit, Math.min(log.baseIndex + entries.length, lastIndex - 2));
  const hardState = { term, vote, commit };
  return {
    state: { hardState, log: { ...log, entries, commit }, snapshot: state.snapshot },
    save: (storage) => storage.save(hardState, fresh),
  };
}

function replaced(
  hardState: HardState,
  place: { readonly index: number; readonly term: number },
  base: { readonly index: number; readonly term: number },
  entries: readonly Entry[],
): ReturnType<typeof nextState> {
  const snapshot = { meta: { ...place, membership: MEMBERSHIP }, data: new Uint8Array(700).fill(place.index) };
  const log = { baseIndex: base.index, baseTerm: base.term, entries, commit: hardState.commit, applied: place.index };
  return {
    state: { hardState, log, snapshot },
    save: (storage) => storage.saveSnapshot(snapshot, { hardState, base, entries }),
  };
}

/** Everything but what a crash between a snapshot and its log may rightly change: where the kept entries begin. */
function textOf({ hardState, log, snapshot }: State): string {
  const entries = log.entries.filter(({ index }) => index > snapshot!.meta.index);
  const texts = entries.map(
    (entry) => `${entry.index}@${entry.term}:${entry.kind === "command" ? entry.data.length : ""}`,
  );
  const { term, vote, commit } = hardState;
  return `term ${term} vote ${vote} commit ${commit} snapshot ${snapshot!.meta.index}@${snapshot!.meta.term} entries ${texts.join(" ")}`;
}
