/**
 * The way of commits: the chain of versions, what each log has on its disk, what was acknowledged, and what is read.
 */
import type { COMMIT_PROXY, Epoch, LOG, RESOLVER, SEQUENCER, Version } from "#foundation/store-protocol";
import type { Breach } from "./breach.ts";
import type { Generations } from "./generations.ts";
import type { Watch } from "./watch.ts";

interface Entry {
  readonly epoch: Epoch;
  readonly previous: Version;
  readonly hash: bigint;
  /** The logs that have acknowledged it. */
  readonly on: Set<string>;
  /** All logs of its epoch have. */
  isWhole: boolean;
  /** The sequencer knows. */
  isReported: boolean;
}

export class Commits {
  private readonly entries = new Map<Version, Entry>();
  private readonly followers = new Map<string, Version>();
  private readonly lastWhole = new Map<Epoch, Version>();
  /** The highest version that each log has acknowledged, or was filled up to. */
  private readonly lastOn = new Map<string, Version>();
  private lastAcknowledged: Version = 0n;
  /** The highest version that was pushed in each epoch. */
  private readonly highest = new Map<Epoch, Version>();

  constructor(
    private readonly generations: Generations,
    private readonly breach: Breach,
  ) {
    generations.onNews = () => this.checkPrefixes();
  }

  /** No storage server may have more than this on its disk: what is committed, or what a recovery has taken over. */
  get durableMost(): Version {
    let most = 0n;
    for (const version of this.generations.allRecoveries.values()) if (version > most) most = version;
    for (const [epoch, version] of this.lastWhole) {
      if (version > most && this.generations.isAgreed(epoch)) most = version;
    }
    return most;
  }

  /** The highest version that was pushed before an epoch. */
  highestBefore(epoch: Epoch): Version {
    let most = 0n;
    for (const [earlier, version] of this.highest) if (earlier < epoch && version > most) most = version;
    return most;
  }

  /** What the log must still have. */
  acknowledgedBy(log: string): Version {
    return this.lastOn.get(log) ?? 0n;
  }

  /** The log was filled with what others have, up to `to`. */
  filled(log: string, to: Version): void {
    this.lastOn.set(log, to);
  }

  readonly logWatch = {
    push: ({ epoch, previous, version, data }, { id }) => {
      const entry = this.note(epoch, previous, version, Bun.hash(data) as bigint);
      return () => this.acknowledge(entry, version, id);
    },
    pull: ({ after }, { id }) => {
      return ({ entries }) => {
        let last = after;
        for (const { version, data } of entries) {
          const entry = this.entries.get(version);
          if (entry === undefined) this.breach("log-content", `${id} gives version ${version}, which nobody pushed`);
          else if (entry.hash !== (Bun.hash(data) as bigint)) {
            this.breach("log-content", `${id} gives version ${version} with another content than was pushed`);
          }
          if (version <= last) this.breach("log-content", `${id} gives version ${version} after ${last}`);
          last = version;
        }
      };
    },
  } satisfies Watch<typeof LOG>;

  readonly sequencerWatch: Watch<typeof SEQUENCER> = {
    nextCommitVersion:
      ({ epoch }) =>
      (reply) =>
        void this.follow(epoch, reply.previous, reply.version),
    reportCommitted: ({ epoch, version }) => {
      const entry = this.entries.get(version);
      if (entry?.epoch !== epoch || !entry.isWhole) {
        this.breach("acknowledged-by-all", `version ${version} is reported as committed; not all logs have it`);
      }
      return () => {
        if (entry !== undefined) entry.isReported = true;
      };
    },
  };

  readonly resolverWatch: Watch<typeof RESOLVER> = {
    resolve: ({ epoch, previous, version }) => void this.follow(epoch, previous, version),
  };

  readonly proxyWatch: Watch<typeof COMMIT_PROXY> = {
    unlock: ({ layout }) => {
      this.generations.make(layout);
    },
    commit: ({ epoch }) => {
      this.mustBeAgreed(epoch, "a client commits");
      return ({ version }) => {
        const entry = this.entries.get(version);
        if (entry?.epoch !== epoch || !entry.isWhole || !entry.isReported) {
          this.breach(
            "acknowledged-by-all",
            `a commit at ${version} is acknowledged before all logs and the sequencer know`,
          );
        }
        for (const [later, recovery] of this.generations.allRecoveries) {
          if (later > epoch && recovery < version) {
            this.breach(
              "old-epoch-silent",
              `epoch ${epoch} acknowledges ${version}; epoch ${later} has gone on from ${recovery}`,
            );
          }
        }
        if (version > this.lastAcknowledged) this.lastAcknowledged = version;
      };
    },
    readVersion: ({ epoch }) => {
      this.mustBeAgreed(epoch, "a client reads");
      const floor = this.lastAcknowledged;
      return ({ version }) => {
        if (version < floor) {
          this.breach(
            "read-version-fresh",
            `epoch ${epoch} says to read at ${version}; ${floor} was acknowledged before`,
          );
        }
        if (version !== this.generations.recoveryOf(epoch) && this.entries.get(version)?.isReported !== true) {
          this.breach("read-version-committed", `epoch ${epoch} says to read at ${version}, which is not committed`);
        }
      };
    },
  };

  private note(epoch: Epoch, previous: Version, version: Version, hash: bigint): Entry {
    this.follow(epoch, previous, version);
    const found = this.entries.get(version);
    if (found === undefined) {
      const entry = { epoch, previous, hash, on: new Set<string>(), isWhole: false, isReported: false };
      this.entries.set(version, entry);
      this.rise(epoch, version);
      return entry;
    }
    if (found.epoch !== epoch || found.previous !== previous || found.hash !== hash) {
      this.breach(
        "one-content",
        `version ${version} is pushed in epoch ${epoch}; it is another one of epoch ${found.epoch}`,
      );
    }
    return found;
  }

  private rise(epoch: Epoch, version: Version): void {
    if (version > (this.highest.get(epoch) ?? 0n)) this.highest.set(epoch, version);
    for (const [earlier, highest] of this.highest) {
      if (earlier < epoch && highest >= version) {
        this.breach("versions-rise", `epoch ${epoch} pushes ${version}; epoch ${earlier} had come to ${highest}`);
      }
    }
  }

  /** One version follows another, and no two the same. */
  private follow(epoch: Epoch, previous: Version, version: Version): void {
    const key = `${epoch}/${previous}`;
    const follower = this.followers.get(key);
    if (follower === undefined) this.followers.set(key, version);
    else if (follower !== version) {
      this.breach("one-chain", `in epoch ${epoch} both ${follower} and ${version} follow ${previous}`);
    }
  }

  private acknowledge(entry: Entry, version: Version, log: string): void {
    entry.on.add(log);
    if (version > this.acknowledgedBy(log)) this.lastOn.set(log, version);
    if (entry.isWhole) return;
    const layout = this.generations.layoutOf(entry.epoch);
    if (layout?.logs.every(({ id }) => entry.on.has(id)) !== true) return;
    entry.isWhole = true;
    if (version > (this.lastWhole.get(entry.epoch) ?? 0n)) this.lastWhole.set(entry.epoch, version);
    if (this.generations.lastRecovered > entry.epoch) this.checkPrefixes();
  }

  /** What all logs of an epoch have, once its layout is agreed to, is taken over by every later one. */
  private checkPrefixes(): void {
    for (const [epoch, version] of this.lastWhole) {
      if (!this.generations.isAgreed(epoch)) continue;
      for (const [later, recovery] of this.generations.allRecoveries) {
        if (later > epoch && recovery < version) {
          this.breach(
            "nothing-lost",
            `all logs of epoch ${epoch} have ${version}; epoch ${later} goes on from ${recovery}`,
          );
        }
      }
    }
  }

  private mustBeAgreed(epoch: Epoch, what: string): void {
    if (!this.generations.isAgreed(epoch)) {
      this.breach("layout-after-agreement", `${what} in epoch ${epoch}, of which no layout was agreed to`);
    }
  }
}
