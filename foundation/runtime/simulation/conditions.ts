/**
 * What the simulated world is like: the knobs of disks, links and clocks, with the values of a calm day.
 */

import type { Latency } from "./latency.ts";

/** How a disk behaves. Probabilities are per operation, 0 … 1. */
export interface DiskConditions {
  /** Of reads, writes and name operations. */
  readonly latency: Latency;
  /** Of syncs. */
  readonly syncLatency: Latency;
  readonly readErrorProbability: number;
  readonly writeErrorProbability: number;
  /** A failed sync leaves the contents unknown, as on Linux. */
  readonly syncErrorProbability: number;
  /** Flips one bit of the file before a read. */
  readonly bitRotProbability: number;
}

/** How one direction between two machines behaves. Probabilities are per message (0 … 1); streams turn a loss into a retransmission. */
export interface LinkConditions {
  readonly latency: Latency;
  readonly dropProbability: number;
  readonly duplicateProbability: number;
  /** A reordered message may overtake and be overtaken; the others keep their order. */
  readonly reorderProbability: number;
}

/** An SSD in good health. */
export const CALM_DISK: DiskConditions = Object.freeze({
  latency: { minMs: 0.02, meanExtraMs: 0.05, tailProbability: 0.01, tailMs: 1 },
  syncLatency: { minMs: 0.3, meanExtraMs: 0.5, tailProbability: 0.01, tailMs: 10 },
  readErrorProbability: 0,
  writeErrorProbability: 0,
  syncErrorProbability: 0,
  bitRotProbability: 0,
});

/** A switched local network. */
export const CALM_LINK: LinkConditions = Object.freeze({
  latency: { minMs: 0.1, meanExtraMs: 0.2, tailProbability: 0.01, tailMs: 2 },
  dropProbability: 0,
  duplicateProbability: 0,
  reorderProbability: 0,
});

/** A machine talking to itself; never faulty. */
export const LOOPBACK_LINK: LinkConditions = Object.freeze({
  latency: { minMs: 0.005, meanExtraMs: 0.005, tailProbability: 0, tailMs: 0 },
  dropProbability: 0,
  duplicateProbability: 0,
  reorderProbability: 0,
});
