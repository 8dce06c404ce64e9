/**
 * Keeps what an epoch runs on alive, and notices when some of it has gone.
 *
 * Each host has a loop that renews the leases of the director's components there and compares what runs with what should; each log has one that asks
 * whether it still takes pushes. None of them ever rejects: whatever they find goes to `lost`, which takes the first word only.
 */
import { RpcError } from "#foundation/rpc";
import { sleep } from "#foundation/runtime";
import { LOG } from "#foundation/store-protocol";
import { type Attempt, hostAt, type Placed } from "../attempt.ts";
import { type CallScope, callOne, causeOf } from "../calls.ts";
import { type DirectorEnd, Ended } from "../endings.ts";

interface Expected {
  readonly id: string;
  readonly kind: string;
  readonly node: string;
  readonly address: string;
}

/**
 * After these the other side may be well: they count once nothing else has been heard for so much of a lease. A process that is gone refuses
 * connections at once, one that is slow does not.
 */
const PATIENCE: Readonly<Record<string, number>> = { timed_out: 1, cancelled: 1, unreachable: 0.3 };

type WatchNeeds = Pick<Attempt, "epoch" | "director" | "clientOf" | "runtime" | "options"> & {
  /** Its signal ends all loops. */
  readonly scope: CallScope;
};

export class Watch {
  readonly #needs: WatchNeeds;
  readonly #lost: (end: DirectorEnd) => void;
  readonly #hosts = new Set<string>();
  readonly #components: Expected[] = [];
  readonly #workers: Expected[] = [];
  readonly #loops: Promise<void>[] = [];

  constructor(needs: WatchNeeds, lost: (end: DirectorEnd) => void) {
    this.#needs = needs;
    this.#lost = lost;
  }

  /** From now on the leases on this host are renewed. */
  renewHost({ node, address }: { readonly node: string; readonly address: string }): void {
    if (this.#hosts.has(address)) return;
    this.#hosts.add(address);
    this.#loops.push(this.#keep(() => this.#renew(node, address), { kind: "host", id: "host", node }));
  }

  /** From now on its absence is a loss. */
  expectComponent({ node, ref }: Placed, kind: string): void {
    this.#components.push({ id: ref.id, kind, node, address: ref.address });
  }

  /** From now on it is a loss when the log stops to take pushes, or is no worker of its host any more. */
  watchLog({ node, ref }: Placed): void {
    this.renewHost({ node, address: ref.address });
    this.#workers.push({ id: ref.id, kind: "log", node, address: ref.address });
    const { epoch, clientOf, options, scope } = this.#needs;
    const confirm = (): Promise<void> =>
      callOne(scope, options.leaseMs / 2, (call) => clientOf(LOG, ref).confirmRunning({ epoch }, call));
    this.#loops.push(this.#keep(confirm, { kind: "log", id: ref.id, node }));
  }

  /** Resolves once all loops have ended, which they do when the signal is aborted. */
  async ended(): Promise<void> {
    await Promise.all(this.#loops);
  }

  async #renew(node: string, address: string): Promise<void> {
    const { epoch, director, options, scope } = this.#needs;
    // What is expected once the answer is there may have been started after it was written.
    const here = (one: Expected): boolean => one.address === address;
    const components = this.#components.filter(here);
    const workers = this.#workers.filter(here);
    const reply = await callOne(scope, options.leaseMs / 2, (call) =>
      hostAt(this.#needs, address).renew({ epoch, director, leaseMs: options.leaseMs }, call),
    );
    const gone =
      components.find(({ id }) => !reply.components.includes(id)) ??
      workers.find(({ id }) => !reply.workers.includes(id));
    if (gone !== undefined) {
      throw new Ended({ reason: "component_lost", kind: gone.kind, id: gone.id, node, cause: "it has ended" });
    }
  }

  async #keep(ask: () => Promise<void>, of: Pick<Expected, "kind" | "id" | "node">): Promise<void> {
    const { runtime, options, scope } = this.#needs;
    let heardMs = runtime.clock.monotonicMs();
    while (!scope.signal.aborted) {
      let pauseMs = options.watchMs;
      try {
        await ask();
        heardMs = runtime.clock.monotonicMs();
      } catch (error) {
        // In doubt it is asked again soon: a connection that was cut is made anew, a process that is gone stays so.
        pauseMs = options.watchMs / 4;
        if (scope.signal.aborted) return;
        if (error instanceof Ended) return this.#lost(error.end);
        const patience = error instanceof RpcError ? (PATIENCE[error.code] ?? 0) : 0;
        if (runtime.clock.monotonicMs() - heardMs >= patience * options.leaseMs) {
          return this.#lost({ reason: "component_lost", ...of, cause: causeOf(error) });
        }
      }
      await sleep(runtime.timers, pauseMs, scope.signal).catch(() => undefined);
    }
  }
}
