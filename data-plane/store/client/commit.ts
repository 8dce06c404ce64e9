/**
 * The commit of an attempt.
 */
import { sleep, type Timers } from "#foundation/runtime";
import type { CommitPlace, StoreBackend, Version } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { TRANSACTION_BYTES_MAX, type Transaction, transactionBytes } from "../transactions/index.ts";
import type { Attempt } from "./attempt.ts";
import type { Backoff } from "./backoff.ts";

export interface CommitSettings {
  /** Empty for none. */
  readonly idempotencyId: Uint8Array;
  /** How often a commit of unknown result may be sent again, when it has an id. */
  readonly resendLimit: number;
  readonly backoff: Backoff;
}

interface CommitRoom {
  readonly backend: StoreBackend;
  readonly timers: Timers;
}

/** One for all: transactions that only read are many, and nobody looks where it came from. */
const NOTHING_WRITTEN = {
  error: new StoreError("no_commit_version", "The transaction wrote nothing: it has no version."),
};

/** The attempt has begun its commit. Settles what hangs on it: the version, the versionstamp, the watches. */
export async function commitAttempt(attempt: Attempt, room: CommitRoom, settings: CommitSettings): Promise<void> {
  try {
    if (attempt.isIdle) {
      // As `run` below, in one turn: most transactions only read.
      await attempt.readsDone();
      attempt.settleStamp(NOTHING_WRITTEN);
      return;
    }
    await attempt.guard(run(attempt, room, settings));
  } catch (error) {
    const invalid = new StoreError("transaction_invalid_version", "The transaction was not committed.");
    attempt.endWithoutCommit(error, invalid);
    throw error;
  }
}

async function run(attempt: Attempt, room: CommitRoom, settings: CommitSettings): Promise<void> {
  await attempt.readsDone();
  if (attempt.overlay.isReadOnly) {
    attempt.settleStamp(NOTHING_WRITTEN);
    if (attempt.watches.length > 0) startWatches(attempt, await attempt.readVersion());
    return;
  }
  const { mutations, reads, writes } = attempt.overlay;
  // What is read must have been read at some version; a transaction that only writes needs none.
  const readVersion = reads.length > 0 ? await attempt.readVersion() : attempt.knownVersion;
  const transaction: Transaction = { readVersion, reads, writes, mutations, idempotencyId: settings.idempotencyId };
  if (transactionBytes(transaction) > TRANSACTION_BYTES_MAX) {
    throw new StoreError("transaction_too_large", `A transaction has at most ${TRANSACTION_BYTES_MAX} bytes.`);
  }
  // Cancelled while it waited: it must not be sent any more.
  if (attempt.failure !== undefined) throw attempt.failure;
  const place = await send(transaction, attempt, room, settings);
  attempt.committedVersion = place.version;
  attempt.settleStamp({ place });
  startWatches(attempt, place.version);
}

function startWatches(attempt: Attempt, version: Version): void {
  for (const watch of attempt.watches) watch.start(version);
}

/**
 * Sends the transaction, and again while its result is unknown and it has an id: the store applies it once, and the program need not be run again,
 * so that what it returned belongs to what was committed.
 */
async function send(
  transaction: Transaction,
  attempt: Attempt,
  { backend, timers }: CommitRoom,
  { resendLimit, backoff }: CommitSettings,
): Promise<CommitPlace> {
  let unknown: StoreError | undefined;
  for (let left = resendLimit; ; left--) {
    try {
      return await backend.commit(transaction);
    } catch (error) {
      if (!(error instanceof StoreError)) throw unknown ?? error;
      // These two speak of the id as well: no earlier attempt was committed either.
      if (error.code === "not_committed" || error.code === "transaction_too_old") throw error;
      // Any other failure says of this attempt that it was not applied, and of an earlier one nothing.
      if (error.maybeCommitted) unknown ??= error;
      if (unknown === undefined) throw error;
      if (transaction.idempotencyId.length === 0 || left <= 0) throw unknown;
      if (!error.maybeCommitted && !error.retryable) throw unknown;
      await sleep(timers, backoff.after(error), attempt.signal());
    }
  }
}
