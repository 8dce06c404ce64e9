/**
 * How often somebody may do something: token buckets and windows for those who are known, lock-out for those who guess.
 *
 * | need | take |
 * |---|---|
 * | at most so many requests of a principal | `createTokenBuckets`, keyed after authentication |
 * | at most so many in any minute, hour … (what is promised to clients) | `createSlidingWindows` |
 * | slow down guessing of passwords, tokens, codes and keys | `createLockOut`, before the comparison |
 * | what counts as one place on the network | `sourceOf` |
 */
export {
  type Attempt,
  createLockOut,
  FREE_FAILURES,
  type LockOut,
  type LockOutDecision,
  type LockOutLimit,
  type LockOutOptions,
} from "./lock-out.ts";
export {
  createSlidingWindows,
  RUNS_PER_WINDOW,
  type SlidingWindowOptions,
  type SlidingWindows,
  type WindowDecision,
} from "./sliding-windows.ts";
export { sourceOf } from "./source-of.ts";
export { createTokenBuckets, type RateDecision, type TokenBucketOptions, type TokenBuckets } from "./token-buckets.ts";
