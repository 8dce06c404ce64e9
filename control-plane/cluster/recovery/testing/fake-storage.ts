/**
 * A storage server: what is durable, what it has applied beyond that, and when the one becomes the other.
 */
import { type Handlers, type Ref, RpcError } from "#foundation/rpc";
import { LOG, STORAGE } from "#foundation/store-protocol";
import type { ClientOf } from "../recovery-view.ts";
import { newer, notRunning } from "./fake-log.ts";

export interface FakeStorageNeeds {
  readonly id: string;
  readonly clientOf: ClientOf;
  readonly onFinalize: (epoch: bigint) => void;
  readonly complain: (text: string) => void;
}

interface Applied {
  readonly version: bigint;
  readonly writes: Readonly<Record<string, string>>;
}

export class FakeStorage {
  epoch = 0n;
  director = "";
  mode: "locked" | "running" | "behind" = "locked";
  durableVersion = 0n;
  durable: Record<string, string> = {};
  applied: Applied[] = [];
  appliedVersion = 0n;
  recoveryVersion = 0n;
  finalized = 0n;
  logs: readonly Ref[] = [];
  /** Makes nothing durable while it is set. */
  slow = false;
  private pulling = false;
  /** Rises when what was asked for before must not be taken any more. */
  private life = 0;
  /** What the logs have been told. */
  private popped = 0n;

  constructor(private readonly needs: FakeStorageNeeds) {}

  /** Its memory is gone; whom it follows is on its disk. */
  restart(): void {
    this.life++;
    this.popped = 0n;
    this.applied = [];
    this.appliedVersion = this.durableVersion;
    this.finalized = 0n;
  }

  /** What a reader of the newest version sees. */
  value(key: string): string | undefined {
    return Object.assign({}, this.durable, ...this.applied.map(({ writes }) => writes))[key];
  }

  readonly handlers: Handlers<typeof STORAGE> = {
    lock: async ({ epoch, director }) => {
      if (epoch < this.epoch || (epoch === this.epoch && director !== this.director)) throw newer(this.epoch);
      this.epoch = epoch;
      this.director = director;
      this.mode = "locked";
      this.life++;
      return this.describe();
    },
    unlock: async ({ epoch, recoveryVersion, logs }) => {
      this.check(epoch);
      if (this.durableVersion > recoveryVersion) throw new RpcError("corrupt", "its disk is beyond R");
      this.applied = this.applied.filter(({ version }) => version <= recoveryVersion);
      if (this.appliedVersion > recoveryVersion) this.appliedVersion = recoveryVersion;
      this.recoveryVersion = recoveryVersion;
      this.logs = logs;
      this.popped = 0n;
      this.mode = "running";
    },
    finalize: async ({ epoch }) => {
      this.check(epoch);
      this.needs.onFinalize(epoch);
      this.finalized = epoch;
    },
    get: async ({ epoch, key, version }) => {
      this.check(epoch);
      if (this.mode !== "running") throw notRunning();
      if (version > this.appliedVersion) throw new RpcError("version_too_new", "it is not there yet");
      const value = this.value(hexOf(key));
      return { value: value === undefined ? undefined : bytesOf(value) };
    },
    getRange: async () => {
      throw new RpcError("invalid_request", "fakes read single keys");
    },
    watch: async () => ({ changed: false }),
    info: async () => this.describe(),
    openCopy: async ({ epoch }) => {
      this.check(epoch);
      if (this.mode !== "running") throw notRunning();
      this.given.push({ ...this.durable });
      return { copy: this.given.length - 1, version: this.durableVersion };
    },
    readCopy: async ({ copy }) => {
      const pairs = Object.entries(this.given[copy]!).map(([key, value]) => ({
        key: bytesOf(key),
        value: bytesOf(value),
      }));
      return { pairs, next: 1, done: true };
    },
    closeCopy: async () => undefined,
    fill: async ({ epoch, source, ranges }) => {
      this.check(epoch);
      if (this.mode !== "locked") throw notRunning();
      const { life } = this;
      const from = this.needs.clientOf(STORAGE, source);
      const { copy, version } = await from.openCopy({ epoch, ranges });
      const { pairs } = await from.readCopy({ copy, next: 0 });
      if (this.life !== life) throw newer(this.epoch);
      this.durable = Object.fromEntries(pairs.map(({ key, value }) => [hexOf(key), hexOf(value)]));
      this.applied = [];
      this.durableVersion = version;
      this.appliedVersion = version;
      return { version };
    },
  };
  /** What was given away to others. */
  private readonly given: Record<string, string>[] = [];

  /** Pulls once, and makes durable what may be. */
  async tick(): Promise<void> {
    if (this.mode !== "running" || this.pulling) return;
    this.pulling = true;
    try {
      for (const log of this.logs) if (await this.pull(log)) break;
    } finally {
      this.pulling = false;
    }
  }

  private async pull(ref: Ref): Promise<boolean> {
    const { epoch, life } = this;
    const { id } = this.needs;
    const log = this.needs.clientOf(LOG, ref);
    const limits = { upTo: undefined, entriesMax: 1000, bytesMax: 1 << 20, waitMs: 0 };
    try {
      const pulled = await log.pull({ after: this.appliedVersion, ...limits, recovery: false, epoch });
      if (this.life !== life) return true;
      for (const { version, data } of pulled.entries) {
        if (version <= this.appliedVersion) continue;
        this.applied.push({ version, writes: JSON.parse(new TextDecoder().decode(data)) });
      }
      if (pulled.upTo > this.appliedVersion) this.appliedVersion = pulled.upTo;
      if (pulled.finalizedEpoch > this.finalized) this.finalized = pulled.finalizedEpoch;
      this.makeDurable(pulled.knownCommitted);
      if (this.durableVersion > this.popped) {
        this.popped = this.durableVersion;
        const popped = this.logs.map((one) =>
          this.needs.clientOf(LOG, one).pop({ epoch, storage: id, durable: this.popped }),
        );
        await Promise.allSettled(popped);
      }
      return true;
    } catch {
      return false;
    }
  }

  private makeDurable(knownCommitted: bigint): void {
    if (this.slow) return;
    let until = knownCommitted < this.appliedVersion ? knownCommitted : this.appliedVersion;
    if (this.finalized < this.epoch && until > this.recoveryVersion) until = this.recoveryVersion;
    if (until <= this.durableVersion) return;
    for (const { version, writes } of this.applied) if (version <= until) Object.assign(this.durable, writes);
    this.applied = this.applied.filter(({ version }) => version > until);
    this.durableVersion = until;
  }

  private describe() {
    const { epoch, mode, durableVersion, appliedVersion } = this;
    const keys = Object.keys(this.durable).length;
    return { epoch, mode, durableVersion, oldestVersion: durableVersion, appliedVersion, keys, ranges: [] };
  }

  private check(epoch: bigint): void {
    if (epoch !== this.epoch) throw new RpcError("wrong_epoch", "the server is of another epoch", this.epoch);
  }
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
