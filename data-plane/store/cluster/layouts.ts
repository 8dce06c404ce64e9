/**
 * The layout that clients go by: followed all the time, and waited for while there is none.
 */
import { RpcError } from "#foundation/rpc";
import { type Runtime, sleep } from "#foundation/runtime";
import type { ClusterView, Layout } from "#foundation/store-protocol";
import { StoreError } from "../errors/index.ts";
import type { Coordinators } from "./coordinators.ts";

const VIEW_WAIT_MS = 10_000;
/** Between two looks at views that come faster than anybody needs them. */
const PAUSE_MS = 10;

interface Waiting {
  readonly after: bigint;
  readonly resolve: (layout: Layout) => void;
}

export class Layouts {
  /** The last one that was seen, also while a recovery runs: what it names refuses calls of an epoch that is over. */
  current: Layout | undefined;
  private revision = 0;
  private readonly waiting = new Set<Waiting>();
  private readonly controller = new AbortController();

  constructor(
    private readonly runtime: Runtime,
    private readonly coordinators: Coordinators,
  ) {
    runtime.spawn("follow the layout", () => this.follow());
  }

  /**
   * A layout of an epoch above `after`.
   * @throws StoreError cluster_unavailable when none has come within the time
   */
  later(after: bigint, timeoutMs: number): Promise<Layout> {
    if (this.current !== undefined && this.current.epoch > after) return Promise.resolve(this.current);
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.waiting.delete(waiting);
        timer.cancel();
        this.controller.signal.removeEventListener("abort", giveUp);
        settle();
      };
      const waiting: Waiting = { after, resolve: (layout) => end(() => resolve(layout)) };
      const giveUp = (): void =>
        end(() =>
          reject(new StoreError("cluster_unavailable", "The cluster has no transaction system that can be reached.")),
        );
      const timer = this.runtime.timers.after(timeoutMs, giveUp);
      this.controller.signal.addEventListener("abort", giveUp, { once: true });
      this.waiting.add(waiting);
    });
  }

  close(): void {
    this.controller.abort();
  }

  private async follow(): Promise<void> {
    const { signal } = this.controller;
    while (!signal.aborted) {
      try {
        const request = { after: this.revision, waitMs: VIEW_WAIT_MS };
        const view = await this.coordinators.ask((one, options) => one.view(request, options), {
          signal,
          timeoutMs: VIEW_WAIT_MS + 2_000,
        });
        this.see(view);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
      }
      await sleep(this.runtime.timers, PAUSE_MS, signal).catch(() => undefined);
    }
  }

  private see({ revision, layout }: ClusterView): void {
    // A coordinator that lags shows what was; a cluster that was made anew in the same place has lower numbers for good.
    this.revision = revision;
    if (layout === undefined || (this.current !== undefined && layout.epoch < this.current.epoch)) return;
    this.current = layout;
    for (const { after, resolve } of [...this.waiting]) if (layout.epoch > after) resolve(layout);
  }
}
