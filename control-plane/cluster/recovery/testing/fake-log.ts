/**
 * A log with the exact rules of epochs and locks, in memory. What a restart leaves is what the real one has on disk.
 */
import { type Handlers, RpcError } from "#foundation/rpc";
import { LOG, type LogEntry } from "#foundation/store-protocol";
import type { ClientOf } from "../recovery-view.ts";

export interface FakeLogNeeds {
  readonly id: string;
  readonly clientOf: ClientOf;
  /** Called with each finalized epoch. */
  readonly onFinalize: (epoch: bigint) => void;
  /** Called with each entry that a proxy has pushed. */
  readonly onPush: (version: bigint, epoch: bigint) => void;
}

export class FakeLog {
  epoch = 0n;
  director = "";
  mode: "locked" | "recovering" | "running" = "locked";
  /** The last epoch in which it took pushes. */
  activated = 0n;
  entries: LogEntry[] = [];
  last = 0n;
  oldest = 0n;
  knownCommitted = 0n;
  finalized = 0n;
  poppers: readonly string[] = [];
  readonly popped = new Map<string, bigint>();

  constructor(private readonly needs: FakeLogNeeds) {}

  restart(): void {
    this.mode = "locked";
  }

  readonly handlers: Handlers<typeof LOG> = {
    lock: async ({ epoch, director }) => {
      if (epoch < this.epoch || (epoch === this.epoch && director !== this.director)) throw newer(this.epoch);
      this.epoch = epoch;
      this.director = director;
      this.mode = "locked";
      return this.describe();
    },
    recoverFrom: async ({ epoch, sources, from, to }) => {
      this.check(epoch);
      if (this.mode === "running") throw notRunning();
      if (from < to && sources.length === 0) throw new RpcError("invalid_request", "there is nothing to copy from");
      this.mode = "recovering";
      this.entries = [];
      this.oldest = from;
      this.last = from;
      this.knownCommitted = from;
      const copied = from < to ? await this.copy(epoch, sources, from, to) : [];
      this.check(epoch);
      this.entries = copied;
      this.last = to;
      this.mode = "locked";
      this.popped.clear();
      let checksum = 0;
      for (const { version, data } of copied) {
        for (const byte of [...data, Number(version % 251n)]) checksum = (Math.imul(checksum, 31) + byte) >>> 0;
      }
      return { entries: copied.length, checksum };
    },
    activate: async ({ epoch, previous }) => {
      this.check(epoch);
      if (this.mode === "running" && previous === this.last) return;
      if (this.mode !== "locked") throw notRunning();
      if (previous !== this.last) throw new RpcError("out_of_order", `the log ends at ${this.last}`, this.last);
      this.mode = "running";
      this.activated = epoch;
    },
    confirmRunning: async ({ epoch }) => this.assertRunning(epoch),
    push: async ({ epoch, previous, version, knownCommitted, data }) => {
      this.assertRunning(epoch);
      if (this.entries.some((entry) => entry.version === version)) return;
      if (previous !== this.last) throw new RpcError("out_of_order", `the log ends at ${this.last}`, this.last);
      this.needs.onPush(version, epoch);
      this.entries.push({ version, previous, data });
      this.last = version;
      if (knownCommitted > this.knownCommitted) this.knownCommitted = knownCommitted;
    },
    pull: async ({ after, upTo, recovery, epoch }) => {
      if (recovery ? this.mode !== "locked" : this.mode !== "running") throw notRunning();
      this.check(epoch);
      if (after < this.oldest) throw new RpcError("version_too_old", "it is trimmed", this.oldest);
      const end = upTo === undefined || upTo > this.last ? this.last : upTo;
      return {
        entries: this.entries.filter(({ version }) => version > after && version <= end),
        upTo: end,
        knownCommitted: this.knownCommitted,
        finalizedEpoch: this.finalized,
      };
    },
    finalize: async ({ epoch }) => {
      this.check(epoch);
      this.needs.onFinalize(epoch);
      this.finalized = epoch;
    },
    pop: async ({ epoch, storage, durable }) => {
      this.check(epoch);
      this.popped.set(storage, durable);
      const all = this.poppers.map((popper) => this.popped.get(popper) ?? 0n);
      const common = all.reduce((least, version) => (version < least ? version : least), this.last);
      if (common > this.oldest) this.oldest = common;
      this.entries = this.entries.filter(({ version }) => version > this.oldest);
    },
    setPoppers: async ({ epoch, storages }) => {
      this.check(epoch);
      this.poppers = storages;
    },
    info: async () => this.describe(),
  };

  private async copy(
    epoch: bigint,
    sources: readonly { address: string; id: string }[],
    after: bigint,
    upTo: bigint,
  ): Promise<LogEntry[]> {
    let failure: unknown;
    for (const source of sources) {
      try {
        const limits = { entriesMax: 1000, bytesMax: 1 << 20, waitMs: 0 };
        const pulled = await this.needs
          .clientOf(LOG, source)
          .pull({ after, upTo, ...limits, recovery: true, epoch }, { timeoutMs: 1000 });
        if (pulled.upTo !== upTo) throw new RpcError("failed", `${source.id} ends at ${pulled.upTo}`);
        this.knownCommitted = pulled.knownCommitted < upTo ? pulled.knownCommitted : upTo;
        return [...pulled.entries];
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  private describe() {
    const { epoch, mode, last, oldest, knownCommitted } = this;
    return { epoch, mode, lastVersion: last, oldestVersion: oldest, knownCommitted };
  }

  private check(epoch: bigint): void {
    if (epoch !== this.epoch) throw new RpcError("wrong_epoch", "the log is of another epoch", this.epoch);
  }

  private assertRunning(epoch: bigint): void {
    this.check(epoch);
    if (this.mode !== "running") throw notRunning();
  }
}

export function newer(epoch: bigint): RpcError {
  return new RpcError("newer_epoch", "there is a newer epoch", epoch);
}

export function notRunning(): RpcError {
  return new RpcError("not_running", "it is not running");
}
