/** The body of an upstream's response on its way to the server's writer, at the pace of the client. */

/** Bytes that wait for the client before the upstream is paused: what the engine delivers at once, at most. */
const HIGH_WATER_BYTES = 512 * 1024;

/** What feeds it. */
export interface BodyFeed {
  pause(): void;
  resume(): void;
  /** The client went away, or does not want the rest. */
  cancel(): void;
}

type Step = IteratorResult<Uint8Array, undefined>;

const DONE: Step = { done: true, value: undefined };

export class ResponseStream implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #feed: BodyFeed;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #error: Error | undefined;
  #wake: { readonly resolve: (step: Step) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(feed: BodyFeed) {
    this.#feed = feed;
  }

  /** Whether the upstream waits for the reader. */
  get isPaused(): boolean {
    return this.#paused;
  }

  push(chunk: Uint8Array): void {
    const wake = this.#wake;
    if (wake !== undefined) {
      this.#wake = undefined;
      wake.resolve({ done: false, value: chunk });
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < HIGH_WATER_BYTES || this.#paused) return;
    this.#paused = true;
    this.#feed.pause();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.resolve(DONE);
    this.#wake = undefined;
  }

  fail(error: Error): void {
    if (this.#ended) return;
    this.#error = error;
    this.#wake?.reject(error);
    this.#wake = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  next(): Promise<Step> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#bytes -= chunk.length;
      if (this.#paused && this.#bytes < HIGH_WATER_BYTES / 2) {
        this.#paused = false;
        this.#feed.resume();
      }
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#ended) return Promise.resolve(DONE);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#wake = { resolve, reject };
    });
  }

  return(): Promise<Step> {
    this.#chunks = [];
    if (!this.#ended && this.#error === undefined) {
      this.end();
      this.#feed.cancel();
    }
    return Promise.resolve(DONE);
  }
}
