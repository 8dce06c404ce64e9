/**
 * What can be read in a transaction: the same for plain and for snapshot reads.
 */
import type { KeyValue, Version } from "../backend/index.ts";
import { compareKeys, keyAfter } from "../keys/index.ts";
import type { Attempt } from "./attempt.ts";
import { firstGreaterOrEqual, toSelector } from "./key-selectors.ts";
import { canExist, checkBound, checkKey } from "./legal-keys.ts";
import type { KeySelector } from "./overlay/index.ts";
import { batchBytes, checkedLimit, type GetRangeOptions, type RangeBound } from "./streaming.ts";

/** Reads see the writes of the transaction itself, over the store as it was at the read version. All reject with `StoreError`. */
export interface ReadTransaction {
  /** The value of a key; undefined when there is none. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** The key that a selector points to: an empty one before the first key, 0xFF behind the last. */
  getKey(selector: KeySelector): Promise<Uint8Array>;
  /**
   * The pairs from `begin` on and before `end`, fetched in batches as they are walked through. What is never walked to is not read, and conflicts with
   * nothing.
   *
   * @example
   * for await (const { key, value } of tx.getRange(begin, end, { reverse: true })) if (enough(value)) break;
   */
  getRange(begin: RangeBound, end: RangeBound, options?: GetRangeOptions): AsyncIterable<KeyValue>;
  /** All of these pairs. */
  getRangeAll(begin: RangeBound, end: RangeBound, options?: GetRangeOptions): Promise<KeyValue[]>;
  /** The version that is read at. */
  getReadVersion(): Promise<Version>;
}

/** What is read in, at the time of reading. */
export interface AttemptHolder {
  readonly current: Attempt;
}

export class Reads implements ReadTransaction {
  constructor(
    private readonly holder: AttemptHolder,
    private readonly snapshot: boolean,
  ) {}

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return unwatched(this.readKey(key));
  }

  getKey(selector: KeySelector): Promise<Uint8Array> {
    return unwatched(this.readSelector(selector));
  }

  getRange(begin: RangeBound, end: RangeBound, options: GetRangeOptions = {}): AsyncIterable<KeyValue> {
    return pairsOf(batches(this.holder.current, begin, end, options, this.snapshot));
  }

  getRangeAll(begin: RangeBound, end: RangeBound, options: GetRangeOptions = {}): Promise<KeyValue[]> {
    return unwatched(this.readAll(begin, end, options));
  }

  getReadVersion(): Promise<Version> {
    return unwatched(this.readVersion());
  }

  private async readKey(key: Uint8Array): Promise<Uint8Array | undefined> {
    const { current } = this.holder;
    current.checkUsable();
    checkKey(key);
    return canExist(key) ? current.read(current.overlay.get(key, { snapshot: this.snapshot })) : undefined;
  }

  private async readSelector(selector: KeySelector): Promise<Uint8Array> {
    const { current } = this.holder;
    current.checkUsable();
    checkBound(selector.key);
    return current.read(current.overlay.getKey(selector, { snapshot: this.snapshot }));
  }

  private async readAll(begin: RangeBound, end: RangeBound, options: GetRangeOptions): Promise<KeyValue[]> {
    const all: KeyValue[] = [];
    const mode = options.mode ?? "want_all";
    for await (const batch of batches(this.holder.current, begin, end, { ...options, mode }, this.snapshot)) {
      for (const pair of batch) all.push(pair);
    }
    return all;
  }

  private async readVersion(): Promise<Version> {
    const { current } = this.holder;
    current.checkUsable();
    return current.guard(current.readVersion());
  }
}

/** Who begins several reads, and is thrown out by the first, looks at no other: that is no failure of the program. The commit knows of all. */
function unwatched<T>(read: Promise<T>): Promise<T> {
  read.catch(() => {});
  return read;
}

async function* pairsOf(batches: AsyncIterable<KeyValue[]>): AsyncGenerator<KeyValue, void> {
  for await (const batch of batches) yield* batch;
}

async function* batches(
  attempt: Attempt,
  begin: RangeBound,
  end: RangeBound,
  options: GetRangeOptions,
  snapshot: boolean,
): AsyncGenerator<KeyValue[], void> {
  const { reverse = false, mode = "iterator" } = options;
  let [from, to] = [toSelector(begin), toSelector(end)];
  let left = checkedLimit(options);
  for (let batch = 0; left > 0; batch++) {
    attempt.checkUsable();
    checkBound(from.key);
    checkBound(to.key);
    if (isInverted(from, to)) return;
    const limits = { limit: left, bytesMax: batchBytes(mode, batch), reverse, snapshot };
    const read = await attempt.read(attempt.overlay.getSelectedRange(from, to, limits));
    yield read.entries.map(([key, value]) => ({ key, value }));
    const last = read.entries.at(-1);
    if (!read.more || last === undefined) return;
    left -= read.entries.length;
    from = firstGreaterOrEqual(reverse ? read.begin : keyAfter(last[0]));
    to = firstGreaterOrEqual(reverse ? last[0] : read.end);
  }
}

/** Whether it is plain that no key lies between the two: then nothing is read. */
function isInverted(from: KeySelector, to: KeySelector): boolean {
  const edge = ({ key, orEqual }: KeySelector) => (orEqual ? keyAfter(key) : key);
  return from.offset >= to.offset && compareKeys(edge(from), edge(to)) >= 0;
}
