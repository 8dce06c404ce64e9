/**
 * What clients of a store do, and what must be true of it: money that is moved and never made, a chain of numbers in the order of time, and a
 * note of each transaction, by which it is known afterwards whether it was committed.
 */

import type { StoreBackend } from "#data-plane/store/backend";
import { type Database, openDatabase } from "#data-plane/store/client";
import { StoreError } from "#data-plane/store/errors";
import { prefixRange } from "#data-plane/store/keys";
import { type Random, type Runtime, randomBelow, sleep } from "#foundation/runtime";

/** Where clients are: in a simulated world, or in this process. */
export interface ClientPlace {
  readonly runtime: Runtime;
  readonly connect: () => Promise<StoreBackend>;
}

export interface WorkloadOptions {
  readonly clients: number;
  readonly accounts: number;
  /** Clients pause for up to so long between two transactions. */
  readonly pauseMsMax: number;
  /** Share of the transactions whose commit may be sent again when its result is unknown. */
  readonly idempotentShare: number;
}

export interface WorkloadTally {
  committed: number;
  unknown: number;
  refused: number;
}

type Outcome = "committed" | "unknown" | "refused";

interface Transfer {
  readonly note: string;
  readonly beganMs: number;
  endedMs: number;
  outcome: Outcome;
  /** The number it took of the chain, when it ran to its end. */
  link: number | undefined;
}

const START = 1_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const keyOf = (text: string): Uint8Array => encoder.encode(text);
const account = (n: number): Uint8Array => keyOf(`account/${n}`);
const CHAIN = keyOf("chain");

/** Runs clients against a store until they are told to stop, and then judges what they saw. */
export class Workload {
  readonly tally: WorkloadTally = { committed: 0, unknown: 0, refused: 0 };
  private readonly transfers: Transfer[] = [];
  private running = 0;
  private stopping = false;

  constructor(
    private readonly place: ClientPlace,
    private readonly options: WorkloadOptions,
  ) {}

  /** Gives each account its money. */
  async prepare(): Promise<void> {
    const db = await this.open();
    await db.transact(
      async (tx) => {
        for (let n = 0; n < this.options.accounts; n++) tx.set(account(n), numberBytes(START));
        tx.set(CHAIN, numberBytes(0));
      },
      { idempotent: true },
    );
    await db.close();
  }

  start(): void {
    const { runtime } = this.place;
    for (let n = 0; n < this.options.clients; n++) {
      this.running++;
      runtime.spawn(`client ${n}`, () => this.runClient(runtime, n));
    }
  }

  /** Resolves when each client has ended its last transaction. */
  async stop(): Promise<void> {
    this.stopping = true;
    while (this.running > 0) await this.sleep(10);
  }

  /** @throws Error that says what was broken */
  async judge(): Promise<void> {
    const db = await this.open();
    const { notes, sum, chain } = await db.transact(async (tx) => {
      const range = prefixRange(keyOf("note/"));
      const pairs = await tx.getRangeAll(range.begin, range.end);
      const notes = new Map(pairs.map(({ key, value }) => [decoder.decode(key), numberOf(value)]));
      return { notes, sum: await this.sumOf(tx), chain: numberOf(await tx.get(CHAIN)) };
    });
    await db.close();
    if (sum !== START * this.options.accounts) throw new Error(`there is ${sum} in all accounts`);
    for (const transfer of this.transfers) this.judgeTransfer(transfer, notes);
    if (notes.size !== chain) throw new Error(`${notes.size} transfers are noted; the chain has ${chain} links`);
    this.judgeOrder(notes);
  }

  private async runClient(runtime: Runtime, n: number): Promise<void> {
    const random = runtime.random.fork(`client ${n}`);
    const db = await this.open();
    for (let i = 0; !this.stopping; i++) {
      if (randomBelow(random, 4) === 0) await this.audit(db);
      else await this.transfer(db, random, `note/${n}-${i}`);
      await this.sleep(randomBelow(random, this.options.pauseMsMax));
    }
    await db.close();
    this.running--;
  }

  /** Moves money and takes a link of the chain, in one transaction. */
  private async transfer(db: Database, random: Random, note: string): Promise<void> {
    const [from, to] = [randomBelow(random, this.options.accounts), randomBelow(random, this.options.accounts)];
    const transfer: Transfer = { note, beganMs: this.nowMs, endedMs: 0, outcome: "unknown", link: undefined };
    this.transfers.push(transfer);
    try {
      transfer.link = await db.transact(
        async (tx) => {
          const amount = 1 + randomBelow(random, 10);
          const before = numberOf(await tx.get(account(from)));
          tx.set(account(from), numberBytes(before - amount));
          tx.set(account(to), numberBytes(numberOf(await tx.get(account(to))) + amount));
          const link = numberOf(await tx.get(CHAIN)) + 1;
          tx.set(CHAIN, numberBytes(link));
          tx.set(keyOf(note), numberBytes(link));
          return link;
        },
        { idempotent: random.float() < this.options.idempotentShare, timeoutMs: 10_000 },
      );
      transfer.outcome = "committed";
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      transfer.outcome = error.maybeCommitted || error.code === "transaction_timed_out" ? "unknown" : "refused";
    }
    transfer.endedMs = this.nowMs;
    this.tally[transfer.outcome]++;
  }

  /** Looks at all accounts at one version. */
  private async audit(db: Database): Promise<void> {
    try {
      const sum = await db.transact((tx) => this.sumOf(tx), { timeoutMs: 10_000 });
      if (sum !== START * this.options.accounts) throw new Error(`a reader saw ${sum} in all accounts`);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  private async sumOf(tx: Parameters<Parameters<Database["transact"]>[0]>[0]): Promise<number> {
    const { begin, end } = prefixRange(keyOf("account/"));
    const pairs = await tx.getRangeAll(begin, end);
    if (pairs.length !== this.options.accounts) throw new Error(`there are ${pairs.length} accounts`);
    return pairs.reduce((sum, { value }) => sum + numberOf(value), 0);
  }

  private judgeTransfer({ note, outcome, link }: Transfer, notes: ReadonlyMap<string, number>): void {
    const noted = notes.get(note);
    if (outcome === "committed" && noted !== link) {
      throw new Error(
        `${note} was acknowledged as number ${link}, and is ${noted === undefined ? "lost" : `number ${noted}`}`,
      );
    }
    if (outcome === "refused" && noted !== undefined) throw new Error(`${note} was refused, and is there`);
  }

  /** What was acknowledged before another began comes before it in the chain; no number is taken twice. */
  private judgeOrder(notes: ReadonlyMap<string, number>): void {
    const numbers = [...notes.values()].sort((a, b) => a - b);
    for (const [i, number] of numbers.entries())
      if (number !== i + 1) throw new Error(`number ${i + 1} is missing, or taken twice`);
    const inChain = this.transfers
      .flatMap((transfer) => {
        const link = notes.get(transfer.note);
        return link === undefined ? [] : [{ ...transfer, link }];
      })
      .sort((a, b) => a.link - b.link);
    // None that ended before this one began may come after it: the latest beginning so far tells.
    let latest = { note: "", beganMs: Number.NEGATIVE_INFINITY };
    for (const transfer of inChain) {
      if (transfer.outcome === "committed" && transfer.endedMs < latest.beganMs) {
        throw new Error(`${transfer.note} was acknowledged before ${latest.note} began, and comes after it`);
      }
      if (transfer.beganMs > latest.beganMs) latest = transfer;
    }
  }

  private async open(): Promise<Database> {
    const { runtime, connect } = this.place;
    return openDatabase(await connect(), { runtime });
  }

  private get nowMs(): number {
    return this.place.runtime.clock.monotonicMs();
  }

  private sleep(ms: number): Promise<void> {
    return sleep(this.place.runtime.timers, ms);
  }
}

function numberBytes(value: number): Uint8Array {
  return keyOf(`${value}`);
}

function numberOf(value: Uint8Array | undefined): number {
  if (value === undefined) throw new Error("a number that was written is not there");
  return Number(decoder.decode(value));
}
