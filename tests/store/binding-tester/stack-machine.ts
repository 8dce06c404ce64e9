/**
 * The stack machine of FoundationDB's binding tester (apple/foundationdb, `bindings/bindingtester/spec`), over our client. Estimates of sizes and split
 * points are not part of the client: their instructions push what they always push.
 */

import type { Database, GetRangeOptions, ReadTransaction, StreamingMode } from "#data-plane/store/client";
import { StoreError } from "#data-plane/store/errors";
import { compareKeys, prefixRange, strinc } from "#data-plane/store/keys";
import { pack, type TupleElement, unpack } from "#data-plane/store/tuple";
import type { Random } from "#foundation/runtime";
import { applyAtomicByName, BoundTransaction } from "./bound-transaction.ts";
import { DirectoryMachine } from "./directory-machine.ts";
import { errorOf, packError } from "./errors.ts";
import { Stack } from "./stack.ts";
import { computeOnly, concat } from "./tuple-operations.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const NOT_PRESENT = bytes("RESULT_NOT_PRESENT");
/** What the log of a stack keeps of each item. */
const LOGGED_BYTES_MAX = 40_000;
const LOGGED_AT_ONCE = 100;
const MODES: Readonly<Record<number, StreamingMode>> = {
  [-2]: "want_all",
  [-1]: "iterator",
  0: "exact",
  1: "small",
  2: "medium",
  3: "large",
  4: "serial",
};

/** Transactions by name: all machines of a program share them. */
export type Transactions = Map<string, BoundTransaction>;

export class StackMachine {
  private readonly stack = new Stack();
  private readonly directories: DirectoryMachine;
  private transactionName: string;
  private lastVersion = 0n;
  /** Machines that this one has started. */
  private readonly threads: Promise<void>[] = [];

  constructor(
    private readonly db: Database,
    private readonly prefix: Uint8Array,
    private readonly random: Random,
    private readonly transactions: Transactions = new Map(),
  ) {
    this.directories = new DirectoryMachine(db, this.stack, random);
    this.transactionName = Buffer.from(prefix).toString("hex");
  }

  /** Runs the program that is in the database, to its end. */
  async run(): Promise<void> {
    const { begin, end } = prefixRange(pack([this.prefix]));
    const program = await this.db.transact((tx) => tx.getRangeAll(begin, end));
    for (const [index, { value }] of program.entries()) {
      const [operation, argument = null] = unpack(value);
      try {
        await this.step(operation as string, argument, index);
      } catch (error) {
        this.stack.push(index, packError(error));
      }
    }
    await Promise.all(this.threads);
  }

  private get transaction(): BoundTransaction {
    const transaction = this.transactions.get(this.transactionName);
    if (transaction === undefined) throw new Error("No transaction has this name.");
    return transaction;
  }

  private newTransaction(): void {
    this.transactions.set(this.transactionName, new BoundTransaction(this.db.createTransaction()));
  }

  private async step(full: string, argument: TupleElement, index: number): Promise<void> {
    const { stack } = this;
    if (full === "PUSH") {
      stack.push(index, argument);
      return;
    }
    if (await computeOnly(full, index, stack)) return;
    const onDatabase = full.endsWith("_DATABASE");
    const snapshot = full.endsWith("_SNAPSHOT");
    const operation = onDatabase || snapshot ? full.slice(0, -"_DATABASE".length) : full;
    if (operation.startsWith("DIRECTORY_")) {
      const transaction = onDatabase ? undefined : this.transaction;
      await this.directories.step(operation, index, transaction, snapshot);
      return;
    }
    if (await this.read(operation, index, onDatabase, snapshot)) return;
    if (await this.write(operation, index, onDatabase)) return;
    await this.control(operation, index);
  }

  /** What the promise gives, or its error, as the tester shows it. The promise is not waited for. */
  private pushLater(index: number, result: Promise<TupleElement | undefined>): void {
    const shown = result.then((value) => value ?? NOT_PRESENT, packError);
    // Whoever pops it sees a defect of the machine; a machine that has ended needs no warning of it.
    shown.catch(() => {});
    this.stack.push(index, shown);
  }

  private async read(operation: string, index: number, onDatabase: boolean, snapshot: boolean): Promise<boolean> {
    const question = await this.question(operation);
    if (question === undefined) return false;
    const result = onDatabase ? this.db.transact(question) : question(this.transaction.reads(snapshot));
    this.pushLater(index, result);
    // The reads of a program are done one after the other, so that what comes after does not decide what they see.
    await result.catch(() => {});
    return true;
  }

  /** What is to be read, its operands popped. */
  private async question(
    operation: string,
  ): Promise<((from: ReadTransaction) => Promise<TupleElement | undefined>) | undefined> {
    const { stack } = this;
    switch (operation) {
      case "GET": {
        const key = await stack.popBytes();
        return (from) => from.get(key);
      }
      case "GET_KEY": {
        const selector = await this.popSelector();
        const prefix = await stack.popBytes();
        return async (from) => within(await from.getKey(selector), prefix);
      }
      case "GET_RANGE": {
        const [begin, end] = [await stack.popBytes(), await stack.popBytes()];
        const options = await this.popRangeOptions();
        return (from) => packedRange(from, begin, end, options);
      }
      case "GET_RANGE_STARTS_WITH": {
        const { begin, end } = prefixRange(await stack.popBytes());
        const options = await this.popRangeOptions();
        return (from) => packedRange(from, begin, end, options);
      }
      case "GET_RANGE_SELECTOR": {
        const [begin, end] = [await this.popSelector(), await this.popSelector()];
        const options = await this.popRangeOptions();
        const prefix = await stack.popBytes();
        return (from) => packedRange(from, begin, end, options, prefix);
      }
      default:
        return undefined;
    }
  }

  private async write(operation: string, index: number, onDatabase: boolean): Promise<boolean> {
    const { stack } = this;
    const change = async (
      onDb: (tx: Parameters<Parameters<Database["transact"]>[0]>[0]) => void,
      onBound: (tx: BoundTransaction) => void,
    ) => {
      if (!onDatabase) onBound(this.transaction);
      else {
        await this.db.transact(async (tx) => onDb(tx));
        stack.push(index, NOT_PRESENT);
      }
      return true;
    };
    switch (operation) {
      case "SET": {
        const [key, value] = [await stack.popBytes(), await stack.popBytes()];
        return change(
          (tx) => tx.set(key, value),
          (tx) => tx.set(key, value),
        );
      }
      case "CLEAR": {
        const key = await stack.popBytes();
        return change(
          (tx) => tx.clear(key),
          (tx) => tx.clear(key),
        );
      }
      case "CLEAR_RANGE":
      case "CLEAR_RANGE_STARTS_WITH": {
        const first = await stack.popBytes();
        const { begin, end } =
          operation === "CLEAR_RANGE" ? { begin: first, end: await stack.popBytes() } : prefixRange(first);
        return change(
          (tx) => tx.clearRange(begin, end),
          (tx) => tx.clearRange(begin, end),
        );
      }
      case "ATOMIC_OP": {
        const name = await stack.popText();
        const [key, operand] = [await stack.popBytes(), await stack.popBytes()];
        return change(
          (tx) => applyAtomicByName(tx, name, key, operand),
          (tx) => tx.atomic(name, key, operand),
        );
      }
      default:
        return false;
    }
  }

  private async control(operation: string, index: number): Promise<void> {
    const { stack } = this;
    switch (operation) {
      case "NEW_TRANSACTION":
        this.newTransaction();
        return;
      case "USE_TRANSACTION":
        this.transactionName = Buffer.from(await stack.popBytes()).toString("hex");
        if (!this.transactions.has(this.transactionName)) this.newTransaction();
        return;
      case "ON_ERROR": {
        const { transaction } = this;
        const error = errorOf(await stack.popNumber());
        this.pushLater(
          index,
          transaction.onError(error).then(() => undefined),
        );
        return;
      }
      case "GET_READ_VERSION":
        this.lastVersion = await this.transaction.checkDeferred().getReadVersion();
        stack.push(index, bytes("GOT_READ_VERSION"));
        return;
      case "SET_READ_VERSION":
        this.transaction.setReadVersion(this.lastVersion);
        return;
      case "GET_VERSIONSTAMP":
        this.pushLater(index, this.transaction.checkDeferred().getVersionstamp());
        return;
      case "GET_COMMITTED_VERSION":
        this.lastVersion = this.transaction.inner.getCommittedVersion();
        stack.push(index, bytes("GOT_COMMITTED_VERSION"));
        return;
      case "GET_APPROXIMATE_SIZE":
        this.transaction.checkDeferred().getApproximateSize();
        stack.push(index, bytes("GOT_APPROXIMATE_SIZE"));
        return;
      case "GET_ESTIMATED_RANGE_SIZE":
      case "GET_RANGE_SPLIT_POINTS":
        await stack.popMany(operation === "GET_ESTIMATED_RANGE_SIZE" ? 2 : 3);
        // Refused when the transaction cannot be used, as any question: that of a range without keys asks nothing else.
        await this.transaction.checkDeferred().getRangeAll(this.prefix, this.prefix);
        stack.push(index, bytes(operation.replace("GET", "GOT")));
        return;
      case "READ_CONFLICT_RANGE":
      case "WRITE_CONFLICT_RANGE": {
        const [begin, end] = [await stack.popBytes(), await stack.popBytes()];
        const { inner } = this.transaction;
        if (operation === "READ_CONFLICT_RANGE") inner.addReadConflictRange(begin, end);
        else inner.addWriteConflictRange(begin, end);
        stack.push(index, bytes("SET_CONFLICT_RANGE"));
        return;
      }
      case "READ_CONFLICT_KEY":
      case "WRITE_CONFLICT_KEY": {
        const key = await stack.popBytes();
        const { inner } = this.transaction;
        if (operation === "READ_CONFLICT_KEY") inner.addReadConflictKey(key);
        else inner.addWriteConflictKey(key);
        stack.push(index, bytes("SET_CONFLICT_KEY"));
        return;
      }
      case "DISABLE_WRITE_CONFLICT":
        this.transaction.disableNextWriteConflict();
        return;
      case "COMMIT": {
        const commit = this.transaction.checkDeferred().commit();
        this.pushLater(
          index,
          commit.then(() => undefined),
        );
        await commit.catch(() => {});
        return;
      }
      case "RESET":
        this.transaction.reset();
        return;
      case "CANCEL":
        this.transaction.inner.cancel();
        return;
      case "LOG_STACK":
        await this.logStack();
        return;
      case "START_THREAD":
        this.threads.push(new StackMachine(this.db, await stack.popBytes(), this.random, this.transactions).run());
        return;
      case "WAIT_EMPTY":
        await this.waitEmpty(await stack.popBytes());
        stack.push(index, bytes("WAITED_FOR_EMPTY"));
        return;
      case "UNIT_TESTS":
        return;
      default:
        throw new Error(`There is no instruction ${operation}.`);
    }
  }

  private async logStack(): Promise<void> {
    const prefix = await this.stack.popBytes();
    while (this.stack.size > 0) {
      const rows: (readonly [Uint8Array, Uint8Array])[] = [];
      while (this.stack.size > 0 && rows.length < LOGGED_AT_ONCE) {
        const depth = this.stack.size - 1;
        const { index, value } = await this.stack.popItem();
        rows.push([concat(prefix, pack([depth, index])), pack([value]).subarray(0, LOGGED_BYTES_MAX)]);
      }
      await this.db.transact(async (tx) => {
        for (const [key, value] of rows) tx.set(key, value);
      });
    }
  }

  private async waitEmpty(prefix: Uint8Array): Promise<void> {
    const { begin, end } = prefixRange(prefix);
    await this.db.transact(async (tx) => {
      const left = await tx.getRangeAll(begin, end, { limit: 1 });
      if (left.length > 0) throw new StoreError("not_committed", "The range is not empty yet.");
    });
  }

  private async popSelector() {
    const key = await this.stack.popBytes();
    const orEqual = (await this.stack.popNumber()) !== 0;
    return { key, orEqual, offset: await this.stack.popNumber() };
  }

  private async popRangeOptions(): Promise<GetRangeOptions> {
    const limit = await this.stack.popNumber();
    const reverse = (await this.stack.popNumber()) !== 0;
    return { limit, reverse, mode: MODES[await this.stack.popNumber()] };
  }
}

async function packedRange(
  from: ReadTransaction,
  begin: Parameters<ReadTransaction["getRange"]>[0],
  end: Parameters<ReadTransaction["getRange"]>[1],
  options: GetRangeOptions,
  prefix: Uint8Array = new Uint8Array(0),
): Promise<Uint8Array> {
  const elements: Uint8Array[] = [];
  for await (const { key, value } of from.getRange(begin, end, options)) {
    if (startsWith(key, prefix)) elements.push(key, value);
  }
  return pack(elements);
}

/** Keys outside of a program's own are shown as the end of its range beyond which they lie. */
function within(key: Uint8Array, prefix: Uint8Array): Uint8Array {
  if (startsWith(key, prefix)) return key;
  return compareKeys(key, prefix) < 0 ? prefix : strinc(prefix);
}

export function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && compareKeys(key.subarray(0, prefix.length), prefix) === 0;
}
