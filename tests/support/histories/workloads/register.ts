/**
 * Register: clients write values that are all different, and read. Whether the history is linearizable can then be told without any search, in time n log n
 * (Gibbons and Korach, "Testing shared memories", 1997, §4): for long histories, and as a second opinion on `checkLinearizable`.
 */

export interface RegisterWrite {
  readonly name: string;
  readonly value: string | number;
  readonly called: number;
  /** Not looked at unless the outcome is `ok`. */
  readonly returned: number;
  /** `unknown`: it may take effect at any time after its call, or never. `failed`: never. */
  readonly outcome: "ok" | "unknown" | "failed";
}

export interface RegisterRead {
  readonly name: string;
  /** Undefined when nothing had been written. */
  readonly value: string | number | undefined;
  readonly called: number;
  readonly returned: number;
}

/** The write of a value and the reads of it: they follow one another in any order. */
interface Cluster {
  readonly name: string;
  /** When the first of them had returned, and when the last of them was called. */
  readonly firstReturned: number;
  readonly lastCalled: number;
}

/**
 * @returns what is wrong, a sentence each; nothing when the history is linearizable
 * @throws RangeError when a value is written twice: use `checkLinearizable` then
 */
export function checkRegister(writes: readonly RegisterWrite[], reads: readonly RegisterRead[]): string[] {
  const byValue = new Map<string | number | undefined, RegisterWrite>();
  for (const write of writes) {
    if (byValue.has(write.value)) throw new RangeError(`${JSON.stringify(write.value)} is written twice.`);
    byValue.set(write.value, write);
  }
  const problems: string[] = [];
  const readers = new Map<RegisterWrite | undefined, RegisterRead[]>();
  for (const read of reads) {
    const write = byValue.get(read.value);
    const problem = read.value === undefined ? undefined : problemOf(read, write);
    if (problem !== undefined) problems.push(problem);
    const own = readers.get(write);
    if (own === undefined) readers.set(write, [read]);
    else own.push(read);
  }
  if (problems.length > 0) return problems;

  const initial: RegisterWrite = {
    name: "the beginning",
    value: "",
    called: Number.NEGATIVE_INFINITY,
    returned: Number.NEGATIVE_INFINITY,
    outcome: "ok",
  };
  const clusters = [clusterOf(initial, readers.get(undefined) ?? [])];
  for (const write of writes) {
    const own = readers.get(write) ?? [];
    // A write of unknown outcome that nobody saw may never have been.
    if (write.outcome === "ok" || own.length > 0) clusters.push(clusterOf(write, own));
  }
  return findContradictions(clusters);
}

function problemOf(read: RegisterRead, write: RegisterWrite | undefined): string | undefined {
  const value = JSON.stringify(read.value);
  if (write === undefined) return `${read.name} saw ${value}, which nobody wrote.`;
  if (write.outcome === "failed") return `${read.name} saw ${value} of ${write.name}, which failed.`;
  return read.returned < write.called ? `${read.name} saw ${value} before ${write.name} was called.` : undefined;
}

function clusterOf(write: RegisterWrite, reads: readonly RegisterRead[]): Cluster {
  let firstReturned = write.outcome === "ok" ? write.returned : Number.POSITIVE_INFINITY;
  let lastCalled = write.called;
  for (const { called, returned } of reads) {
    firstReturned = Math.min(firstReturned, returned);
    lastCalled = Math.max(lastCalled, called);
  }
  return { name: write.name, firstReturned, lastCalled };
}

/**
 * One cluster comes before another when one of its operations had returned before one of the other was called. Two of which each comes before the other
 * have no order; when there are no two such, all of them have one.
 *
 * Such a pair has a cluster that lasts: one whose first return lies before its last call. Two that last may not overlap, and none may hold one that does not
 * last.
 */
function findContradictions(clusters: readonly Cluster[]): string[] {
  const problems: string[] = [];
  const say = (left: Cluster, right: Cluster): void =>
    void problems.push(`What ${left.name} wrote was there both before and after what ${right.name} wrote.`);
  const lasting = clusters
    .filter(({ firstReturned, lastCalled }) => firstReturned < lastCalled)
    .sort((left, right) => left.firstReturned - right.firstReturned);
  for (let i = 1; i < lasting.length; i++) {
    if (lasting[i]!.firstReturned < lasting[i - 1]!.lastCalled) say(lasting[i - 1]!, lasting[i]!);
  }
  // With overlaps there is no telling which one holds what.
  if (problems.length > 0) return problems;
  for (const cluster of clusters) {
    if (cluster.firstReturned < cluster.lastCalled) continue;
    const around = lastBefore(lasting, cluster.lastCalled);
    if (around !== undefined && cluster.firstReturned < around.lastCalled) say(around, cluster);
  }
  return problems;
}

/** The last one that began to last before `time`. */
function lastBefore(lasting: readonly Cluster[], time: number): Cluster | undefined {
  let low = 0;
  let high = lasting.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (lasting[middle]!.firstReturned < time) low = middle + 1;
    else high = middle;
  }
  return lasting[low - 1];
}
