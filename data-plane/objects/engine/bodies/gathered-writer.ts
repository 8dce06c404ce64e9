/** Gathers what comes in pieces of any size and writes it in large ones, with memory that is shared with all other writers. */

import { type Borrower, type BufferPool, createBufferPool, type Loan } from "../../memory/buffer-pool.ts";
import type { StagedFile } from "./file-operations.ts";

/** Bytes gathered before a write: large enough that a system call per write is nothing. */
const WRITE_BYTES = 512 * 1024;

/** Buffers of all writers together: 128 × 512 KiB = 64 MiB. */
const BUFFERS_MAX = 128;

/** 16 × 512 KiB = 8 MiB. */
const BUFFERS_KEPT = 16;

/** What a writer keeps by itself, so that slow clients take no buffer for each of their small pieces: twelve thousand writers hold 96 MiB. */
const OWN_BYTES = 8 * 1024;

/** Writes end at multiples of this as long as they can, for direct writes. */
const BLOCK_BYTES = 4096;

/** Memory for the writers of one engine. */
export function createWriteBuffers(): BufferPool<Uint8Array> {
  return createBufferPool({ create: () => new Uint8Array(WRITE_BYTES), max: BUFFERS_MAX, kept: BUFFERS_KEPT });
}

/** One file being written. Calls follow each other: await each before the next. */
export class GatheredWriter implements Borrower {
  readonly #file: StagedFile;
  readonly #pool: BufferPool<Uint8Array>;
  readonly #announce: (bytes: number) => Promise<void> | undefined;
  #own: Uint8Array | undefined;
  #ownFilled = 0;
  #loan: Loan<Uint8Array> | undefined;
  #filled = 0;
  /** A call is under way: it gives back what was recalled meanwhile when it ends. */
  #busy = false;
  #recalled = false;
  /** All writes so far, one after the other. */
  #writing: Promise<void> = Promise.resolve();

  /** @param announce told before each write; throws when there is no room on the disk */
  constructor(file: StagedFile, pool: BufferPool<Uint8Array>, announce: (bytes: number) => Promise<void> | undefined) {
    this.#file = file;
    this.#pool = pool;
    this.#announce = announce;
  }

  /** Takes a copy of the bytes. While a buffer is written the next one fills; with two full ones it waits. @throws what failed in a write before */
  async append(bytes: Uint8Array): Promise<void> {
    this.#busy = true;
    try {
      let rest = bytes;
      while (rest.length > 0) {
        if (this.#loan === undefined && this.#ownFilled + rest.length <= OWN_BYTES) {
          this.#own ??= new Uint8Array(OWN_BYTES);
          this.#own.set(rest, this.#ownFilled);
          this.#ownFilled += rest.length;
          return;
        }
        const { buffer } = this.#loan ?? (await this.#borrow());
        const taken = rest.subarray(0, buffer.length - this.#filled);
        buffer.set(taken, this.#filled);
        this.#filled += taken.length;
        rest = rest.subarray(taken.length);
        if (this.#filled === buffer.length) await this.#write(this.#filled);
      }
    } finally {
      this.#busy = false;
      if (this.#recalled) this.#giveBack();
    }
  }

  /** Writes what is left and resolves when all is written. */
  async finish(): Promise<void> {
    this.#busy = true;
    if (this.#loan !== undefined) this.#write(this.#filled).catch(() => undefined);
    else if (this.#ownFilled > 0) {
      const last = this.#own!.subarray(0, this.#ownFilled);
      this.#ownFilled = 0;
      this.#enqueue(last, () => undefined);
    }
    await this.#writing;
  }

  /** Nothing more is written; resolves when a write that still runs has let go of its buffer. Harmless after `finish`. */
  async abandon(): Promise<void> {
    this.#busy = true;
    this.#loan?.release();
    this.#loan = undefined;
    await this.#writing.catch(() => undefined);
  }

  recall(): void {
    this.#recalled = true;
    if (!this.#busy) this.#giveBack();
  }

  async #borrow(): Promise<Loan<Uint8Array>> {
    // From here on a recall is about the loan that will come.
    this.#recalled = false;
    const borrowed = this.#pool.borrow(this);
    const loan = borrowed instanceof Promise ? await borrowed : borrowed;
    this.#loan = loan;
    this.#filled = this.#ownFilled;
    if (this.#ownFilled > 0) loan.buffer.set(this.#own!.subarray(0, this.#ownFilled));
    this.#ownFilled = 0;
    return loan;
  }

  /** Writes whole blocks; what remains fits the writer's own memory. */
  #giveBack(): void {
    const loan = this.#loan;
    this.#recalled = false;
    if (loan === undefined) return;
    const whole = this.#filled - (this.#filled % BLOCK_BYTES);
    const remains = loan.buffer.subarray(whole, this.#filled);
    this.#own ??= new Uint8Array(OWN_BYTES);
    this.#own.set(remains);
    this.#ownFilled = remains.length;
    // A failure shows at the next call.
    this.#write(whole).catch(() => undefined);
  }

  /** Hands the buffer to the writes; resolves when those before it are done. */
  #write(length: number): Promise<void> {
    const loan = this.#loan!;
    this.#loan = undefined;
    this.#filled = 0;
    const before = this.#writing;
    this.#enqueue(loan.buffer.subarray(0, length), () => loan.release());
    return before;
  }

  #enqueue(bytes: Uint8Array, release: () => void): void {
    this.#writing = this.#writing
      .then(async () => {
        if (bytes.length === 0) return;
        await this.#announce(bytes.length);
        await this.#file.write(bytes);
      })
      .finally(release);
    // Whoever calls next is told; until then a failure must not count as unhandled.
    this.#writing.catch(() => undefined);
  }
}
