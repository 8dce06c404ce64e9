/**
 * A bounded number of buffers for all bodies on their way in.
 *
 * Who wants one when there is none waits, and the buffer that has been out longest is asked back: a client that sends slowly or not at all cannot keep memory from
 * the others, and ten thousand of them hold no more than the pool has.
 */

/** A buffer on loan. */
export interface Loan<Buffer> {
  readonly buffer: Buffer;
  /** Gives it back; the buffer must not be touched afterwards. Once. */
  release(): void;
}

/** Whoever has a buffer on loan. */
export interface Borrower {
  /**
   * Others wait: empty the buffer and give it back soon. Called at most once for each loan, never from within a call of the pool; it may come before the borrower
   * has learned of its loan. To be ignored when the buffer is on its way back anyway.
   */
  recall(): void;
}

export interface BufferPool<Buffer> {
  /** A buffer, at once when there is one, else when one comes back; first come, first served. */
  borrow(borrower: Borrower): Loan<Buffer> | Promise<Loan<Buffer>>;
  /** Buffers on loan now. */
  readonly lent: number;
}

export interface BufferPoolOptions<Buffer> {
  readonly create: () => Buffer;
  /** Buffers that exist at the same time, at most. */
  readonly max: number;
  /** Buffers kept for the next borrower: a new one costs the clearing of its memory. */
  readonly kept: number;
}

/**
 * Nothing is created before it is borrowed.
 * @example
 * const pool = createBufferPool({ create: () => new Uint8Array(65_536), max: 64, kept: 8 });
 * const loan = await pool.borrow({ recall: () => flushSoon() });
 */
export function createBufferPool<Buffer>(options: BufferPoolOptions<Buffer>): BufferPool<Buffer> {
  const { create, max, kept } = options;
  const idle: Buffer[] = [];
  /** Loans that can be recalled, the oldest first. */
  const recallable = new Map<object, Borrower>();
  /** Loans that were recalled and have not come back. */
  let recalled = 0;
  /** In the order of their coming; a Set, so that the first of thousands leaves at no cost. */
  const waiting = new Set<{ readonly borrower: Borrower; readonly resolve: (loan: Loan<Buffer>) => void }>();
  let lent = 0;

  const lend = (buffer: Buffer, borrower: Borrower): Loan<Buffer> => {
    const loan = {
      buffer,
      release() {
        if (!recallable.delete(loan)) recalled -= 1;
        for (const next of waiting) {
          waiting.delete(next);
          next.resolve(lend(buffer, next.borrower));
          recallSoon();
          return;
        }
        lent -= 1;
        if (idle.length < kept) idle.push(buffer);
      },
    };
    recallable.set(loan, borrower);
    return loan;
  };
  /** As many as wait, whoever they were that wait now: a loan that went on to one of them is soon wanted by the next. */
  const recallOldest = (): void => {
    for (const [loan, borrower] of recallable) {
      if (recalled >= waiting.size) return;
      recallable.delete(loan);
      recalled += 1;
      borrower.recall();
    }
  };
  // Not from within a call: the borrower may be the one that is asked.
  const recallSoon = (): void => {
    if (waiting.size > 0) queueMicrotask(recallOldest);
  };

  return {
    borrow(borrower) {
      if (lent < max) {
        lent += 1;
        return lend(idle.pop() ?? create(), borrower);
      }
      const loan = new Promise<Loan<Buffer>>((resolve) => {
        waiting.add({ borrower, resolve });
      });
      recallSoon();
      return loan;
    },
    get lent() {
      return lent;
    },
  };
}
