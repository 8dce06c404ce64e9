/** What a store that was studied before this one was built does wrong, each clause by itself, and the tests that it is not so here. */
import type { Statement } from "./requirements.ts";

const CLIENT = "data-plane/store/client/reference-defects.test.ts";
const OVERLAY = "data-plane/store/client/overlay/overlay.test.ts";
const TRANSACT = "data-plane/store/client/transact.test.ts";
const RESOLVER = "data-plane/store/resolver/resolver.test.ts";
const CONFLICTS = "data-plane/store/conflicts/conflicts.test.ts";
const SEQUENCER = "data-plane/store/sequencer/sequencer.test.ts";
const COMMIT = "data-plane/store/proxy/commit.test.ts";
const READ_VERSIONS = "data-plane/store/proxy/read-versions.test.ts";
const LOG = "data-plane/store/log/log.test.ts";
const LOG_RECOVERY = "data-plane/store/log/recovery.test.ts";
const LOG_FORMAT = "data-plane/store/log/disk/format.test.ts";
/** The mistakes that are planted in each run. */
const LOG_MISTAKES = "data-plane/store/log/simulation/mutations.ts";
const DIRECTOR_MISTAKES = "control-plane/cluster/recovery/testing/mutations.ts";
const RAFT_MISTAKES = "foundation/raft/simulation/mutations.ts";
const STORAGE = "data-plane/store/storage/storage.test.ts";
const APPLY = "data-plane/store/storage/apply-entry.test.ts";
const ROUTING = "data-plane/store/cluster/routing.test.ts";
const ALLOCATOR = "data-plane/store/layers/allocator/allocator.test.ts";
const DIRECTORY = "data-plane/store/layers/directory/directory.test.ts";
const TUPLE = "data-plane/store/tuple/tuple.test.ts";
const RAFT = "foundation/raft/core/known-defects.test.ts";
const RECOVERY = "control-plane/cluster/recovery";
const COORDINATOR = "control-plane/cluster/coordinator/coordinator.simulation.test.ts";
const STATE = "control-plane/cluster/coordinator/cluster-state.test.ts";

type Tests = Statement["tests"];

/** One study's number for several clauses: `6.2.2` with its first, second … clause as `6.2.2-1`, `6.2.2-2` … */
const clauses = (
  number: string,
  ...list: readonly (readonly [statement: string, tests: Tests, missing?: string])[]
): readonly Statement[] =>
  list.map(([statement, tests, missing], index) => ({
    id: `${number}-${index + 1}`,
    statement,
    tests,
    ...(missing === undefined ? {} : { missing }),
  }));

const cannot = (reason: string): string => `Cannot exist here, because ${reason}.`;
const NO_SHARDS =
  "there are no shards in logs: a storage server follows logs that have everything, and takes its ranges out of it";

export const STORE_WEAKNESSES: readonly Statement[] = [
  ...clauses(
    "1.2.2",
    [
      "A vote is not on disk.",
      [
        [RAFT, "a vote is saved", "a vote that was given"],
        [RAFT_MISTAKES, "forgets the vote on disk"],
      ],
    ],
    [
      "A candidate does not record its vote for itself, and gives another one in the same term.",
      [
        [RAFT, "a candidate votes for itself"],
        [RAFT_MISTAKES, "votes twice in a term"],
      ],
    ],
    ["An election that came to nothing is held again in the same term.", [[RAFT, "is held again in a new term"]]],
    [
      "Who votes in a higher term does not write the term down.",
      [
        [RAFT, "a vote is saved"],
        [RAFT_MISTAKES, "writes nothing when only term and vote change"],
      ],
    ],
    [
      "No empty entry begins a term, and entries of older terms are committed by counting copies.",
      [
        [RAFT, "with an empty entry of its own term"],
        [RAFT_MISTAKES, "commits entries of older terms"],
      ],
    ],
    [
      "An answer says nothing of success, and entries that diverge count.",
      [
        [RAFT, "an answer that refuses"],
        [RAFT_MISTAKES, "takes entries that do not follow"],
      ],
    ],
    ["A new leader is not heard at once.", [[RAFT, "a new leader is heard at once"]]],
    [
      "There are no snapshots, changes of membership, questions before elections, linearizable reads.",
      [
        [RAFT, "does not raise its term", "hears no majority steps down"],
        ["foundation/raft/driver/member.test.ts", "take in a fourth by snapshot"],
        [RAFT_MISTAKES, "answers reads without asking a majority", "lets two membership changes"],
      ],
    ],
  ),
  ...clauses(
    "6.2.1",
    [
      "The recovery of a cluster that has data cannot finish.",
      [[`${RECOVERY}/director.test.ts`, "when a log starts anew", "when one node after the other dies"]],
    ],
    [
      "An epoch is used twice.",
      [
        [STATE, "and never twice"],
        [COORDINATOR, "an epoch has one director"],
      ],
    ],
    [
      "After a change of the leader, a recovery starts from an old layout.",
      [[COORDINATOR, "a director that dies is followed", "an epoch has one director"]],
    ],
    [
      "A recovery that stalls is not tried again after a time.",
      [[`${RECOVERY}/stalls.test.ts`, "pauses grow, and a change of the nodes ends one at once"]],
    ],
    ["A director starts again in its own epoch, without a pause.", [[DIRECTOR_MISTAKES, "tries an epoch again"]]],
    ["Services of nodes that are gone are never removed.", [[COORDINATOR, "nodes are known until they are silent"]]],
    [
      "A new epoch adopts a component of the old one that still runs.",
      [
        ["foundation/rpc/rpc.test.ts", "an id is served once"],
        [DIRECTOR_MISTAKES, "takes a log of the old generation"],
      ],
      "Components are addressed by ids that are drawn anew for each.",
    ],
    ["Storage servers of a new cluster get no logs, as the filter by shard is wrong.", [], cannot(NO_SHARDS)],
    [
      "What is written of a shard's key is not what is read.",
      [["foundation/binary/binary.test.ts", "what is written is read again"]],
      cannot("both come from one description of the record"),
    ],
    ["Workers are not told their shard.", [[ROUTING, "6.2.1"]], cannot(NO_SHARDS)],
    [
      "Services are tuples of three parts in some places, of two in others.",
      [["foundation/binary/binary.test.ts", "refuse to write what would be read as another value"]],
      cannot("what travels is a record with a type and one codec"),
    ],
    [
      "Errors of writing configuration and layout are ignored.",
      [
        [`${RECOVERY}/overtaken.test.ts`, "at the commit: undone", "a commit that was %s leaves the logs"],
        [STATE, "replace the one that is named, when they can be"],
      ],
    ],
    [
      "Who waits for Raft is not told that leadership was lost.",
      [["foundation/raft/driver/waiters.test.ts", "a proposal is told applied only", "what takes too long"]],
    ],
    ["A lock that is not answered ends the director with a crash.", [[`${RECOVERY}/faults.test.ts`, "at every call"]]],
    ["Who comes late never gets a layout.", [[COORDINATOR, "whoever waits for a change is told"]]],
    [
      "Read versions are not fenced: clients that are cut off read what is old.",
      [[READ_VERSIONS, "a sequencer of an epoch that is over elsewhere", "locked between two requests"]],
    ],
  ),
  ...clauses(
    "6.2.2",
    [
      "Ranges that were read do not conflict with points that are written.",
      [
        [RESOLVER, "(phantoms)"],
        [CONFLICTS, "batches of chance"],
      ],
    ],
    [
      "Nested and overlapping intervals are missed; one with the same start keeps its old end.",
      [
        [RESOLVER, "nested and overlapping"],
        [CONFLICTS, "batches of chance", "ranges of every width"],
      ],
    ],
    ["Read versions before the window are not refused.", [[RESOLVER, "who read before the window is too old"]]],
    ["An empty batch that comes late has verdicts.", [[RESOLVER, "an empty batch has no verdicts"]]],
    [
      "Metadata of transactions that another resolver has turned down is passed on.",
      [],
      cannot("resolvers pass nothing on: a layout is agreed to by coordinators"),
    ],
    ["Who waits is told after its caller has given up.", [[RESOLVER, "hears so before the proxy"]]],
    [
      "A batch that comes again is declared to conflict.",
      [[RESOLVER, "a batch that comes again", "refused, not declared to conflict"]],
    ],
  ),
  ...clauses(
    "6.2.3",
    [
      "An unknown outcome is told as a conflict, and tried again by itself.",
      [
        [TRANSACT, "a commit of unknown result is not tried again"],
        [COMMIT, "an unknown result, others none"],
      ],
    ],
    ["The next version is waited for without end.", [[COMMIT, "is not waited for without end"]]],
    [
      "A call to the sequencer that is repeated has another effect.",
      [[SEQUENCER, "the same request of the same proxy"]],
    ],
    ["A call to a resolver that is repeated has another effect.", [[RESOLVER, "a batch that comes again"]]],
    [
      "A push that is repeated has another effect.",
      [
        [LOG, "a repeated push is acknowledged again only"],
        [LOG_MISTAKES, "acknowledges a repeated push"],
      ],
    ],
    ["Pushes carry no epoch.", [[LOG_MISTAKES, "does not check the epoch"]]],
    [
      "A commit that writes nothing drops its write conflicts.",
      [
        [CLIENT, "a read-only commit"],
        [COMMIT, "write conflicts of a transaction that writes nothing"],
      ],
    ],
    [
      "A read conflict without any read ends the commit with a failure.",
      [[CLIENT, "an explicit read conflict without any read"]],
    ],
  ),
  ...clauses(
    "6.2.4",
    [
      "Pushes that waited for their predecessor do not reach those who pull.",
      [
        [LOG, "6.2.4: pushes that waited"],
        [LOG_MISTAKES, "6.2.4: does not wake", "6.2.4: forgets to take"],
      ],
    ],
    [
      "What is passed on has the version before as its key.",
      [[LOG, "what is pushed can be pulled"]],
      cannot("entries are kept once, by their own version, and given from there"),
    ],
    ["A write that fails is answered twice.", [[LOG, "6.2.4: a write that fails"]]],
    [
      "A copy may end early, and nobody is told.",
      [
        [LOG_RECOVERY, "6.2.4: an empty reply"],
        [LOG_MISTAKES, "6.2.4: takes an empty reply"],
      ],
    ],
    [
      "Damage in a segment is handled wrongly.",
      [
        [LOG_FORMAT, "every damaged bit"],
        [LOG_RECOVERY, "damage that is read ends the log"],
      ],
    ],
    [
      "A mark of the end is overwritten with each entry.",
      [[LOG_FORMAT, "a torn end is cut off"]],
      cannot("segments are only appended to, and have no mark of their end"),
    ],
  ),
  ...clauses(
    "6.2.5",
    ["Servers of shards have names for all: those of two logs collide.", [], cannot(NO_SHARDS)],
    [
      "An object that is there already is taken for the one that was to be written.",
      [],
      cannot("neither logs nor storage servers write objects"),
    ],
    [
      "A batch that was given up holds up trimming for ever.",
      [[LOG, "what all poppers have is trimmed"]],
      cannot("nothing is given up: who cannot apply an entry ends, and pops nothing"),
    ],
  ),
  ...clauses(
    "6.2.6",
    ["After a range was cleared, a key of it has its old value.", [[CLIENT, "get after clear_range"]]],
    ["What is set in a cleared range is not in what a range gives.", [[CLIENT, "a set after a clear_range"]]],
    ["An empty range shows no writes of the transaction.", [[CLIENT, "an empty range shows"]]],
    [
      "An empty range is no conflict.",
      [
        [CLIENT, "an empty range shows"],
        [OVERLAY, "a key that is missing, and a range that is empty"],
      ],
    ],
    ["A key that is missing is no conflict.", [[CLIENT, "two insert-if-absent"]]],
    ["A selector that finds nothing is no conflict.", [[CLIENT, "a selector that finds nothing"]]],
    ["A range conflicts between its first and last key only.", [[CLIENT, "before its first and after its last key"]]],
    [
      "A selector conflicts at the key it found only.",
      [[CLIENT, "a selector conflicts with a key that comes between"]],
    ],
    [
      "An atomic operation is read as if nothing were stored.",
      [[CLIENT, "an atomic operation is read over the stored value"]],
    ],
    [
      "A later operation on a key discards those before it.",
      [
        [CLIENT, "a later operation on a key", "an atomic operation is read over what the transaction has set"],
        [OVERLAY, "snapshot reads see own writes"],
      ],
    ],
    ["Snapshot reads of ranges conflict.", [[CLIENT, "snapshot is honoured"]]],
    ["Ranges end where a team's keys end.", [[ROUTING, "6.2.6"]]],
    ["Atomic operations are no write conflict.", [[CLIENT, "an atomic operation of another"]]],
  ),
  ...clauses(
    "6.2.7",
    [
      "Of several atomic operations on a key, applied at once, the later ones do not see the others.",
      [[APPLY, "of several atomic operations"]],
    ],
    ["compare_and_clear crashes where it clears.", [[APPLY, "compare_and_clear leaves no value"]]],
    ["clear_range clears its end.", [[APPLY, "leaves its end alone"]]],
    ["clear_range misses what the same version has set before.", [[APPLY, "what the same entry has set before"]]],
    [
      "Only who waits for the very last version of a batch is woken.",
      [["data-plane/store/storage/version-waiters.test.ts", "6.2.7"]],
    ],
    [
      "What is after the recovery version is not taken back.",
      [[STORAGE, "what is after the recovery version is taken back"]],
    ],
    [
      "An index with a torn end is opened as if it were empty.",
      [
        [
          "data-plane/store/engine/corruption.test.ts",
          "a file cut at any byte",
          "runs without a manifest are no empty engine",
        ],
      ],
    ],
    [
      "A value of 131,072 bytes overflows its length.",
      [["data-plane/store/client/transaction.test.ts", "keys and values beyond the limits"]],
      cannot("lengths have 32 bits, and a value at most 100,000 bytes"),
    ],
  ),
  ...clauses(
    "6.2.8",
    ["Two that pick the same candidate both get it.", [[ALLOCATOR, "two that pick the same candidate"]]],
    [
      "A second allocation in a transaction undoes the count of the first.",
      [[ALLOCATOR, "many at the same time in one transaction"]],
    ],
    ["A new window clears its own counter, not the old ones.", [[ALLOCATOR, "6.2.8"]]],
    [
      "The allocator of directories is among the keys of users.",
      [[DIRECTORY, "keys that are there already"]],
      "Its keys are among those of the nodes of directories: from 0xFE on, unless somebody says otherwise.",
    ],
    ["Removing a directory leaves its contents.", [[DIRECTORY, "removing takes the contents"]]],
    ["Removing a directory takes siblings whose name begins like it.", [[DIRECTORY, "and nothing of a sibling"]]],
    ["A partition is not by itself.", [[DIRECTORY, "a partition holds its directories"]]],
    [
      "Negative floats sort wrongly.",
      [
        [TUPLE, "doubles sort as numbers, negatives too"],
        ["data-plane/store/layers/subspace/subspace.test.ts", "floats sort as their numbers"],
      ],
    ],
    [
      "Texts, flags, ids and stamps are no parts of tuples.",
      [[TUPLE, "published tuples pack to their bytes", "published tuples with a versionstamp"]],
    ],
    [
      "A tuple is wrapped in another one, and its prefix no range.",
      [[TUPLE, "published tuples pack to their bytes and ranges"]],
    ],
    ["Moving gives its ranges as options.", [[DIRECTORY, "moving keeps the keys"]]],
    ["A prefix that is chosen always collides.", [[DIRECTORY, "a prefix can be chosen"]]],
  ),
  ...clauses(
    "6.2.9",
    ["Files are neither whole nor on disk.", [["data-plane/store/backup/directory-place.test.ts", "6.2.9"]]],
    [
      "Between reading and writing a version, another one may write.",
      [],
      cannot("nothing is written on a condition: a place of backups only puts, gets, lists and removes"),
    ],
  ),
];
