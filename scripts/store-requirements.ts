/** What the requirement of the store says must hold, what recovery must be held to, and the list of correctness, with the tests that show each. */
import type { Statement } from "./requirements.ts";

/** Whole clusters, simulated with faults; the witness watches every call of theirs. */
const CLUSTERS = "tests/store/scenarios.ts";
const PROMISE = "whatever fails around it, a store loses nothing";
const WITNESS = "tests/store/invariants/witness.test.ts";
const LOG = "data-plane/store/log/log.test.ts";
const LOG_MISTAKES = "data-plane/store/log/simulation/mutations.ts";
const DIRECTOR = "control-plane/cluster/recovery/director.test.ts";
const DIRECTOR_MISTAKES = "control-plane/cluster/recovery/testing/mutations.ts";
const FAULTS = "control-plane/cluster/recovery/faults.test.ts";
const OVERTAKEN = "control-plane/cluster/recovery/overtaken.test.ts";
const WATCH = "control-plane/cluster/recovery/watch/watch.test.ts";
const STATE = "control-plane/cluster/coordinator/cluster-state.test.ts";
const COORDINATOR = "control-plane/cluster/coordinator/coordinator.simulation.test.ts";
const COMMIT = "data-plane/store/proxy/commit.test.ts";
const READ_VERSIONS = "data-plane/store/proxy/read-versions.test.ts";
const RESOLVER = "data-plane/store/resolver/resolver.test.ts";
const STORAGE = "data-plane/store/storage/storage.test.ts";
const PLAN = "control-plane/cluster/recovery/plan/plan.test.ts";
const TRANSACT = "data-plane/store/client/transact.test.ts";
const SERIAL = "data-plane/store/client/serial-model.test.ts";
const PROCESSES = "tests/store/processes.test.ts";

/** M: what must hold. */
export const STORE_STATEMENTS: readonly Statement[] = [
  {
    id: "M1",
    statement: "Raft by the book, as a pure step function.",
    tests: [
      ["foundation/raft/simulation/mutations.test.ts", "a deliberate mistake is found", "cores that are not broken"],
      ["foundation/raft/simulation/group.simulation.test.ts", "a group keeps every promise"],
      ["foundation/raft/vectors/interaction.test.ts", "all of them"],
    ],
  },
  {
    id: "M2",
    statement: "Epochs come from consensus, are never used again, and are on disk before a lock is answered.",
    tests: [
      [STATE, "and never twice"],
      [LOG, "a restarted log is locked, and remembers its epoch"],
      [STORAGE, "a lock holds against older ones"],
      [LOG_MISTAKES, "forgets a lock when it is restarted", "does not check the epoch"],
    ],
  },
  {
    id: "M3",
    statement: "A commit is acknowledged once every log of the layout has it on disk, in its epoch.",
    tests: [
      [COMMIT, "nobody is answered before the last log has it"],
      [LOG_MISTAKES, "acknowledges before the sync", "does not sync what is pushed"],
    ],
  },
  {
    id: "M4",
    statement: "Transactions are strictly serializable.",
    tests: [
      [CLUSTERS, PROMISE],
      [SERIAL, "transactions at the same time", "a transaction alone sees its own writes exactly"],
      [READ_VERSIONS, "a sequencer of an epoch that is over elsewhere"],
    ],
  },
  {
    id: "M5",
    statement:
      "A recovery that fails before its layout is agreed to leaves nothing behind; a stall says why, and ends.",
    tests: [
      [FAULTS, "at every call"],
      ["control-plane/cluster/recovery/stalls.test.ts", "pauses grow"],
      [DIRECTOR_MISTAKES, "commits the layout before the system transaction", "forgets to remove workers"],
    ],
  },
  {
    id: "M6",
    statement:
      "The loss of one node of three loses nothing, and it goes on; without a majority nothing goes on, and no lie is told.",
    tests: [
      [DIRECTOR, "when one node after the other dies"],
      [CLUSTERS, PROMISE],
      [PROCESSES, "each is killed in turn"],
    ],
  },
  {
    id: "M7",
    statement: "What is on disk says what it is and has checksums; torn ends are cut, damage in the middle is refused.",
    tests: [
      ["data-plane/store/log/disk/format.test.ts", "a torn end is cut off", "every damaged bit"],
      ["data-plane/store/engine/corruption.test.ts", "one bit flipped anywhere"],
      ["foundation/raft/storage/frames.test.ts", "a torn end is cut off", "every damaged bit"],
    ],
  },
];

/** Pa to Pg: what recovery must be held to. I1 to I7: what is asserted of it. */
export const STORE_RECOVERY: readonly Statement[] = [
  {
    id: "Pa",
    statement: "At most one epoch can make a commit durable.",
    tests: [
      [WITNESS, "an old epoch acknowledges after a later one has begun"],
      [DIRECTOR, "nothing of an older epoch is acknowledged any more"],
    ],
  },
  {
    id: "Pb",
    statement: "What an epoch has acknowledged is in what the next one goes on from.",
    tests: [
      [WITNESS, "a later epoch goes on from before what was committed"],
      [DIRECTOR_MISTAKES, "does not lock one of the old logs", "goes only as far as pushers knew"],
    ],
  },
  {
    id: "Pc",
    statement:
      "The recovered version is at least every acknowledged one; what was not acknowledged is there wholly or not at all.",
    tests: [
      [WITNESS, "a later epoch goes on from before what was committed", "a version has two contents"],
      [CLUSTERS, PROMISE],
    ],
  },
  {
    id: "Pd",
    statement: "No read version is above what the next epoch goes on from, unless the read fails.",
    tests: [
      [WITNESS, "what is between two epochs is read"],
      [STORAGE, "of another epoch, of other keys, and of a locked server are refused"],
    ],
  },
  {
    id: "Pe",
    statement: "Logs that were locked never accept again, also after a restart.",
    tests: [
      [LOG, "a lock holds from the moment it is called", "a restarted log is locked"],
      [WITNESS, "a locked log takes a push"],
    ],
  },
  {
    id: "Pf",
    statement: "A recovery may be killed anywhere, and a later one succeeds.",
    tests: [
      [FAULTS, "at every call"],
      ["control-plane/cluster/recovery/storm.test.ts", "whatever happens, nothing acknowledged is lost"],
    ],
  },
  {
    id: "Pg",
    statement: "It comes to its end once enough coordinators and logs are up.",
    tests: [
      [CLUSTERS, PROMISE],
      [COORDINATOR, "in the end one runs"],
    ],
  },
  {
    id: "I1",
    statement: "One director at most has its layout agreed to in an epoch.",
    tests: [[STATE, "have a layout of their own director only", "an epoch has layouts of one director"]],
  },
  {
    id: "I2",
    statement: "Epochs rise, wherever they are seen.",
    tests: [[WITNESS, "a log obeys an older epoch", "a host obeys an older epoch"]],
  },
  {
    id: "I3",
    statement: "What was acknowledged is not above what any later recovery goes on from.",
    tests: [[WITNESS, "a later epoch goes on from before what was committed"]],
  },
  {
    id: "I4",
    statement: "No storage server shows a version between recovery and the first one of the epoch.",
    tests: [[WITNESS, "what is between two epochs is read", "a storage server has kept what was not committed"]],
  },
  {
    id: "I5",
    statement: "A proxy of an old epoch cannot have all logs any more.",
    tests: [[WITNESS, "an old epoch acknowledges after a later one has begun", "a locked log takes a push"]],
  },
  {
    id: "I6",
    statement: "What was acknowledged can be read in all later epochs.",
    tests: [
      [CLUSTERS, PROMISE],
      ["control-plane/cluster/recovery/storm.test.ts", "whatever happens, nothing acknowledged is lost"],
    ],
  },
  {
    id: "I7",
    statement: "Of an attempt that was taken back nothing runs, and nothing is on disk.",
    tests: [
      [WITNESS, "what runs without belonging to the layout is named"],
      [FAULTS, "at every call"],
    ],
  },
];

/** K: the list of correctness. */
export const STORE_CHECKLIST: readonly Statement[] = [
  {
    id: "K1",
    statement: "A commit is on all logs, then reported to the sequencer, then answered.",
    tests: [
      [COMMIT, "is on every log, is reported, and only then answered"],
      [WITNESS, "the client is told too early", "the sequencer is told too early"],
    ],
  },
  {
    id: "K2",
    statement: "A read version is what is known to be committed, after the epoch was confirmed.",
    tests: [
      [READ_VERSIONS, "every acknowledged commit is below", "a sequencer of an epoch that is over"],
      [WITNESS, "a read version is stale"],
    ],
  },
  {
    id: "K3",
    statement:
      "Points and ranges conflict with points and ranges, in the order of a batch; who reads before the window is too old.",
    tests: [
      ["data-plane/store/conflicts/conflicts.test.ts", "batches of chance"],
      [RESOLVER, "(phantoms)", "within a batch", "who read before the window"],
    ],
  },
  {
    id: "K4",
    statement: "Resolvers and logs keep to the chain of versions.",
    tests: [
      [RESOLVER, "the order in which batches come"],
      [LOG_MISTAKES, "takes versions whose predecessor it does not have"],
      [WITNESS, "two versions follow one"],
    ],
  },
  {
    id: "K5",
    statement: "The epoch is on disk before a lock is answered, and every call carries it.",
    tests: [
      [LOG_MISTAKES, "forgets a lock when it is restarted", "does not check the epoch"],
      [STORAGE, "a lock holds against older ones"],
      [RESOLVER, "other epochs, versions that do not rise"],
    ],
  },
  {
    id: "K6",
    statement: "Where a recovery goes on from, what it copies, and the jump of the versions after it.",
    tests: [
      [PLAN, "windows that can be, and that cannot", "all that are locked, from the least of them"],
      [DIRECTOR_MISTAKES, "lets versions follow on each other", "copies nothing"],
      [WITNESS, "an epoch begins below the one before"],
    ],
  },
  {
    id: "K7",
    statement: "Storage servers make durable what is committed, and serve what they have, in their epoch.",
    tests: [
      [STORAGE, "nothing of an epoch is made durable before its layout", "wait for their version"],
      [WITNESS, "a storage server has on its disk what is not committed"],
    ],
  },
  {
    id: "K8",
    statement: "Clients know a layout once it is agreed to; old logs stay until storage has caught up.",
    tests: [
      [WITNESS, "a client reads in an epoch that is not agreed to", "an old log is removed before"],
      [DIRECTOR_MISTAKES, "removes old logs at once"],
    ],
  },
  {
    id: "K9",
    statement: "Whatever ends an attempt, it is taken back; what nobody removes ends by its lease.",
    tests: [
      [FAULTS, "at every call"],
      [WATCH, "components end by themselves"],
      [OVERTAKEN, "at the commit: undone"],
    ],
  },
  {
    id: "K10",
    statement: "Nodes may register again and again; an older start replaces no later one; who is silent is removed.",
    tests: [
      [STATE, "a later start replaces an earlier one", "saying the same again"],
      [COORDINATOR, "nodes are known until they are silent"],
    ],
  },
  {
    id: "K11",
    statement: "Clients tell unknown results from others, try again only where that is safe, and check the limits.",
    tests: [
      [TRANSACT, "a commit of unknown result is not tried again", "an idempotent one of unknown result"],
      ["data-plane/store/transactions/transactions.test.ts", "each limit has its error"],
    ],
  },
  {
    id: "K12",
    statement: "A transaction sees its own writes exactly.",
    tests: [
      [SERIAL, "a transaction alone sees its own writes exactly"],
      ["data-plane/store/client/overlay/overlay.test.ts", "reads see the base with all writes"],
    ],
  },
];
