/**
 * How long things take in a simulation. Pure.
 */

import type { Random } from "../ports/random.ts";
import { chance, exponential } from "./seeded-random.ts";

/** A distribution of delays: a floor, an exponential part above it, and now and then a much longer one. */
export interface Latency {
  readonly minMs: number;
  /** The mean of what comes on top of the floor. */
  readonly meanExtraMs: number;
  /** The probability of a slow one (0 … 1). */
  readonly tailProbability: number;
  /** The mean of what a slow one takes on top of the rest. */
  readonly tailMs: number;
}

/** Draws a delay, in microseconds. */
export function drawLatencyUs(latency: Latency, random: Random): number {
  let ms = latency.minMs;
  if (latency.meanExtraMs > 0) ms += exponential(random, latency.meanExtraMs);
  if (chance(random, latency.tailProbability)) ms += exponential(random, latency.tailMs);
  return ms * 1000;
}
