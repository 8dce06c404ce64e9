/**
 * Jobs that wait, are leased to who does them, and come back when nobody says that they are done; those that fail too often end among the dead letters.
 *
 * ```
 * 0 / due / id     → payload, attempts, token of the lease   a job, from when on it may be had; a leased one from when its lease is over
 * 1 / buried / id  → payload, attempts, reason               a dead letter
 * 2                → a number that changes when a job comes, for who waits for one
 * ```
 * Times are of the wall clock, in milliseconds; clocks of several machines may differ by much less than a lease.
 */
import { type Clock, type Random, randomBelow } from "#foundation/runtime";
import type { ReadTransaction, StoreTransaction, Watch } from "../../client/index.ts";
import { compareKeys } from "../../keys/index.ts";
import { pack, type Tuple, unpack } from "../../tuple/index.ts";
import type { Subspace } from "../subspace/index.ts";

export interface JobQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How long who has a job has it for, in milliseconds; 30,000 when left out. */
  readonly leaseMs?: number | undefined;
  /** How often a job is tried before it is buried; 5 when left out. */
  readonly attemptsMax?: number | undefined;
  /** The wait after the first failure, doubled by each further one, in milliseconds; 1,000 when left out. */
  readonly retryMs?: number | undefined;
}

export interface EnqueueOptions {
  /** Not before then, in milliseconds from now; at once when left out. */
  readonly delayMs?: number | undefined;
}

export interface Job {
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly payload: Uint8Array;
  /** How often it was leased, this time counted. */
  readonly attempts: number;
}

/** A job that was had, until `untilMs`. */
export interface Lease extends Job {
  readonly untilMs: number;
  readonly token: Uint8Array;
}

export interface DeadJob extends Job {
  readonly reason: string;
  readonly buriedMs: number;
}

/** The lease is over: somebody else has the job, or had it. */
export class JobQueueError extends Error {
  override readonly name = "JobQueueError";
  readonly code = "lease_lost";
}

const JOBS = 0;
const DEAD = 1;
const CHANGES = 2;
const ID_BYTES = 16;
const TOKEN_BYTES = 8;
const ONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
const NO_TOKEN = new Uint8Array(0);
/** Who looks for a job takes one of the first so many: fewer meet at the same one. */
const CHOICE = 16;
const RETRY_MS_MAX = 3_600_000;

interface Waiting extends Job {
  readonly dueMs: number;
  readonly token: Uint8Array;
}

/** All of it happens in transactions of the caller: a job is done together with what it did, or neither. */
export class JobQueue {
  readonly leaseMs: number;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly attemptsMax: number;
  private readonly retryMs: number;
  private readonly jobs: Subspace;
  private readonly dead: Subspace;
  private readonly changes: Uint8Array;

  /** @param subspace the queue's own; nothing else may be in there */
  constructor(
    subspace: Subspace,
    { clock, random, leaseMs = 30_000, attemptsMax = 5, retryMs = 1_000 }: JobQueueOptions,
  ) {
    this.clock = clock;
    this.random = random;
    this.leaseMs = leaseMs;
    this.attemptsMax = attemptsMax;
    this.retryMs = retryMs;
    this.jobs = subspace.subspace([JOBS]);
    this.dead = subspace.subspace([DEAD]);
    this.changes = subspace.pack([CHANGES]);
  }

  /** @returns the id of the job */
  enqueue(tx: StoreTransaction, payload: Uint8Array, { delayMs = 0 }: EnqueueOptions = {}): Uint8Array {
    const id = this.random.bytes(ID_BYTES);
    this.put(tx, { id, payload, attempts: 0, dueMs: this.clock.now() + delayMs, token: NO_TOKEN });
    return id;
  }

  /** A job that is due, of the oldest; undefined when there is none. It comes back when it is not completed while the lease lasts. */
  async lease(tx: StoreTransaction): Promise<Lease | undefined> {
    const now = this.clock.now();
    for (;;) {
      const due = await tx.snapshot.getRangeAll(this.jobs.range().begin, this.jobs.pack([now + 1]), { limit: CHOICE });
      if (due.length === 0) return undefined;
      const chosen = due[randomBelow(this.random, due.length)]!;
      const job = this.decode(chosen.key, chosen.value);
      // Only who takes the same job conflicts.
      tx.addReadConflictKey(chosen.key);
      tx.clear(chosen.key);
      if (job.attempts >= this.attemptsMax) {
        this.bury(tx, job, "The lease of its last attempt ran out.");
        continue;
      }
      const token = this.random.bytes(TOKEN_BYTES);
      const untilMs = now + this.leaseMs;
      const leased = { ...job, attempts: job.attempts + 1, dueMs: untilMs, token };
      tx.set(this.keyOf(leased), encode(leased));
      return { id: job.id, payload: job.payload, attempts: leased.attempts, untilMs, token };
    }
  }

  /** The job is done. @throws JobQueueError when the lease is not held any more: then let the transaction fail */
  async complete(tx: StoreTransaction, lease: Lease): Promise<void> {
    await this.take(tx, lease);
  }

  /** The lease begins anew. @throws JobQueueError */
  async extend(tx: StoreTransaction, lease: Lease): Promise<Lease> {
    const job = await this.take(tx, lease);
    const untilMs = this.clock.now() + this.leaseMs;
    const longer = { ...job, dueMs: untilMs };
    tx.set(this.keyOf(longer), encode(longer));
    return { ...lease, untilMs };
  }

  /** The attempt failed: the job comes again later, or is buried when it was the last. @throws JobQueueError */
  async fail(tx: StoreTransaction, lease: Lease, reason: string): Promise<"again" | "buried"> {
    const job = await this.take(tx, lease);
    if (job.attempts >= this.attemptsMax) {
      this.bury(tx, job, reason);
      return "buried";
    }
    const waitMs = Math.min(this.retryMs * 2 ** (job.attempts - 1), RETRY_MS_MAX);
    this.put(tx, { ...job, dueMs: this.clock.now() + waitMs, token: NO_TOKEN });
    return "again";
  }

  /** The job is not to be tried again. @throws JobQueueError */
  async discard(tx: StoreTransaction, lease: Lease, reason: string): Promise<void> {
    this.bury(tx, await this.take(tx, lease), reason);
  }

  /** The oldest dead letters. */
  async deadLetters(tx: ReadTransaction, limit: number): Promise<DeadJob[]> {
    const { begin, end } = this.dead.range();
    const pairs = await tx.getRangeAll(begin, end, { limit });
    return pairs.map(({ key, value }) => {
      const [buriedMs, id] = this.dead.unpack(key) as [number, Uint8Array];
      const [payload, attempts, reason] = unpack(value) as [Uint8Array, number, string];
      return { id, payload, attempts, reason, buriedMs };
    });
  }

  /** Gives a dead letter all its attempts again. @returns whether it was there */
  async revive(tx: StoreTransaction, { id, buriedMs, payload }: DeadJob): Promise<boolean> {
    const key = this.dead.pack([buriedMs, id]);
    if ((await tx.get(key)) === undefined) return false;
    tx.clear(key);
    this.put(tx, { id, payload, attempts: 0, dueMs: this.clock.now(), token: NO_TOKEN });
    return true;
  }

  /** From when on there is a job to be had; undefined when there is none at all. */
  async nextDueMs(tx: ReadTransaction): Promise<number | undefined> {
    const { begin, end } = this.jobs.range();
    const [first] = await tx.getRangeAll(begin, end, { limit: 1 });
    return first === undefined ? undefined : this.decode(first.key, first.value).dueMs;
  }

  /** Ends when a job has come that may be had sooner than was known. */
  watch(tx: StoreTransaction): Watch {
    return tx.watch(this.changes);
  }

  private put(tx: StoreTransaction, job: Waiting): void {
    tx.set(this.keyOf(job), encode(job));
    // Atomic: those who bring jobs do not conflict with one another.
    tx.add(this.changes, ONE);
  }

  private bury(tx: StoreTransaction, { id, payload, attempts }: Job, reason: string): void {
    tx.set(this.dead.pack([this.clock.now(), id]), pack([payload, attempts, reason]));
  }

  /** Takes the job out of the queue, if the lease still holds it. */
  private async take(tx: StoreTransaction, lease: Lease): Promise<Waiting> {
    const key = this.jobs.pack([lease.untilMs, lease.id]);
    const value = await tx.get(key);
    const job = value && this.decode(key, value);
    if (job === undefined || compareKeys(job.token, lease.token) !== 0) {
      throw new JobQueueError("The lease is over: the job was given to somebody else, or is done.");
    }
    tx.clear(key);
    return job;
  }

  private keyOf({ dueMs, id }: Waiting): Uint8Array {
    return this.jobs.pack([dueMs, id]);
  }

  private decode(key: Uint8Array, value: Uint8Array): Waiting {
    const [dueMs, id] = this.jobs.unpack(key) as [number, Uint8Array];
    const [payload, attempts, token] = unpack(value) as [Uint8Array, number, Uint8Array];
    return { id, payload, attempts, dueMs, token };
  }
}

function encode({ payload, attempts, token }: Waiting): Uint8Array {
  const value: Tuple = [payload, attempts, token];
  return pack(value);
}
