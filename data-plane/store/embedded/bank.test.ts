/** Transfers between accounts by many clients at once, on a real disk, judged by an oracle that replays them in the order of their places. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemRuntime, randomBelow, systemRandom } from "#foundation/runtime";
import {
  checkVersionOrder,
  type RecordedRead,
  type RecordedTransaction,
  readWitnesses,
  witnessMutation,
} from "../../../tests/support/histories/index.ts";
import type { StoreBackend } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { keyAfter, prefixRange } from "../keys/index.ts";
import type { Mutation } from "../transactions/index.ts";
import { openEmbedded } from "./index.ts";

const CLIENTS = 16;
const ACCOUNTS = 8;
const EACH = 100;
const TRANSFERS_PER_CLIENT = 25;
const WITNESSES = new TextEncoder().encode("w/");
const NO_LIMIT = { limit: 100_000, bytesMax: 100_000_000, reverse: false };

const account = (n: number) => new TextEncoder().encode(`account/${n}`);
const money = (n: number) => new TextEncoder().encode(String(n));
const amount = (value: Uint8Array | undefined) => Number(new TextDecoder().decode(value ?? money(0)));
const ALL = prefixRange(new TextEncoder().encode("account/"));

/** Writes down what the clients of a store do and see. */
class Bank {
  readonly history: RecordedTransaction[] = [];
  private now = 0;

  constructor(private store: StoreBackend) {}

  /** The store was opened again. */
  goOnWith(store: StoreBackend): void {
    this.store = store;
  }

  async open(): Promise<void> {
    const accounts = Array.from(
      { length: ACCOUNTS },
      (_, n): Mutation => ({ type: "set", key: account(n), value: money(EACH) }),
    );
    await this.attempt(async () => accounts);
  }

  /** One transfer, as often as it takes; now and then a look at all accounts first. */
  async transfer(): Promise<void> {
    const from = randomBelow(systemRandom, ACCOUNTS);
    const to = (from + 1 + randomBelow(systemRandom, ACCOUNTS - 1)) % ACCOUNTS;
    if (randomBelow(systemRandom, 5) === 0) expect(await this.total()).toBe(ACCOUNTS * EACH);
    while (
      !(await this.attempt(async (get) => {
        const [there, here] = [amount(await get(account(from))), amount(await get(account(to)))];
        const moved = Math.min(there, 1 + randomBelow(systemRandom, 20));
        return [
          { type: "set", key: account(from), value: money(there - moved) },
          { type: "set", key: account(to), value: money(here + moved) },
        ];
      }))
    );
  }

  async total(): Promise<number> {
    const began = ++this.now;
    const readVersion = await this.store.getReadVersion();
    const { pairs } = await this.store.getRange(ALL.begin, ALL.end, readVersion, NO_LIMIT);
    const reads: RecordedRead[] = [{ type: "range", ...ALL, reverse: false, pairs }];
    const name = `t${this.history.length}`;
    this.history.push({
      name,
      began,
      ended: ++this.now,
      readVersion,
      reads,
      mutations: [],
      outcome: { type: "read-only" },
    });
    return pairs.reduce((sum, { value }) => sum + amount(value), 0);
  }

  /** What was written down, each transaction with the places at which it was applied. */
  async witnessed(): Promise<RecordedTransaction[]> {
    const { begin, end } = prefixRange(WITNESSES);
    const { pairs } = await this.store.getRange(begin, end, await this.store.getReadVersion(), NO_LIMIT);
    const places = readWitnesses(WITNESSES, pairs);
    return this.history.map((one) =>
      one.mutations.length === 0 ? one : { ...one, witnesses: places.get(one.name) ?? [] },
    );
  }

  /** Whether it was committed. */
  private async attempt(
    run: (get: (key: Uint8Array) => Promise<Uint8Array | undefined>) => Promise<readonly Mutation[]>,
  ): Promise<boolean> {
    const began = ++this.now;
    const name = `${began}`;
    const readVersion = await this.store.getReadVersion();
    const reads: RecordedRead[] = [];
    const own = await run(async (key) => {
      const value = await this.store.get(key, readVersion);
      reads.push({ type: "point", key, value });
      return value;
    });
    const mutations = [...own, witnessMutation(WITNESSES, name)];
    const point = (key: Uint8Array) => ({ begin: key, end: keyAfter(key) });
    const transaction = {
      readVersion,
      reads: reads.flatMap((read) => (read.type === "point" ? [point(read.key)] : [])),
      writes: own.flatMap((mutation) => (mutation.type === "set" ? [point(mutation.key)] : [])),
      mutations,
      idempotencyId: new Uint8Array(0),
    };
    const base = { name, began, readVersion, reads, mutations };
    try {
      const place = await this.store.commit(transaction);
      this.history.push({ ...base, ended: ++this.now, outcome: { type: "committed", place } });
      return true;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "not_committed") throw error;
      this.history.push({ ...base, ended: ++this.now, outcome: { type: "failed" } });
      return false;
    }
  }
}

test("money is neither made nor lost by sixteen clients, before and after the store is opened again, and all they saw has one order", async () => {
  const root = mkdtempSync(join(tmpdir(), "embedded-bank-"));
  const runtime = createSystemRuntime((name, error) => {
    throw new Error(`${name} failed`, { cause: error });
  });
  const open = () => openEmbedded(runtime, { path: join(root, "bank") });
  let store = await open();
  try {
    const bank = new Bank(store);
    await bank.open();
    for (const half of [1, 2]) {
      await Promise.all(
        Array.from({ length: CLIENTS }, async () => {
          for (let n = 0; n < TRANSFERS_PER_CLIENT / 2; n++) await bank.transfer();
        }),
      );
      if (half === 2) break;
      await store.close();
      store = await open();
      bank.goOnWith(store);
    }
    expect(await bank.total()).toBe(ACCOUNTS * EACH);
    const history = await bank.witnessed();
    const { violations, checked } = checkVersionOrder(history);
    expect(violations).toEqual([]);
    expect(checked.commits).toBeGreaterThan(CLIENTS * TRANSFERS_PER_CLIENT);
    // They have met each other.
    expect(history.some(({ outcome }) => outcome.type === "failed")).toBe(true);
  } finally {
    await store.close();
    rmSync(root, { recursive: true, force: true });
  }
});
