/**
 * How one of several is chosen. Each strategy is a step: it is told who there is, with the weights of now, and keeps what it must remember. Pure: time is in the
 * weights, chance comes in.
 */

import type { Random } from "#foundation/runtime";
import { keyedPoint } from "./keyed-point.ts";

/** Somebody who can be chosen. */
export interface Candidate {
  readonly id: string;
  /** Greater than 0. */
  readonly weight: number;
  readonly outstanding: number;
}

export interface Choice {
  readonly random: Pick<Random, "float">;
  /** For strategies by key: the same key, the same candidate. */
  readonly key: string | undefined;
}

/** Chooses among at least one candidate. @returns its place in the list */
export type Strategy = (candidates: readonly Candidate[], choice: Choice) => number;

/**
 * In turns, by weight, and evenly spread: with weights 3 and 1 the order is a a b a.
 *
 * Each round everybody gains its weight, and who has most is chosen and pays the sum of all. Credits of those who are not there are forgotten.
 */
export function weightedRoundRobin(): Strategy {
  const credits = new Map<string, number>();
  return (candidates) => {
    let total = 0;
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    candidates.forEach(({ id, weight }, index) => {
      const credit = (credits.get(id) ?? 0) + weight;
      credits.set(id, credit);
      total += weight;
      if (credit <= most) return;
      most = credit;
      best = index;
    });
    credits.set(candidates[best]!.id, most - total);
    if (credits.size > candidates.length) forget(credits, candidates);
    return best;
  };
}

function forget(credits: Map<string, number>, candidates: readonly Candidate[]): void {
  const present = new Set(candidates.map(({ id }) => id));
  for (const id of credits.keys()) if (!present.has(id)) credits.delete(id);
}

/** Whoever has least to do for its weight; among equals, by chance and weight. */
export function leastOutstanding(): Strategy {
  return (candidates, { random }) => {
    let least = Number.POSITIVE_INFINITY;
    let equals: number[] = [];
    candidates.forEach((candidate, index) => {
      // With the load to come: of two idle ones the heavier counts as less busy.
      const load = loadOf(candidate);
      if (load > least) return;
      if (load < least) equals = [];
      least = load;
      equals.push(index);
    });
    return equals.length === 1 ? equals[0]! : equals[Math.floor(random.float() * equals.length)]!;
  };
}

/** By chance and weight. */
export function weightedRandom(): Strategy {
  return (candidates, { random }) => drawByWeight(candidates, random);
}

/**
 * Two by chance and weight, of whom the one with less to do: nearly as even as to look at all of them, without that everybody who knows the same runs to the
 * same (M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001).
 */
export function randomTwoChoices(): Strategy {
  return (candidates, { random }) => {
    const first = drawByWeight(candidates, random);
    const second = drawByWeight(candidates, random);
    return loadOf(candidates[second]!) < loadOf(candidates[first]!) ? second : first;
  };
}

/**
 * By key, so that a key stays with its candidate while that is there, and others' coming and going moves only what it must (D. Thaler, C. Ravishankar, "Using
 * Name-Based Mappings to Increase Hit Rates", IEEE/ACM TON 6(1), 1998; weighted by the logarithm method). Without a key: by chance.
 */
export function consistentHash(): Strategy {
  return (candidates, { random, key }) => {
    if (key === undefined) return drawByWeight(candidates, random);
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    candidates.forEach(({ id, weight }, index) => {
      const score = -weight / Math.log(keyedPoint(key, id));
      if (score <= most) return;
      most = score;
      best = index;
    });
    return best;
  };
}

function loadOf({ outstanding, weight }: Candidate): number {
  return (outstanding + 1) / weight;
}

function drawByWeight(candidates: readonly Candidate[], random: Pick<Random, "float">): number {
  if (candidates.length === 1) return 0;
  let total = 0;
  for (const { weight } of candidates) total += weight;
  let left = random.float() * total;
  for (let index = 0; index < candidates.length - 1; index++) {
    left -= candidates[index]!.weight;
    if (left < 0) return index;
  }
  return candidates.length - 1;
}
