/**
 * How long to wait before a transaction is tried again (FoundationDB's numbers).
 */
import type { Random } from "#foundation/runtime";
import type { StoreError } from "../errors/index.ts";

const FIRST_MS = 10;
const GROWTH = 2;
export const RETRY_DELAY_MAX_MS = 1_000;

export class Backoff {
  private nextMs = FIRST_MS;

  constructor(
    private readonly random: Random,
    private readonly maxMs: number,
  ) {}

  /** How long to wait after this failure, in milliseconds. */
  after(error: StoreError): number {
    // A version out of the window says nothing about load: a new version will do, soon.
    if (error.code === "transaction_too_old" || error.code === "future_version") return Math.min(FIRST_MS, this.maxMs);
    const delayMs = Math.min(this.nextMs, this.maxMs) * this.random.float();
    this.nextMs = Math.min(this.nextMs * GROWTH, this.maxMs);
    return delayMs;
  }
}
