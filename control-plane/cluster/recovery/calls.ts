/**
 * Calls to others, each with a time-out that holds whatever the client does, a bounded number at the same time.
 *
 * Every failure of a call has one of two places: the outcome that is returned for it, or, where it ends everything (a newer epoch, the signal), the
 * rejection of the whole.
 */
import { type CallOptions, RpcError } from "#foundation/rpc";
import type { Timers } from "#foundation/runtime";
import { superseded } from "./endings.ts";

/** What all calls of an attempt share. */
export interface CallScope {
  readonly timers: Timers;
  /** Of the caller: who answers with a newer one ends the work. */
  readonly epoch: bigint;
  /** Once aborted, no call is made any more, and those under way reject with its reason. */
  readonly signal: AbortSignal;
}

/** What became of the call about an item. */
export type Outcome<Item, Reply> =
  | { readonly item: Item; readonly ok: true; readonly reply: Reply }
  | { readonly item: Item; readonly ok: false; readonly error: RpcError };

/** More at the same time would only wait for each other. */
const PARALLEL_MAX = 32;

export interface CallAllOptions<Item, Reply> {
  /** Of each call, in milliseconds. */
  readonly timeoutMs: number;
  /** When `enough` says so of what there is, the others have `graceMs` more. */
  readonly settle?: {
    readonly enough: (done: readonly Outcome<Item, Reply>[]) => boolean;
    readonly graceMs: number;
  };
}

/**
 * One call. It rejects with `RpcError`, with `Ended` when the other side knows a newer epoch, or with the reason of the signal.
 */
export function callOne<Reply>(
  scope: CallScope,
  timeoutMs: number,
  call: (options: CallOptions) => Promise<Reply>,
): Promise<Reply> {
  const { signal } = scope;
  if (signal.aborted) return Promise.reject(signal.reason);
  const own = new AbortController();
  return new Promise<Reply>((resolve, reject) => {
    // A reply that comes too late settles nothing any more, and is not an unhandled rejection either.
    const finish = (settle: () => void): void => {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const giveUp = (reason: unknown): void => {
      finish(() => reject(reason));
      own.abort(reason);
    };
    const onAbort = (): void => giveUp(signal.reason);
    const timer = scope.timers.after(timeoutMs, () =>
      giveUp(new RpcError("timed_out", `no answer in ${timeoutMs} ms`)),
    );
    signal.addEventListener("abort", onAbort, { once: true });
    const begun = async (): Promise<Reply> => call({ timeoutMs, signal: own.signal });
    begun().then(
      (reply) => finish(() => resolve(reply)),
      (error) => finish(() => reject(judge(scope.epoch, error))),
    );
  });
}

/** Calls about all items; the outcomes are in their order. Rejects as soon as one answer ends the work; the calls under way are then given up. */
export async function callAll<Item, Reply>(
  scope: CallScope,
  items: readonly Item[],
  { timeoutMs, settle }: CallAllOptions<Item, Reply>,
  call: (item: Item, options: CallOptions) => Promise<Reply>,
): Promise<readonly Outcome<Item, Reply>[]> {
  if (scope.signal.aborted) throw scope.signal.reason;
  const own = new AbortController();
  const forward = (): void => own.abort(scope.signal.reason);
  scope.signal.addEventListener("abort", forward, { once: true });
  const graceOver = new RpcError("timed_out", "the others had answered before");
  let grace: { cancel(): void } | undefined;

  const outcomes: (Outcome<Item, Reply> | undefined)[] = items.map(() => undefined);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index]!;
      try {
        const reply = await callOne({ ...scope, signal: own.signal }, timeoutMs, (options) => call(item, options));
        outcomes[index] = { item, ok: true, reply };
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        outcomes[index] = { item, ok: false, error };
      }
      if (settle === undefined || grace !== undefined) continue;
      if (settle.enough(outcomes.filter((outcome) => outcome !== undefined))) {
        grace = scope.timers.after(settle.graceMs, () => own.abort(graceOver));
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(PARALLEL_MAX, items.length) }, work));
  } catch (error) {
    own.abort(error);
    throw error;
  } finally {
    grace?.cancel();
    scope.signal.removeEventListener("abort", forward);
  }
  return outcomes.map((outcome, index) => outcome ?? { item: items[index]!, ok: false, error: graceOver });
}

/** The replies alone. */
export function replies<Item, Reply>(
  outcomes: readonly Outcome<Item, Reply>[],
): readonly { item: Item; reply: Reply }[] {
  return outcomes.flatMap((outcome) => (outcome.ok ? [{ item: outcome.item, reply: outcome.reply }] : []));
}

/** In a few words, for a stall. */
export function causeOf(error: unknown): string {
  return error instanceof RpcError ? `${error.code}: ${error.message}` : String(error);
}

function judge(epoch: bigint, error: unknown): Error {
  if (!(error instanceof RpcError)) return new RpcError("failed", String(error));
  if (error.code === "newer_epoch") return superseded(error.detail);
  if (error.code === "wrong_epoch" && error.detail !== undefined && error.detail > epoch)
    return superseded(error.detail);
  return error;
}
