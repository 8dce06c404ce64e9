/** Reads a stream of chunks as if it were one long run of bytes, holding at most one chunk and what was asked for. */

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #ended = false;
  #position = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Bytes given out so far. */
  get position(): number {
    return this.#position;
  }

  /**
   * The next `length` bytes, fewer only where the stream ends. Meant for headers: `length` bytes are held in memory.
   * The result is valid until the next call.
   */
  async take(length: number): Promise<Uint8Array> {
    if (this.#held.length < length && !this.#ended) await this.#gather(length);
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(taken.length);
    this.#position += taken.length;
    return taken;
  }

  /** Some of the next bytes: at least one and at most `limit`; none where the stream ends. */
  async some(limit: number): Promise<Uint8Array> {
    while (this.#held.length === 0 && !this.#ended) await this.#pull();
    const taken = this.#held.subarray(0, limit);
    this.#held = this.#held.subarray(taken.length);
    this.#position += taken.length;
    return taken;
  }

  /** Reads and forgets up to `length` bytes; resolves to how many there were. */
  async skip(length: number): Promise<number> {
    let skipped = 0;
    while (skipped < length) {
      const piece = await this.some(length - skipped);
      if (piece.length === 0) break;
      skipped += piece.length;
    }
    return skipped;
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#held = new Uint8Array(0);
    await this.#source.return?.();
  }

  async #pull(): Promise<void> {
    const step = await this.#source.next();
    if (step.done) this.#ended = true;
    else this.#held = step.value;
  }

  async #gather(length: number): Promise<void> {
    const parts: Uint8Array[] = [this.#held];
    let have = this.#held.length;
    while (have < length) {
      const step = await this.#source.next();
      if (step.done) {
        this.#ended = true;
        break;
      }
      parts.push(step.value);
      have += step.value.length;
    }
    this.#held = Buffer.concat(parts, have);
  }
}
