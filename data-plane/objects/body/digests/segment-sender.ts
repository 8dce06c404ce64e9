/** One body's bytes on their way to a digest thread, in segments of memory that all bodies share. */
import type { Borrower, BufferPool, Loan } from "../../memory/buffer-pool.ts";
import { SEGMENTS } from "./protocol.ts";

/** A segment's memory. */
export type Segment = Uint8Array<SharedArrayBuffer>;

/** The way to the thread. */
export interface SegmentPost {
  /** Hands over the first `length` bytes of a segment. */
  segment(segment: Loan<Segment>, length: number): void;
  /** What was handed over is to be hashed soon. */
  hurry(): void;
}

export class SegmentSender implements Borrower {
  readonly #pool: BufferPool<Segment>;
  readonly #post: SegmentPost;
  /** Segments that the thread has not taken yet, the oldest first. */
  readonly #posted: Loan<Segment>[] = [];
  #filling: Loan<Segment> | undefined;
  #filled = 0;
  /** A segment that was asked for and has not come yet. */
  #awaited: Promise<Loan<Segment>> | undefined;
  /** The segment that was asked for is wanted back already. */
  #recalled = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(pool: BufferPool<Segment>, post: SegmentPost) {
    this.#pool = pool;
    this.#post = post;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Takes a copy of the bytes. A promise asks to wait, and to leave the piece as it is until then; it never rejects.
   * @throws the failure
   */
  send(piece: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const taken = this.#fill(piece);
    if (taken < piece.length) return this.#sendLater(piece.subarray(taken));
    return this.#hasRoom ? undefined : this.#untilRoom();
  }

  /** Posts what has been gathered. */
  flush(): void {
    const segment = this.#filling;
    if (segment === undefined) return;
    this.#filling = undefined;
    this.#posted.push(segment);
    this.#post.segment(segment, this.#filled);
    this.#filled = 0;
  }

  /** The thread has taken the oldest segment. */
  taken(): void {
    this.#posted.shift()?.release();
    this.#wakeUp();
  }

  /** Nothing more is sent. All memory goes back, also what the thread may still read: nobody wants its result. */
  fail(failure: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#filling?.release();
    this.#filling = undefined;
    for (const segment of this.#posted.splice(0)) segment.release();
    this.#wakeUp();
  }

  recall(): void {
    this.#giveBack();
    // It may have been about the segment that is on its way.
    this.#recalled = this.#awaited !== undefined;
  }

  get #hasRoom(): boolean {
    return this.#posted.length < SEGMENTS || this.#failure !== undefined;
  }

  /** As much as fits without waiting; returns how much that was. */
  #fill(piece: Uint8Array): number {
    let taken = 0;
    while (taken < piece.length && this.#hasRoom && this.#failure === undefined) {
      if (this.#filling === undefined) {
        const borrowed = this.#pool.borrow(this);
        if (borrowed instanceof Promise) {
          this.#awaited = borrowed;
          return taken;
        }
        this.#filling = borrowed;
      }
      const { buffer } = this.#filling;
      const part = piece.subarray(taken, taken + buffer.length - this.#filled);
      buffer.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === buffer.length) this.flush();
    }
    return taken;
  }

  async #sendLater(bytes: Uint8Array): Promise<void> {
    let left = bytes;
    while (left.length > 0 && this.#failure === undefined) {
      if (this.#awaited !== undefined) await this.#receive(this.#awaited);
      await this.#untilRoom();
      left = left.subarray(this.#fill(left));
      if (this.#recalled) this.#giveBack();
    }
    if (this.#awaited !== undefined) await this.#receive(this.#awaited);
    if (this.#recalled) this.#giveBack();
  }

  #giveBack(): void {
    this.#recalled = false;
    this.flush();
    if (this.#posted.length > 0) this.#post.hurry();
  }

  async #receive(awaited: Promise<Loan<Segment>>): Promise<void> {
    const segment = await awaited;
    this.#awaited = undefined;
    if (this.#failure === undefined) this.#filling = segment;
    else segment.release();
  }

  async #untilRoom(): Promise<void> {
    while (!this.#hasRoom) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
