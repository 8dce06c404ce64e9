/**
 * What a transaction may be told when it is made.
 */
import { StoreError } from "../errors/index.ts";

export interface TransactionOptions {
  /** After how many milliseconds since its creation, retries and all, the transaction fails with transaction_timed_out; never when left out. */
  readonly timeoutMs?: number | undefined;
  /** How often it is tried again after a failure; without end when left out. */
  readonly retryLimit?: number | undefined;
  /** The longest wait before a retry, in milliseconds; 1,000 when left out. */
  readonly maxRetryDelayMs?: number | undefined;
  /**
   * Gives the transaction an id by which the store knows it again: a commit of unknown result is then sent again until its result is known, and takes
   * effect once.
   */
  readonly idempotent?: boolean | undefined;
}

/** @throws StoreError invalid_option_value */
export function checkOptions({ timeoutMs = 0, retryLimit = 0, maxRetryDelayMs = 0 }: TransactionOptions): void {
  if (!isDuration(timeoutMs)) throw invalid("timeoutMs", timeoutMs);
  if (!(retryLimit >= 0)) throw invalid("retryLimit", retryLimit);
  if (!isDuration(maxRetryDelayMs)) throw invalid("maxRetryDelayMs", maxRetryDelayMs);
}

function isDuration(value: number): boolean {
  return value >= 0 && Number.isFinite(value);
}

function invalid(name: string, value: number): StoreError {
  return new StoreError("invalid_option_value", `${name} is a number, 0 or more, not ${value}.`);
}
