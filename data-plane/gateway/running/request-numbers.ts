/** How many requests were answered, how many of them failed, and how long they took: what a gateway tells of its health. */

/** Figures of the last minute and of the one before are kept. */
const PERIOD_MS = 60_000;

/** Each power of two of microseconds is cut into so many buckets: a percentile is at most 1/8 too large. */
const PARTS = 8;
const PART_BITS = 3;

/** The first eight microseconds have a bucket each, then every power of two from 2^3 to 2^31 µs (36 minutes). */
const BUCKETS = PARTS + (31 - PART_BITS) * PARTS;
const MICROSECONDS_MAX = 2 ** 31 - 1;

/** Durations as counts by bucket. Observing one allocates nothing. */
class Durations {
  readonly #counts = new Uint32Array(BUCKETS);
  count = 0;

  observe(milliseconds: number): void {
    const microseconds = Math.min(Math.max(milliseconds * 1000, 0), MICROSECONDS_MAX) | 0;
    this.#counts[bucketOf(microseconds)]!++;
    this.count++;
  }

  clear(): void {
    this.#counts.fill(0);
    this.count = 0;
  }

  at(bucket: number): number {
    return this.#counts[bucket]!;
  }
}

function bucketOf(microseconds: number): number {
  if (microseconds < PARTS) return microseconds;
  const power = 31 - Math.clz32(microseconds);
  return (power - PART_BITS + 1) * PARTS + ((microseconds >> (power - PART_BITS)) & (PARTS - 1));
}

/** Above every duration in a bucket, in milliseconds. */
function endOf(bucket: number): number {
  if (bucket < PARTS) return (bucket + 1) / 1000;
  const shift = Math.floor(bucket / PARTS) - 1;
  return ((PARTS + (bucket % PARTS) + 1) * 2 ** shift) / 1000;
}

/** Counted for every request; read a few times a minute. */
export class RequestNumbers {
  readonly #now: () => number;
  #current = new Durations();
  #before = new Durations();
  #currentSince: number;
  requests = 0;
  errors = 0;

  /** @param now milliseconds of any clock that does not go back */
  constructor(now: () => number) {
    this.#now = now;
    this.#currentSince = now();
  }

  ended(status: number, durationMs: number): void {
    this.requests++;
    if (status >= 500) this.errors++;
    this.#current.observe(durationMs);
  }

  /**
   * Of the last one to two minutes, or of all since the last reading where that is longer ago. Null where nothing was answered in them.
   *
   * @param shares in (0, 1], ascending
   * @returns milliseconds, each at most an eighth too large
   */
  percentiles(shares: readonly number[]): readonly (number | null)[] {
    this.#turn();
    const total = this.#current.count + this.#before.count;
    if (total === 0) return shares.map(() => null);
    let bucket = 0;
    let passed = this.#current.at(0) + this.#before.at(0);
    return shares.map((share) => {
      while (passed < Math.ceil(share * total)) {
        bucket++;
        passed += this.#current.at(bucket) + this.#before.at(bucket);
      }
      return endOf(bucket);
    });
  }

  /** Readings turn the page, so that requests need not look at a clock. */
  #turn(): void {
    const now = this.#now();
    const age = now - this.#currentSince;
    if (age < PERIOD_MS) return;
    const spare = this.#before;
    this.#before = this.#current;
    this.#current = spare;
    spare.clear();
    this.#currentSince = now;
  }
}
