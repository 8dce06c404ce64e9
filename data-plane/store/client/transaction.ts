/**
 * A transaction as a program sees it: reads, writes, conflict ranges, the commit, and what to do when it fails. FoundationDB's semantics throughout
 * (`fdbclient/ReadYourWrites`, API version 800), except that what is wrong with a write is thrown by the write itself.
 */
import { type Random, sleep, type TimerHandle, type Timers } from "#foundation/runtime";
import type { AtomicOperation } from "../atomic-operations/index.ts";
import type { KeyValue, StoreBackend, Version } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { keyAfter } from "../keys/index.ts";
import type { Mutation, Transaction } from "../transactions/index.ts";
import { transactionBytes } from "../transactions/index.ts";
import { Attempt } from "./attempt.ts";
import { Backoff, RETRY_DELAY_MAX_MS } from "./backoff.ts";
import { commitAttempt } from "./commit.ts";
import { canExist, checkedRange, checkKey, checkOperation, checkWrite } from "./legal-keys.ts";
import { checkOptions, type TransactionOptions } from "./options.ts";
import type { KeySelector } from "./overlay/index.ts";
import { Reads, type ReadTransaction } from "./reading.ts";
import type { GetRangeOptions, RangeBound } from "./streaming.ts";
import { PendingWatch, type Watch, type WatchRoom } from "./watch.ts";

export interface WriteOptions {
  /** Leaves out the write conflict of this one write: who has read the key does not notice. */
  readonly withoutConflict?: boolean | undefined;
}

/** What all transactions of a database share. */
export interface TransactionRoom extends WatchRoom {
  readonly backend: StoreBackend;
  readonly timers: Timers;
  readonly random: Random;
}

const IDEMPOTENCY_ID_BYTES = 16;
const NO_ID = new Uint8Array(0);

export class StoreTransaction implements ReadTransaction {
  private readonly holder: { current: Attempt };
  private readonly reads: Reads;
  private snapshotReads: Reads | undefined;
  private backoff: Backoff;
  private retries = 0;
  private idempotencyId: Uint8Array;
  private timer: TimerHandle | undefined;

  constructor(
    private readonly room: TransactionRoom,
    private readonly options: TransactionOptions,
  ) {
    checkOptions(options);
    this.holder = { current: new Attempt(room.backend) };
    this.reads = new Reads(this.holder, false);
    this.backoff = this.newBackoff();
    this.idempotencyId = this.newIdempotencyId();
    this.startTimer();
  }

  /** Reads that conflict with nothing: what they saw may have changed by the time of the commit. */
  get snapshot(): ReadTransaction {
    this.snapshotReads ??= new Reads(this.holder, true);
    return this.snapshotReads;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.reads.get(key);
  }

  getKey(selector: KeySelector): Promise<Uint8Array> {
    return this.reads.getKey(selector);
  }

  getRange(begin: RangeBound, end: RangeBound, options?: GetRangeOptions): AsyncIterable<KeyValue> {
    return this.reads.getRange(begin, end, options);
  }

  getRangeAll(begin: RangeBound, end: RangeBound, options?: GetRangeOptions): Promise<KeyValue[]> {
    return this.reads.getRangeAll(begin, end, options);
  }

  getReadVersion(): Promise<Version> {
    return this.reads.getReadVersion();
  }

  /**
   * Reads at this version instead of the newest. To be called before anything is read.
   *
   * @throws StoreError read_version_already_set, version_invalid
   */
  setReadVersion(version: Version): void {
    this.attempt.setReadVersion(version);
  }

  /** @throws StoreError used_during_commit, key_outside_legal_range, key_too_large, value_too_large */
  set(key: Uint8Array, value: Uint8Array, options?: WriteOptions): void {
    this.write({ type: "set", key, value }, options);
  }

  /**
   * An atomic operation: what it gives depends on the value there is at the commit, and not on one that was read.
   *
   * @throws StoreError as `set`; invalid_mutation_type
   */
  atomic(operation: AtomicOperation, key: Uint8Array, operand: Uint8Array, options?: WriteOptions): void {
    checkOperation(operation);
    this.write({ type: operation, key, value: operand }, options);
  }

  /** Adds to a little-endian number as long as `operand`; wraps around. A missing value is zero. */
  add(key: Uint8Array, operand: Uint8Array, options?: WriteOptions): void {
    this.atomic("add", key, operand, options);
  }

  /**
   * Sets a key that holds the versionstamp of the commit. `key` ends with the place of its ten bytes, in four bytes, little-endian
   * (`packWithVersionstamp` of the tuple layer gives such keys).
   *
   * @throws StoreError as `set`; client_invalid_operation when the stamp does not fit
   */
  setVersionstampedKey(key: Uint8Array, value: Uint8Array): void {
    this.write({ type: "set_versionstamped_key", key, value });
  }

  /** Sets a value that holds the versionstamp of the commit; `value` is as the key above. */
  setVersionstampedValue(key: Uint8Array, value: Uint8Array, options?: WriteOptions): void {
    this.write({ type: "set_versionstamped_value", key, value }, options);
  }

  /** @throws StoreError used_during_commit, key_outside_legal_range */
  clear(key: Uint8Array, { withoutConflict }: WriteOptions = {}): void {
    this.attempt.checkNotCommitting();
    checkKey(key);
    if (canExist(key)) this.attempt.overlay.write({ type: "clear", key }, { withoutConflict });
  }

  /** @throws StoreError used_during_commit, inverted_range, key_outside_legal_range */
  clearRange(begin: Uint8Array, end: Uint8Array, { withoutConflict }: WriteOptions = {}): void {
    this.attempt.checkNotCommitting();
    this.attempt.overlay.write({ type: "clear_range", ...checkedRange({ begin, end }) }, { withoutConflict });
  }

  /**
   * The commit fails when another transaction writes here, as if this one had read it.
   *
   * @throws StoreError used_during_commit, inverted_range, key_outside_legal_range
   */
  addReadConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.attempt.checkNotCommitting();
    this.attempt.overlay.addReadConflict(checkedRange({ begin, end }));
  }

  addReadConflictKey(key: Uint8Array): void {
    this.addReadConflictRange(key, keyAfter(key));
  }

  /**
   * Others that have read here fail to commit, as if this transaction had written it.
   *
   * @throws StoreError used_during_commit, inverted_range, key_outside_legal_range
   */
  addWriteConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.attempt.checkNotCommitting();
    this.attempt.overlay.addWriteConflict(checkedRange({ begin, end }));
  }

  addWriteConflictKey(key: Uint8Array): void {
    this.addWriteConflictRange(key, keyAfter(key));
  }

  /**
   * Waits for another value of a key than this transaction sees, from its commit on. Reading it is a read of the transaction.
   *
   * @throws StoreError when the transaction cannot be used, key_outside_legal_range, key_too_large, too_many_watches
   * @example
   * const watch = await db.transact(async (tx) => tx.watch(key));
   * await watch.changed;
   */
  watch(key: Uint8Array): Watch {
    const { attempt } = this;
    attempt.checkUsable();
    checkKey(key);
    if (!canExist(key)) throw new StoreError("key_too_large", "No key is that long.");
    const own = new Uint8Array(key);
    const watch = new PendingWatch(this.room, own, () => attempt.readForWatch(attempt.overlay.get(own)));
    attempt.watches.push(watch);
    return watch;
  }

  /**
   * Commits. Rejects with not_committed when another transaction has written what this one has read, with commit_unknown_result when nobody knows (see
   * `idempotent`), with the failure of a read when one has failed. Nothing more can be done afterwards but to ask what was committed, to reset, and,
   * after a failure, `onError`.
   */
  async commit(): Promise<void> {
    const { attempt, retries } = this;
    attempt.beginCommit();
    const left = (this.options.retryLimit ?? Number.POSITIVE_INFINITY) - retries;
    await commitAttempt(attempt, this.room, {
      idempotencyId: this.idempotencyId,
      resendLimit: left,
      backoff: this.backoff,
    });
    this.stopTimer();
  }

  /** The version of the commit; −1 before it, and when nothing was written. */
  getCommittedVersion(): Version {
    return this.attempt.committedVersion;
  }

  /**
   * The ten bytes that this transaction's versionstamps become. To be called before the commit, and resolves with it; rejects with no_commit_version
   * when nothing is written, with transaction_invalid_version when the commit fails.
   */
  async getVersionstamp(): Promise<Uint8Array> {
    const { attempt } = this;
    attempt.checkNotCommitting();
    return new Uint8Array(await attempt.guard(attempt.stamp));
  }

  /** How many bytes the commit would send now. */
  getApproximateSize(): number {
    const { reads, writes, mutations } = this.attempt.overlay;
    const { idempotencyId } = this;
    const transaction: Transaction = {
      readVersion: this.attempt.knownVersion,
      reads,
      writes,
      mutations,
      idempotencyId,
    };
    return transactionBytes(transaction);
  }

  /**
   * To be told of a failure of this transaction, thrown by anything in it or by its commit. When another attempt may succeed: waits a little, and
   * resolves with the transaction empty, to be done again. Otherwise rejects with the failure, and the transaction is cancelled. A commit of unknown
   * result counts as one to be tried again: who calls this must know that it may be applied twice (`Database.transact` does not do that).
   */
  async onError(error: unknown): Promise<void> {
    const { attempt } = this;
    if (attempt.failure !== undefined) throw attempt.failure;
    const again = error instanceof StoreError && (error.retryable || error.maybeCommitted);
    const limit = this.options.retryLimit ?? Number.POSITIVE_INFINITY;
    if (!again || this.retries++ >= limit) {
      attempt.fail(cancelled());
      throw error;
    }
    await sleep(this.room.timers, this.backoff.after(error), attempt.signal());
    this.renew();
  }

  /** Ends what is under way, which rejects with transaction_cancelled, as does everything but `reset` from now on. */
  cancel(): void {
    this.attempt.fail(cancelled());
    this.stopTimer();
  }

  /** As a new transaction; what is under way rejects with transaction_cancelled. */
  reset(): void {
    this.renew();
    this.retries = 0;
    this.backoff = this.newBackoff();
    this.idempotencyId = this.newIdempotencyId();
    this.startTimer();
  }

  private get attempt(): Attempt {
    return this.holder.current;
  }

  private write(mutation: Exclude<Mutation, { type: "clear" | "clear_range" }>, options: WriteOptions = {}): void {
    const { attempt } = this;
    attempt.checkNotCommitting();
    checkWrite(mutation);
    attempt.overlay.write(mutation, { ...options, readVersion: attempt.knownVersion });
  }

  private renew(): void {
    const before = this.attempt;
    this.holder.current = new Attempt(this.room.backend);
    before.fail(cancelled());
  }

  private newBackoff(): Backoff {
    return new Backoff(this.room.random, this.options.maxRetryDelayMs ?? RETRY_DELAY_MAX_MS);
  }

  private newIdempotencyId(): Uint8Array {
    return this.options.idempotent === true ? this.room.random.bytes(IDEMPOTENCY_ID_BYTES) : NO_ID;
  }

  private startTimer(): void {
    this.stopTimer();
    const { timeoutMs } = this.options;
    if (timeoutMs === undefined) return;
    this.timer = this.room.timers.after(timeoutMs, () => {
      this.attempt.fail(new StoreError("transaction_timed_out", `The transaction took more than ${timeoutMs} ms.`));
    });
  }

  private stopTimer(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}

function cancelled(): StoreError {
  return new StoreError("transaction_cancelled", "The transaction was cancelled or reset.");
}
