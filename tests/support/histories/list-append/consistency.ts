/**
 * Which anomalies there are, which is a case of which, and which levels of isolation forbid them.
 *
 * After Adya, Liskov and O'Neil, "Generalized isolation level definitions" (2000), with the levels between and above as the checker Elle orders them. Only what
 * histories of lists can show is here: there are no predicates.
 */

const SUFFIXES = ["", "-process", "-realtime"] as const;
type Suffix = (typeof SUFFIXES)[number];

/**
 * Cycles of dependencies, named by their edges: ww only (G0), also wr (G1c), one rw (G-single), several rw of which none follows another (G-nonadjacent), or any
 * (G2). With `-process` and `-realtime`: also edges from a transaction to later ones of its client, or of everybody.
 */
export const CYCLES = ["G0", "G1c", "G-single-item", "G-nonadjacent-item", "G2-item"] as const;
export type CycleBase = (typeof CYCLES)[number];
export type CycleAnomaly = `${CycleBase}${Suffix}`;

export type PlainAnomaly =
  /** Read of what a failed transaction appended. */
  | "G1a"
  /** Read of a state in the middle of another transaction. */
  | "G1b"
  /** A read that does not fit what the same transaction read or appended before. */
  | "internal"
  /** A read of what the same transaction appended later. */
  | "future-read"
  /** A committed append on top of one that failed. */
  | "dirty-update"
  /** An element twice in one read. */
  | "duplicate-elements"
  /** Two reads of which neither begins the other. */
  | "incompatible-order"
  /** Two transactions saw the same state of a list and both appended to it. */
  | "lost-update"
  /** Read of an element that nobody appended. */
  | "unwritten-read";

/** Said of a history that cannot be judged. */
export type Doubt =
  /** There is nothing that one transaction had from another one. */
  | "empty-transaction-graph"
  /** The search for cycles ended at its limit. */
  | "cycle-search-limit";

/** There is a cycle that the level forbids, but the search for one to show ended at its limit. */
export type UnnamedCycle = `${Level}-cycle`;

export type Anomaly = CycleAnomaly | PlainAnomaly | UnnamedCycle;

/** What may be asked for besides: classes of anomalies. */
export type AnomalyClass = Anomaly | `G1${Suffix}` | `G-single${Suffix}` | `G-nonadjacent${Suffix}` | `G2${Suffix}`;

/** Levels of isolation: those that a history can be shown to miss. */
export type Level =
  | "read-uncommitted"
  | "read-committed"
  | "cursor-stability"
  | "read-atomic"
  | "update-atomic"
  | "consistent-view"
  | "repeatable-read"
  | "snapshot-isolation"
  | "serializable"
  | "strong-session-read-uncommitted"
  | "strong-session-read-committed"
  | "strong-session-snapshot-isolation"
  | "strong-session-serializable"
  | "strong-read-uncommitted"
  | "strong-read-committed"
  | "strong-snapshot-isolation"
  | "strict-serializable";

/** What keeps a level keeps these too. */
const WEAKER: Readonly<Record<Level, readonly Level[]>> = {
  "read-uncommitted": [],
  "read-committed": ["read-uncommitted"],
  "cursor-stability": ["read-committed"],
  "read-atomic": ["read-committed"],
  "update-atomic": ["read-atomic"],
  "consistent-view": ["cursor-stability"],
  "repeatable-read": ["cursor-stability"],
  "snapshot-isolation": ["consistent-view", "update-atomic"],
  serializable: ["repeatable-read", "snapshot-isolation"],
  "strong-session-read-uncommitted": ["read-uncommitted"],
  "strong-session-read-committed": ["read-committed", "strong-session-read-uncommitted"],
  "strong-session-snapshot-isolation": ["snapshot-isolation", "strong-session-read-committed"],
  "strong-session-serializable": ["serializable", "strong-session-snapshot-isolation"],
  "strong-read-uncommitted": ["strong-session-read-uncommitted"],
  "strong-read-committed": ["strong-session-read-committed", "strong-read-uncommitted"],
  "strong-snapshot-isolation": ["strong-session-snapshot-isolation", "strong-read-committed"],
  "strict-serializable": ["strong-session-serializable", "strong-snapshot-isolation"],
};

/** What a level forbids beyond what the weaker ones do. */
const FORBIDS: Readonly<Record<Level, readonly AnomalyClass[]>> = {
  "read-uncommitted": ["G0", "duplicate-elements"],
  "read-committed": ["G1"],
  "cursor-stability": ["lost-update"],
  "read-atomic": ["internal", "G1a", "future-read"],
  "update-atomic": ["lost-update"],
  "consistent-view": ["G-single"],
  "repeatable-read": ["G2-item", "lost-update"],
  "snapshot-isolation": ["G-nonadjacent"],
  serializable: ["G2"],
  "strong-session-read-uncommitted": ["G0-process"],
  "strong-session-read-committed": ["G1c-process"],
  "strong-session-snapshot-isolation": ["G1-process", "G-nonadjacent-process"],
  "strong-session-serializable": ["G2-process"],
  "strong-read-uncommitted": ["G0-realtime"],
  "strong-read-committed": ["G1c-realtime"],
  "strong-snapshot-isolation": ["G1-realtime", "G-nonadjacent-realtime"],
  "strict-serializable": ["G2-realtime"],
};

const LEVELS = Object.keys(WEAKER) as readonly Level[];

const CASE_OF = new Map<AnomalyClass, readonly AnomalyClass[]>([
  ["incompatible-order", ["G1a"]],
  ["dirty-update", ["G1a"]],
  ["unwritten-read", ["G1a"]],
  ["G1a", ["G1"]],
  ["G1b", ["G1"]],
  // It is a cycle of the transaction with itself.
  ["future-read", ["G1c"]],
  ["lost-update", ["G2-item"]],
  ...SUFFIXES.flatMap((suffix, i): [AnomalyClass, AnomalyClass[]][] => {
    // A cycle without edges of time is one with such edges allowed; and what a client does in turn, it does in time.
    const longer = SUFFIXES[i + 1];
    const wider = <
      Name extends "G0" | "G1" | "G1c" | "G2" | `G-${"single" | "nonadjacent"}${"" | "-item"}` | "G2-item",
    >(
      name: Name,
    ): `${Name}${Suffix}`[] => (longer === undefined ? [] : [`${name}${longer}`]);
    return [
      [`G0${suffix}`, [`G1c${suffix}`, ...wider("G0")]],
      [`G1c${suffix}`, [`G1${suffix}`, ...wider("G1c")]],
      [`G1${suffix}`, wider("G1")],
      [`G-single-item${suffix}`, [`G-single${suffix}`, `G-nonadjacent-item${suffix}`, ...wider("G-single-item")]],
      [`G-single${suffix}`, [`G-nonadjacent${suffix}`, ...wider("G-single")]],
      [`G-nonadjacent-item${suffix}`, [`G-nonadjacent${suffix}`, `G2-item${suffix}`, ...wider("G-nonadjacent-item")]],
      [`G-nonadjacent${suffix}`, [`G2${suffix}`, ...wider("G-nonadjacent")]],
      [`G2-item${suffix}`, [`G2${suffix}`, ...wider("G2-item")]],
      [`G2${suffix}`, wider("G2")],
    ];
  }),
]);

/** These, and all of which they are a case. */
export function withClasses(anomalies: Iterable<AnomalyClass>): ReadonlySet<AnomalyClass> {
  return closure(anomalies, (anomaly) => CASE_OF.get(anomaly) ?? []);
}

/** These levels, and all that are weaker. */
export function withWeaker(levels: Iterable<Level>): ReadonlySet<Level> {
  return closure(levels, (level) => WEAKER[level]);
}

/** Whether one of the levels, or one of the classes, rules the anomaly out. */
export function isForbidden(anomaly: Anomaly, levels: ReadonlySet<Level>, classes: ReadonlySet<AnomalyClass>): boolean {
  const what = withClasses([anomaly]);
  if ([...what].some((one) => classes.has(one))) return true;
  return [...withWeaker(levels)].some((level) => directlyForbids(level, what));
}

/** The weakest levels that a history with these anomalies misses. What is stronger than one of them is missed as well. */
export function weakestMissed(anomalies: Iterable<Anomaly>): readonly Level[] {
  const what = withClasses(anomalies);
  const direct = LEVELS.filter((level) => directlyForbids(level, what));
  return direct.filter((level) => !direct.some((other) => other !== level && withWeaker([level]).has(other))).sort();
}

function directlyForbids(level: Level, what: ReadonlySet<AnomalyClass>): boolean {
  return FORBIDS[level].some((one) => what.has(one)) || what.has(`${level}-cycle`);
}

function closure<Item>(from: Iterable<Item>, next: (item: Item) => readonly Item[]): ReadonlySet<Item> {
  const all = new Set(from);
  // A set that grows while it is walked is walked to its new end.
  for (const item of all) for (const one of next(item)) all.add(one);
  return all;
}
