/**
 * Read versions: many requests share one question to the sequencer and one look at the logs.
 *
 * Why what is handed out is not stale. A request is answered with what the sequencer of this epoch knew to be committed at some moment *after* the
 * request came. Within the epoch that is enough: proxies report a version to the sequencer before they acknowledge it. What a later epoch may have
 * acknowledged, this sequencer does not know: it can be cut off from everybody, and still answer us. So ⌈n/2⌉ of the n logs must say, *after* the request
 * came, that they still take pushes of this epoch. A recovery locks more than n/2 of them before anything of its epoch can be acknowledged. Had such a
 * commit been acknowledged before our request came, more than n/2 logs would have been locked by then, fewer than n/2 could say that they run, and the
 * confirmation would fail. Hence also: a request that comes while a question is under way waits for the next one, and does not share its answer.
 */
import { RpcError } from "#foundation/rpc";
import type { Epoch, Version } from "#foundation/store-protocol";
import type { Calls, Connected } from "./neighbours.ts";

interface Waiter {
  readonly resolve: (version: Version) => void;
  readonly reject: (error: RpcError) => void;
}

export class ReadVersions {
  private waiting: Waiter[] = [];
  private asked: readonly Waiter[] = [];
  private busy = false;

  constructor(
    private readonly options: {
      readonly epoch: Epoch;
      readonly connected: Connected;
      readonly calls: Calls;
      readonly waitersMax: number;
      /** Told when the epoch cannot be confirmed; ends all of this by `close`. */
      readonly onFailure: (error: unknown) => void;
    },
  ) {}

  next(): Promise<Version> {
    if (this.waiting.length >= this.options.waitersMax) {
      return Promise.reject(new RpcError("not_running", "The proxy has too many requests waiting."));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      if (!this.busy) this.ask();
    });
  }

  /** Refuses everybody who waits. */
  close(error: RpcError): void {
    const refused = [...this.asked, ...this.waiting];
    this.asked = [];
    this.waiting = [];
    for (const { reject } of refused) reject(error);
  }

  private ask(): void {
    const { epoch, connected, calls, onFailure } = this.options;
    this.busy = true;
    this.asked = this.waiting;
    this.waiting = [];
    const version = calls.repeated((options) => connected.sequencer.readVersion({ epoch }, options));
    const fence = someOf(
      Math.ceil(connected.logs.length / 2),
      connected.logs.map((log) => calls.repeated((options) => log.confirmRunning({ epoch }, options))),
    );
    Promise.all([version, fence]).then(([answer]) => this.answer(answer.version), onFailure);
  }

  private answer(version: Version): void {
    const asked = this.asked;
    this.asked = [];
    this.busy = false;
    for (const { resolve } of asked) resolve(version);
    if (this.waiting.length > 0) this.ask();
  }
}

/** Resolves when `needed` of the promises have; rejects with the last failure as soon as that can be no more. */
function someOf(needed: number, promises: readonly Promise<unknown>[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = needed;
    let spare = promises.length - needed;
    if (missing <= 0) resolve();
    for (const promise of promises) {
      promise.then(
        () => {
          if (--missing === 0) resolve();
        },
        (error: unknown) => {
          if (spare-- === 0) reject(error);
        },
      );
    }
  });
}
