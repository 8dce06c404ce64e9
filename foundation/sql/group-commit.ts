/**
 * Group commit: requests that arrive while a commit is in flight join the next one, so that one fsync serves them all.
 *
 * Each request is acknowledged after the commit that covers it, never before; a request that fails does not disturb its neighbours.
 */
import { EngineError } from "./engine-error.ts";
import type { Outcome } from "./outcome.ts";

/** Most requests in one commit. At about 10 µs of work each, 512 keep a commit near 5 ms, so that nobody waits long for the lock. */
export const BATCH_REQUESTS_MAX = 512;

/** Most requests waiting, besides those in flight: 32 full batches, about 160 ms of work. Beyond it a caller is told to come back. */
export const QUEUE_REQUESTS_MAX = 32 * BATCH_REQUESTS_MAX;

/** What `createGroupCommit` needs. */
export interface GroupCommitOptions<Request, Response> {
  /**
   * Commits a batch: one transaction, one fsync. Returns one outcome per request, in order, after the commit is durable. Throwing (or rejecting) means that
   * nothing of the batch was kept, or that this is unknown: all its requests are rejected with that error.
   */
  readonly commit: (batch: readonly Request[]) => readonly Outcome<Response>[] | Promise<readonly Outcome<Response>[]>;
  readonly batchMax?: number;
  readonly queueMax?: number;
  /**
   * Commits under way at the same time, when `commit` is asynchronous and keeps their order. Two keep a worker busy while the outcomes of the batch before
   * travel back. Default 1.
   */
  readonly inFlightMax?: number;
  /**
   * When the first request of an idle group is committed. `microtask`: after the current synchronous run, for `commit`s that return at once and let others
   * join meanwhile. `turn`: after the other callbacks of this turn of the event loop, so that requests from many sockets join; for synchronous `commit`s.
   * Default `microtask`.
   */
  readonly gather?: "microtask" | "turn";
}

/** A running group commit. */
export interface GroupCommit<Request, Response> {
  /**
   * Joins the next commit. Requests are committed in the order of the calls.
   * @returns resolves after the covering commit; rejects with the request's own `EngineError`, with `Overloaded` (retryable, nothing was done) when the
   * queue is full, with `EngineClosed` after `close`
   */
  submit(request: Request): Promise<Response>;
  /** Requests waiting or in flight. */
  readonly pending: number;
  /** Refuses new requests and resolves when all accepted ones have been answered. */
  close(): Promise<void>;
}

interface Waiting<Request, Response> {
  readonly request: Request;
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Starts a group commit.
 * @example
 * const group = createGroupCommit({ commit: (batch) => database.transaction(() => batch.map(insertOne)) });
 * await group.submit({ name: "ada" }); // durable
 */
export function createGroupCommit<Request, Response>(
  options: GroupCommitOptions<Request, Response>,
): GroupCommit<Request, Response> {
  const batchMax = options.batchMax ?? BATCH_REQUESTS_MAX;
  const queueMax = options.queueMax ?? QUEUE_REQUESTS_MAX;
  const inFlightMax = options.inFlightMax ?? 1;
  const schedule = options.gather === "turn" ? (run: () => void) => void setImmediate(run) : queueMicrotask;

  let queue: Waiting<Request, Response>[] = [];
  let inFlight = 0;
  let inFlightRequests = 0;
  let scheduled = false;
  let closed = false;
  let drained: (() => void)[] = [];

  const settle = (batch: readonly Waiting<Request, Response>[], outcomes: readonly Outcome<Response>[]): void => {
    for (let index = 0; index < batch.length; index++) {
      const outcome = outcomes[index];
      if (outcome === undefined) batch[index]!.reject(missingOutcome(batch.length, outcomes.length));
      else if (outcome.ok) batch[index]!.resolve(outcome.value);
      else batch[index]!.reject(EngineError.of(outcome));
    }
  };
  const ended = (batch: readonly Waiting<Request, Response>[]): void => {
    inFlight--;
    inFlightRequests -= batch.length;
    if (queue.length > 0) pump();
    if (queue.length > 0 || inFlight > 0) return;
    for (const resolve of drained) resolve();
    drained = [];
  };
  const start = (batch: readonly Waiting<Request, Response>[]): void => {
    inFlight++;
    inFlightRequests += batch.length;
    const fail = (error: unknown): void => {
      const failure = EngineError.from(error);
      for (const waiting of batch) waiting.reject(failure);
      ended(batch);
    };
    try {
      const outcomes = options.commit(batch.map((waiting) => waiting.request));
      if (!(outcomes instanceof Promise)) {
        settle(batch, outcomes);
        ended(batch);
        return;
      }
      outcomes.then((answers) => {
        settle(batch, answers);
        ended(batch);
      }, fail);
    } catch (error) {
      fail(error);
    }
  };
  const flush = (): void => {
    scheduled = false;
    if (inFlight >= inFlightMax || queue.length === 0) return;
    const batch = queue.length <= batchMax ? queue : queue.slice(0, batchMax);
    queue = queue.length <= batchMax ? [] : queue.slice(batchMax);
    start(batch);
    pump();
  };
  const pump = (): void => {
    if (scheduled || inFlight >= inFlightMax || queue.length === 0) return;
    scheduled = true;
    schedule(flush);
  };

  return {
    submit(request) {
      if (closed) return Promise.reject(new EngineError("EngineClosed", "the engine was closed; open it again"));
      if (queue.length >= queueMax) {
        const problem = `${queueMax} requests wait already; repeat this one a little later`;
        return Promise.reject(new EngineError("Overloaded", problem, { retryable: true }));
      }
      return new Promise((resolve, reject) => {
        queue.push({ request, resolve, reject });
        pump();
      });
    },
    get pending() {
      return queue.length + inFlightRequests;
    },
    close() {
      closed = true;
      if (queue.length === 0 && inFlight === 0) return Promise.resolve();
      return new Promise((resolve) => drained.push(resolve));
    },
  };
}

function missingOutcome(expected: number, got: number): EngineError {
  return new EngineError("Internal", `a commit of ${expected} requests gave ${got} outcomes`);
}
