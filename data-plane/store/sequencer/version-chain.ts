/**
 * The versions of one epoch: pure, time comes in with each call.
 */

/** 63 bits, so that a version fits where signed numbers are kept. */
const VERSION_MAX = 2n ** 63n - 1n;

/**
 * Answers kept for each proxy, for the case that it asks again. A proxy has one request under way at a time and repeats it at once, so that a few would do.
 */
export const ANSWERS_KEPT = 64;

/** Proxies that are remembered: far more than a layout has. */
export const PROXIES_MAX = 256;

/** A version, and the one that was given before it: what is to be done for it is to be done right after that one. */
export interface ChainLink {
  readonly previous: bigint;
  readonly version: bigint;
}

/** Where the chain of an epoch begins. */
export interface ChainStart {
  /** What the first version follows. */
  readonly recoveryVersion: bigint;
  /** The first version that is given, at the earliest. Above the recovery version. */
  readonly firstVersion: bigint;
}

/** The request breaks a rule, and repeating it does not help. */
export class ChainError extends Error {
  override readonly name = "ChainError";
}

/** Gives versions as a chain without holes, and knows up to where it is committed. */
export class VersionChain {
  private last: bigint;
  private committed: bigint;
  private readonly answers = new Map<string, Map<number, ChainLink>>();

  /** @param startMicros the time that stands for `firstVersion` */
  constructor(
    private readonly start: ChainStart,
    private readonly startMicros: bigint,
  ) {
    if (start.firstVersion <= start.recoveryVersion) throw new RangeError("the first version follows the recovery's");
    this.last = start.recoveryVersion;
    this.committed = start.recoveryVersion;
  }

  /**
   * The newest version that all logs have, with everything before it: logs take a version only after the one before it, and a version is reported
   * only when all logs have it, so the highest of those reported will do, in whatever order proxies report.
   */
  get knownCommitted(): bigint {
    return this.committed;
  }

  /**
   * The next version: microseconds since the start of the epoch, so that ages are times, or one above the last when two come within one. The same
   * request of the same proxy gets the same answer again, as far as it is remembered.
   *
   * @throws ChainError when the request is older than what is remembered, or the versions are used up
   */
  next(proxy: string, request: number, nowMicros: bigint): ChainLink {
    const answers = this.answersOf(proxy);
    const again = answers.get(request);
    if (again !== undefined) return again;
    const [oldest] = answers.keys();
    if (oldest !== undefined && request < oldest) throw new ChainError("the request was answered long ago");
    const paced = this.start.firstVersion + (nowMicros - this.startMicros);
    const version = paced > this.last ? paced : this.last + 1n;
    if (version > VERSION_MAX) throw new ChainError("there are no more versions");
    const link = { previous: this.last, version };
    this.last = version;
    answers.set(request, link);
    if (answers.size > ANSWERS_KEPT) answers.delete(oldest!);
    return link;
  }

  /** @throws ChainError when the version was not given by this chain */
  report(version: bigint): void {
    if (version > this.last) throw new ChainError("the version was never given");
    if (version > this.committed) this.committed = version;
  }

  private answersOf(proxy: string): Map<number, ChainLink> {
    let answers = this.answers.get(proxy);
    if (answers !== undefined) return answers;
    if (this.answers.size >= PROXIES_MAX) throw new ChainError("there are more proxies than an epoch has");
    answers = new Map();
    this.answers.set(proxy, answers);
    return answers;
  }
}
