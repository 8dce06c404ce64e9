/**
 * Clients at work on a store, each transaction written down as the oracle wants it: for the tests of the oracle.
 */
import type { CommitPlace, StoreBackend } from "#data-plane/store/backend";
import { StoreError } from "#data-plane/store/errors";
import { type KeyRange, keyAfter, prefixRange } from "#data-plane/store/keys";
import type { Mutation } from "#data-plane/store/transactions";
import { randomFrom } from "../../random.ts";
import type { RecordedOutcome, RecordedRead, RecordedTransaction } from "./recorded.ts";
import { readWitnesses, witnessMutation } from "./witnesses.ts";

export interface RunOptions {
  readonly seed: number;
  readonly transactions: number;
  readonly clients?: number;
  readonly keys?: number;
  /** What the store is made to do wrong: conflicts are not looked for, or read versions lie too far back. */
  readonly sabotage?: "no-conflicts" | "old-versions";
}

const WITNESSES = Buffer.from("w/");
const NO_LIMIT = { limit: 1_000_000, bytesMax: 1_000_000_000, reverse: false };

interface Running {
  readonly name: string;
  readonly began: number;
  readonly version: bigint;
  readonly reads: RecordedRead[];
  readonly conflicts: KeyRange[];
  readonly stepsLeft: number;
}

/** Runs the transactions and, at the end, one that reads everything. */
export async function recordRun(store: StoreBackend, options: RunOptions): Promise<readonly RecordedTransaction[]> {
  const { seed, transactions, clients = 5, keys = 40, sabotage } = options;
  const random = randomFrom(seed * 32_452_843);
  const below = (limit: number): number => Math.floor(random() * limit);
  const keyOf = (index: number): Uint8Array => Buffer.from(`k/${String(index).padStart(4, "0")}`);
  const history: RecordedTransaction[] = [];
  const running: (Running | undefined)[] = new Array(clients).fill(undefined);
  let now = 0;
  let begun = 0;
  let remembered = 0n;

  while (begun < transactions || running.some((one) => one !== undefined)) {
    now++;
    const client = below(clients);
    const one = running[client];
    if (one === undefined) {
      if (begun >= transactions) continue;
      const version = await readVersion();
      running[client] = { name: `t${begun++}`, began: now, version, reads: [], conflicts: [], stepsLeft: 1 + below(3) };
    } else if (one.stepsLeft > 0) {
      await read(one);
      running[client] = { ...one, stepsLeft: one.stepsLeft - 1 };
    } else {
      running[client] = undefined;
      await finish(one);
    }
  }
  return [...(await witnessed(store, history)), await readAll(store, now)];

  async function readVersion(): Promise<bigint> {
    const version = await store.getReadVersion();
    if (sabotage !== "old-versions") return version;
    if (below(20) === 0) remembered = version;
    return remembered;
  }

  async function read({ version, reads, conflicts }: Running): Promise<void> {
    const isSnapshot = below(5) === 0;
    const from = below(keys);
    const begin = keyOf(from);
    if (below(2) === 0) {
      reads.push({ type: "point", key: begin, value: await store.get(begin, version), isSnapshot });
      if (!isSnapshot) conflicts.push({ begin, end: keyAfter(begin) });
      return;
    }
    const end = keyOf(from + below(6));
    const reverse = below(2) === 0;
    const limit = 1 + below(5);
    const bytesMax = below(3) === 0 ? 12 : 1_000_000;
    const { pairs, more } = await store.getRange(begin, end, version, { limit, bytesMax, reverse });
    reads.push({ type: "range", begin, end, limit, reverse, pairs, isCut: more && pairs.length < limit, isSnapshot });
    if (!isSnapshot) conflicts.push({ begin, end });
  }

  async function finish({ name, began, version, reads, conflicts }: Running): Promise<void> {
    const base = { name, began, readVersion: version, reads };
    if (below(4) === 0) {
      history.push({ ...base, ended: now, mutations: [], outcome: { type: "read-only" } });
      return;
    }
    const mutations = [witnessMutation(WITNESSES, name), ...Array.from({ length: 1 + below(3) }, mutation)];
    const commit = (): Promise<CommitPlace> =>
      store.commit({
        readVersion: version,
        reads: sabotage === "no-conflicts" ? [] : conflicts,
        writes: mutations.flatMap(writesOf),
        mutations,
        idempotencyId: new Uint8Array(0),
      });
    history.push({ ...base, mutations, outcome: await outcomeOf(commit), ended: ++now });
  }

  async function outcomeOf(commit: () => Promise<CommitPlace>): Promise<RecordedOutcome> {
    // The request is lost, or the answer.
    const luck = below(20);
    if (luck === 0) return { type: "unknown" };
    try {
      const place = await commit();
      return luck === 1 ? { type: "unknown" } : { type: "committed", place };
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "not_committed") throw error;
      return luck === 1 ? { type: "unknown" } : { type: "failed" };
    }
  }

  function mutation(): Mutation {
    const from = below(keys);
    const key = keyOf(from);
    const value = Buffer.from(`${now}.${below(100)}`);
    switch (below(6)) {
      case 0:
        return { type: "clear", key };
      case 1:
        return { type: "clear_range", begin: key, end: keyOf(from + below(4)) };
      case 2:
        return { type: "add", key, value };
      case 3:
        return { type: "set_versionstamped_value", key, value: Buffer.concat([Buffer.alloc(10), Buffer.alloc(4)]) };
      default:
        return { type: "set", key, value };
    }
  }
}

function writesOf(mutation: Mutation): readonly KeyRange[] {
  if (mutation.type === "clear_range") return [mutation];
  return mutation.type === "set_versionstamped_key" ? [] : [{ begin: mutation.key, end: keyAfter(mutation.key) }];
}

async function witnessed(
  store: StoreBackend,
  history: readonly RecordedTransaction[],
): Promise<readonly RecordedTransaction[]> {
  const { begin, end } = prefixRange(WITNESSES);
  const { pairs } = await store.getRange(begin, end, await store.getReadVersion(), NO_LIMIT);
  const places = readWitnesses(WITNESSES, pairs);
  return history.map((one) => (one.mutations.length === 0 ? one : { ...one, witnesses: places.get(one.name) ?? [] }));
}

async function readAll(store: StoreBackend, now: number): Promise<RecordedTransaction> {
  const readVersion = await store.getReadVersion();
  const begin = new Uint8Array(0);
  const end = Uint8Array.of(0xff);
  const { pairs } = await store.getRange(begin, end, readVersion, NO_LIMIT);
  return {
    name: "all",
    began: now + 1,
    ended: now + 2,
    readVersion,
    reads: [{ type: "range", begin, end, reverse: false, pairs }],
    mutations: [],
    outcome: { type: "read-only" },
  };
}
