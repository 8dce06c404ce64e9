/**
 * Clients that speak to the store below its library and write down everything: where each transaction was committed, and every read with its version. All is
 * judged by replaying the commits in the order that the store itself gave them.
 */
import type { StoreBackend } from "#data-plane/store/backend";
import { StoreError } from "#data-plane/store/errors";
import { type KeyRange, keyAfter, prefixRange } from "#data-plane/store/keys";
import type { Mutation } from "#data-plane/store/transactions";
import { type Random, randomBelow, sleep } from "#foundation/runtime";
import {
  checkVersionOrder,
  type RecordedOutcome,
  type RecordedRead,
  type RecordedTransaction,
  readWitnesses,
  witnessMutation,
} from "../support/histories/index.ts";
import type { ClientPlace } from "./workload.ts";

const READS_MAX = 3;
const MUTATIONS_MAX = 3;
const WITNESSES = Buffer.from("recorded/witness/");
const KEYS = prefixRange(Buffer.from("recorded/key/"));
const NO_LIMIT = { limit: 1_000_000, bytesMax: 1_000_000_000, reverse: false };

interface Drawn {
  readonly name: string;
  readonly mutations: readonly Mutation[];
  readonly isReadOnly: boolean;
  readonly idempotencyId: Uint8Array;
}

export class RecordedClients {
  private readonly history: RecordedTransaction[] = [];
  private running = 0;
  private stopping = false;

  constructor(
    private readonly place: ClientPlace,
    private readonly options: { readonly clients: number; readonly keys: number; readonly pauseMsMax: number },
  ) {}

  start(): void {
    for (let client = 0; client < this.options.clients; client++) {
      this.running++;
      this.place.runtime.spawn(`recorded ${client}`, () => this.run(client));
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    while (this.running > 0) await this.sleep(10);
  }

  /** Reads everything at the end. @throws Error that says which transactions cannot have seen what they saw */
  async judge(): Promise<void> {
    const store = await this.place.connect();
    const { runtime } = this.place;
    const began = runtime.clock.monotonicMs();
    const version = await store.getReadVersion();
    const { begin, end } = prefixRange(WITNESSES);
    const places = readWitnesses(WITNESSES, (await store.getRange(begin, end, version, NO_LIMIT)).pairs);
    const { pairs } = await store.getRange(KEYS.begin, KEYS.end, version, NO_LIMIT);
    await store.close();
    const all: RecordedTransaction = {
      name: "judge",
      began,
      ended: runtime.clock.monotonicMs(),
      readVersion: version,
      reads: [{ type: "range", ...KEYS, reverse: false, pairs }],
      mutations: [],
      outcome: { type: "read-only" },
    };
    const witnessed = this.history.map((one) =>
      one.mutations.length === 0 ? one : { ...one, witnesses: places.get(one.name) ?? [] },
    );
    const { verdict, violations } = checkVersionOrder([...witnessed, all]);
    if (verdict !== "ok") throw new Error(violations.map(({ type, text }) => `${type}: ${text}`).join("\n"));
  }

  private async run(client: number): Promise<void> {
    const random = this.place.runtime.random.fork(`recorded ${client}`);
    const store = await this.place.connect();
    for (let n = 0; !this.stopping; n++) {
      await this.transact(store, random, this.draw(random, `${client}-${n}`));
      await this.sleep(randomBelow(random, this.options.pauseMsMax));
    }
    await store.close();
    this.running--;
  }

  private async transact(store: StoreBackend, random: Random, drawn: Drawn): Promise<void> {
    const { name, isReadOnly, idempotencyId } = drawn;
    const began = this.place.runtime.clock.monotonicMs();
    const reads: RecordedRead[] = [];
    const conflicts: KeyRange[] = [];
    let readVersion: bigint | undefined;
    let outcome: RecordedOutcome = { type: "failed" };
    // What is not sent cannot be applied; its witness is looked for all the same.
    const mutations = isReadOnly ? [] : drawn.mutations;
    try {
      readVersion = await store.getReadVersion();
      const count = randomBelow(random, READS_MAX + 1);
      for (let i = 0; i < count; i++) await this.read(store, random, readVersion, reads, conflicts);
      if (isReadOnly) outcome = { type: "read-only" };
      else {
        const writes = mutations.flatMap(writesOf);
        const transaction = { readVersion, reads: conflicts, writes, mutations, idempotencyId };
        outcome = { type: "committed", place: await store.commit(transaction) };
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.maybeCommitted) outcome = { type: "unknown" };
    }
    const ended = this.place.runtime.clock.monotonicMs();
    this.history.push({ name, began, ended, readVersion, reads, mutations, outcome });
  }

  private async read(
    store: StoreBackend,
    random: Random,
    version: bigint,
    reads: RecordedRead[],
    conflicts: KeyRange[],
  ): Promise<void> {
    const isSnapshot = randomBelow(random, 5) === 0;
    const from = randomBelow(random, this.options.keys);
    const begin = keyOf(from);
    if (randomBelow(random, 2) === 0) {
      reads.push({ type: "point", key: begin, value: await store.get(begin, version), isSnapshot });
      if (!isSnapshot) conflicts.push({ begin, end: keyAfter(begin) });
      return;
    }
    const end = keyOf(from + randomBelow(random, 6));
    const reverse = randomBelow(random, 2) === 0;
    const limit = 1 + randomBelow(random, 5);
    const { pairs, more } = await store.getRange(begin, end, version, { limit, bytesMax: 1_000_000, reverse });
    reads.push({ type: "range", begin, end, limit, reverse, pairs, isCut: more && pairs.length < limit, isSnapshot });
    if (!isSnapshot) conflicts.push({ begin, end });
  }

  private draw(random: Random, name: string): Drawn {
    const count = 1 + randomBelow(random, MUTATIONS_MAX);
    return {
      name,
      mutations: [
        witnessMutation(WITNESSES, name),
        ...Array.from({ length: count }, (_, i) => this.mutation(random, `${name}.${i}`)),
      ],
      isReadOnly: randomBelow(random, 4) === 0,
      idempotencyId: randomBelow(random, 2) === 0 ? random.bytes(16) : new Uint8Array(0),
    };
  }

  private mutation(random: Random, text: string): Mutation {
    const from = randomBelow(random, this.options.keys);
    const key = keyOf(from);
    const value = Buffer.from(text);
    switch (randomBelow(random, 6)) {
      case 0:
        return { type: "clear", key };
      case 1:
        return { type: "clear_range", begin: key, end: keyOf(from + randomBelow(random, 4)) };
      case 2:
        return { type: "add", key, value };
      case 3:
        return { type: "set_versionstamped_value", key, value: Buffer.alloc(14) };
      default:
        return { type: "set", key, value };
    }
  }

  private sleep(ms: number): Promise<void> {
    return sleep(this.place.runtime.timers, ms);
  }
}

function keyOf(index: number): Uint8Array {
  return Buffer.from(`recorded/key/${String(index).padStart(4, "0")}`);
}

function writesOf(mutation: Mutation): readonly KeyRange[] {
  if (mutation.type === "clear_range") return [mutation];
  return mutation.type === "set_versionstamped_key" ? [] : [{ begin: mutation.key, end: keyAfter(mutation.key) }];
}
