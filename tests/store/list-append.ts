/**
 * Lists that clients append to and read, in transactions of a few steps: the history tells whether they were strictly serializable.
 */
import { type Database, openDatabase } from "#data-plane/store/client";
import { StoreError } from "#data-plane/store/errors";
import { type Random, randomBelow, sleep } from "#foundation/runtime";
import { checkListAppend, type ListTransaction, type Step } from "../support/histories/index.ts";
import type { ClientPlace } from "./workload.ts";

const STEPS_MAX = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class ListAppend {
  readonly history: ListTransaction[] = [];
  private running = 0;
  private stopping = false;
  private elements = 0;

  constructor(
    private readonly place: ClientPlace,
    private readonly options: { readonly clients: number; readonly lists: number; readonly pauseMsMax: number },
  ) {}

  start(): void {
    for (let client = 0; client < this.options.clients; client++) {
      this.running++;
      this.place.runtime.spawn(`lists ${client}`, () => this.run(client));
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    while (this.running > 0) await this.sleep(10);
  }

  /** Reads every list once more, and judges. @throws Error that shows what cannot be */
  async judge(): Promise<void> {
    const db = await this.open();
    const all = Array.from({ length: this.options.lists }, (_, n) => n);
    await this.record("judge", [], () => db.transact((tx) => Promise.all(all.map((list) => read(tx, `list/${list}`)))));
    await db.close();
    const isolation = checkListAppend(this.history);
    if (isolation.verdict !== "ok") throw new Error(JSON.stringify(isolation, undefined, 1).slice(0, 4_000));
  }

  private async run(client: number): Promise<void> {
    const random = this.place.runtime.random.fork(`lists ${client}`);
    const db = await this.open();
    while (!this.stopping) {
      const drawn = this.draw(random);
      const planned = drawn.map(
        ({ key, element }): Step =>
          element === undefined ? { type: "read", key, value: [] } : { type: "append", key, element },
      );
      await this.record(client, planned, () => transact(db, drawn, randomBelow(random, 2) === 0));
      await this.sleep(randomBelow(random, this.options.pauseMsMax));
    }
    await db.close();
    this.running--;
  }

  /** What a transaction is to do. Drawn once: an attempt that is repeated does the same, and an element is appended once. */
  private draw(random: Random): readonly Drawn[] {
    return Array.from({ length: 1 + randomBelow(random, STEPS_MAX) }, () => ({
      key: `list/${randomBelow(random, this.options.lists)}`,
      element: randomBelow(random, 2) === 0 ? ++this.elements : undefined,
      isBlind: randomBelow(random, 2) === 0,
    }));
  }

  private async record(
    client: string | number,
    planned: readonly Step[],
    run: () => Promise<readonly Step[]>,
  ): Promise<void> {
    const begun = this.nowMs;
    let outcome: ListTransaction["outcome"] = "ok";
    let steps = planned;
    try {
      steps = await run();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      outcome = error.maybeCommitted || error.code === "transaction_timed_out" ? "unknown" : "failed";
    }
    this.history.push({ client, begun, ended: this.nowMs, outcome, steps });
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

interface Drawn {
  readonly key: string;
  /** To append; undefined: the list is read. */
  readonly element: number | undefined;
  /** Appended without being read. */
  readonly isBlind: boolean;
}

function transact(db: Database, drawn: readonly Drawn[], idempotent: boolean): Promise<Step[]> {
  return db.transact(
    async (tx) => {
      const done: Step[] = [];
      for (const { key, element, isBlind } of drawn) {
        if (element === undefined) {
          done.push(await read(tx, key));
          continue;
        }
        const [at, more] = [encoder.encode(key), encoder.encode(`${element},`)];
        if (isBlind) tx.atomic("append_if_fits", at, more);
        else tx.set(at, Uint8Array.of(...((await tx.get(at)) ?? []), ...more));
        done.push({ type: "append", key, element });
      }
      return done;
    },
    { timeoutMs: 10_000, idempotent },
  );
}

async function read(tx: { get(key: Uint8Array): Promise<Uint8Array | undefined> }, key: string): Promise<Step> {
  const value = await tx.get(encoder.encode(key));
  const elements = value === undefined ? [] : decoder.decode(value).split(",").slice(0, -1).map(Number);
  return { type: "read", key, value: elements };
}
