/**
 * A walk over the pairs of a range, as they were when it began.
 */
import type { Layout } from "./layout.ts";
import type { MergeCursor } from "./runs/merge-cursor.ts";

export interface Pair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * The pairs of a range. It holds on to the files that it reads, so it must be read to its end or closed; what is written meanwhile it does not see.
 *
 * Keys and values are copies.
 *
 * @example
 * for await (const { key, value } of engine.range(begin, end)) use(key, value);
 */
export class RangeCursor implements AsyncIterable<Pair> {
  private closed = false;
  private waiting = false;

  /** @param check throws when the engine cannot be read any more */
  constructor(
    private readonly merge: MergeCursor,
    private readonly layout: Layout,
    private readonly check: () => void,
  ) {
    layout.acquire();
  }

  /**
   * The next pair, or undefined after the last one. A promise only where blocks have to be read: where they are in memory, nothing is awaited.
   * @throws EngineCorruptionError, EngineClosedError, EngineFailedError, DiskError (also as rejections); the cursor is closed then
   */
  next(): Pair | undefined | Promise<Pair | undefined> {
    if (this.waiting) throw new Error("a cursor gives one pair at a time: await the one before");
    if (this.closed) return undefined;
    try {
      this.check();
      for (;;) {
        const moved = this.merge.advance();
        if (typeof moved !== "boolean") return this.nextLater(moved);
        const pair = this.take(moved);
        if (pair !== null) return pair;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Lets go of the files. Closing twice is harmless. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.layout.release();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Pair> {
    try {
      for (;;) {
        const next = this.next();
        const pair = next instanceof Promise ? await next : next;
        if (pair === undefined) return;
        yield pair;
      }
    } finally {
      this.close();
    }
  }

  private async nextLater(moving: Promise<boolean>): Promise<Pair | undefined> {
    this.waiting = true;
    try {
      for (;;) {
        const moved = await moving;
        if (this.closed) return undefined;
        this.check();
        const pair = this.take(moved);
        if (pair !== null) return pair;
        const next = this.merge.advance();
        moving = typeof next === "boolean" ? Promise.resolve(next) : next;
      }
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.waiting = false;
    }
  }

  /** Null: the key was cleared. */
  private take(moved: boolean): Pair | undefined | null {
    if (!moved) {
      this.close();
      return undefined;
    }
    const value = this.merge.value();
    return value === undefined ? null : { key: this.merge.key, value };
  }
}
