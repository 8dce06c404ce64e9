/**
 * Locks: what a log or a storage server has promised to a director holds for ever, also after a restart.
 */
import type { Epoch, HOST, LOG, STORAGE, Version } from "#foundation/store-protocol";
import type { Breach } from "./breach.ts";
import type { Commits } from "./commits.ts";
import type { Generations } from "./generations.ts";
import type { Watch } from "./watch.ts";

interface Lock {
  readonly epoch: Epoch;
  /** The last version of a log when it was locked. */
  readonly last: Version;
}

export class Fences {
  private readonly locks = new Map<string, Lock>();
  private readonly durable = new Map<string, Version>();
  /** The newest epoch that each host of a machine has heard of, since it started. */
  private readonly hosts = new Map<string, Epoch>();

  constructor(
    private readonly generations: Generations,
    private readonly commits: Commits,
    private readonly breach: Breach,
  ) {}

  /** A machine has begun anew: what its host had heard of was in memory. */
  onStart(machine: string): void {
    this.hosts.delete(machine);
  }

  readonly logWatch: Watch<typeof LOG> = {
    lock: ({ epoch }, { id }) => {
      const owed = this.commits.acknowledgedBy(id);
      return ({ lastVersion }) => {
        if (lastVersion < owed) {
          this.breach("durable", `${id} has acknowledged ${owed}; locked in epoch ${epoch} it ends at ${lastVersion}`);
        }
        this.lock(id, { epoch, last: lastVersion });
      };
    },
    recoverFrom: ({ epoch, to }, { id }) => {
      const onReply = this.open("recoverFrom", id, epoch);
      const { current } = this.generations;
      if (current !== undefined && current.epoch < epoch && current.logs.some((log) => log.id === id)) {
        this.breach("kept-while-needed", `the director of epoch ${epoch} fills ${id}, a log of epoch ${current.epoch}`);
      }
      // What it had is dropped first, and it owes nothing of that any more, whatever becomes of this.
      this.commits.filled(id, 0n);
      return () => {
        onReply();
        this.commits.filled(id, to);
      };
    },
    activate: ({ epoch, previous }, { id }) => {
      this.generations.recover(epoch, previous);
      return this.open("activate", id, epoch);
    },
    confirmRunning: ({ epoch }, { id }) => this.open("confirmRunning", id, epoch),
    push: (request, place) => {
      const onReply = this.commits.logWatch.push(request, place);
      return () => {
        const lock = this.locks.get(place.id);
        if (lock !== undefined && request.epoch < lock.epoch && request.version > lock.last) {
          this.breach(
            "locked",
            `${place.id} was locked in epoch ${lock.epoch} at ${lock.last}, and takes ${request.version} of epoch ${request.epoch}`,
          );
        }
        onReply();
      };
    },
    pull: (request, place) => {
      const onReply = this.commits.logWatch.pull(request, place);
      const onOpen = this.open("pull", place.id, request.epoch);
      return (reply) => {
        onOpen();
        onReply(reply);
        if (reply.finalizedEpoch > 0n && !this.generations.isAgreed(reply.finalizedEpoch)) {
          this.breach("final-after-agreement", `${place.id} says that epoch ${reply.finalizedEpoch} is final`);
        }
      };
    },
    finalize: ({ epoch }) => {
      this.finalize(epoch);
    },
    pop: ({ epoch, storage, durable }) => {
      this.isDurable(storage, durable, `it tells the logs of epoch ${epoch}`);
    },
  };

  readonly storageWatch: Watch<typeof STORAGE> = {
    lock:
      ({ epoch }, { id }) =>
      ({ durableVersion }) => {
        this.isDurable(id, durableVersion, `locked in epoch ${epoch}`);
        this.lock(id, { epoch, last: 0n });
      },
    // Who joins later begins with what it has: with R at the earliest.
    unlock: ({ epoch, recoveryVersion }, { id }) => {
      const recovery = this.generations.recoveryOf(epoch);
      if (recovery === undefined || recoveryVersion < recovery) {
        this.breach("one-recovery", `${id} begins epoch ${epoch} with ${recoveryVersion}; it goes on from ${recovery}`);
      }
      return this.open("unlock", id, epoch);
    },
    finalize: ({ epoch }) => {
      this.finalize(epoch);
    },
    get: ({ epoch, version }, { id }) => this.read(id, epoch, version),
    getRange: ({ epoch, version }, { id }) => this.read(id, epoch, version),
    watch: ({ epoch, version }, { id }) => this.read(id, epoch, version),
    info:
      (_, { id }) =>
      ({ epoch, mode, durableVersion, appliedVersion }) => {
        this.isDurable(id, durableVersion, "it says");
        if (mode === "running") this.isRolledBack(id, epoch, appliedVersion);
      },
  };

  readonly hostWatch: Watch<typeof HOST> = {
    createWorker: ({ epoch }, { machine }) => this.obey(machine, epoch),
    startComponent: ({ epoch }, { machine }) => this.obey(machine, epoch),
    renew: ({ epoch }, { machine }) => this.obey(machine, epoch),
    removeWorker: ({ epoch, id }, { machine }) => {
      const onReply = this.obey(machine, epoch);
      const fault = this.whyKeep(epoch, id);
      return () => {
        onReply();
        if (fault !== undefined)
          this.breach("kept-while-needed", `the director of epoch ${epoch} removes ${id}: ${fault}`);
      };
    },
  };

  /** Why a worker may not be removed. */
  private whyKeep(epoch: Epoch, id: string): string | undefined {
    const { current } = this.generations;
    if (current === undefined) return undefined;
    const members = current.teams.flatMap(({ members }) => members);
    if (current.logs.some((log) => log.id === id)) return "it is a log of the layout";
    if (members.some(({ storage }) => storage.id === id)) return "it is a storage server of the layout";
    // Those of the attempt itself, which is given up, never had anything that others lack.
    if (!id.startsWith("log-") || id.startsWith(`log-${epoch}-`)) return undefined;
    // Who has joined since finds what it lacks in the new logs.
    const atFirst = this.generations.layoutOf(current.epoch)?.teams.flatMap((team) => team.members) ?? [];
    const behind = atFirst.find(
      ({ storage, status }) =>
        status === "up" &&
        members.some((member) => member.storage.id === storage.id && member.status === "up") &&
        (this.durable.get(storage.id) ?? 0n) < current.recoveryVersion,
    );
    if (behind === undefined) return undefined;
    return `${behind.storage.id} does not have everything up to ${current.recoveryVersion} yet`;
  }

  private lock(id: string, lock: Lock): void {
    const before = this.locks.get(id);
    if (before !== undefined && lock.epoch < before.epoch) {
      this.breach("epochs-rise", `${id} is locked in epoch ${lock.epoch} after ${before.epoch}`);
    }
    this.locks.set(id, lock);
  }

  /** Something that only the epoch of the last lock, or a later one, may have. */
  private open(what: string, id: string, epoch: Epoch): () => void {
    const lock = this.locks.get(id);
    return () => {
      if (lock !== undefined && epoch < lock.epoch) {
        this.breach("locked", `${id} was locked in epoch ${lock.epoch}, and answers ${what} of epoch ${epoch}`);
      }
    };
  }

  private read(id: string, epoch: Epoch, version: Version): () => void {
    const onReply = this.open("reads", id, epoch);
    return () => {
      onReply();
      const layout = this.generations.layoutOf(epoch);
      if (layout !== undefined && version > layout.recoveryVersion && version < layout.firstVersion) {
        this.breach(
          "rolled-back",
          `${id} is read at ${version}, between two epochs (${this.generations.describe(epoch)})`,
        );
      }
    };
  }

  /** Nothing is applied of what an older epoch has pushed beyond the recovery. */
  private isRolledBack(id: string, epoch: Epoch, applied: Version): void {
    const recovery = this.generations.recoveryOf(epoch);
    if (recovery !== undefined && applied > recovery && applied <= this.commits.highestBefore(epoch)) {
      this.breach(
        "rolled-back",
        `${id} has applied ${applied} of an older epoch (${this.generations.describe(epoch)})`,
      );
    }
  }

  private finalize(epoch: Epoch): void {
    if (!this.generations.isAgreed(epoch)) {
      this.breach("final-after-agreement", `epoch ${epoch} is called final; no layout of it was agreed to`);
    }
  }

  private isDurable(storage: string, version: Version, how: string): void {
    // What is told may have been on its way for long.
    if (version > (this.durable.get(storage) ?? 0n)) this.durable.set(storage, version);
    const most = this.commits.durableMost;
    if (version > most) {
      this.breach(
        "durable-after-commit",
        `${storage} has ${version} on its disk (${how}); no more than ${most} is committed`,
      );
    }
  }

  private obey(machine: string, epoch: Epoch): () => void {
    return () => {
      const newest = this.hosts.get(machine) ?? 0n;
      if (epoch < newest) this.breach("epochs-rise", `the host of ${machine} obeys epoch ${epoch} after ${newest}`);
      else this.hosts.set(machine, epoch);
    };
  }
}
