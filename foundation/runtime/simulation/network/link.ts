/**
 * One direction between two simulated machines.
 */

import type { LinkConditions } from "../conditions.ts";
import { mix32 } from "../hashing.ts";
import { drawLatencyUs } from "../latency.ts";
import { chance, type SeededRandom } from "../seeded-random.ts";

/** A link. It delays; it may be blocked (nothing passes) or clogged (nothing passes until a moment, then everything). */
export class Link {
  conditions: LinkConditions;
  blocked = false;
  readonly random: SeededRandom;
  private readonly tieSalt: number;
  private cloggedUntilUs = 0;
  /** When the last message that kept its place arrives. */
  private lastDueUs = 0;

  constructor(conditions: LinkConditions, random: SeededRandom) {
    this.conditions = conditions;
    this.random = random;
    this.tieSalt = random.uint32();
  }

  /** Nothing arrives before `untilUs`; what was sent meanwhile arrives then. */
  clog(untilUs: number): void {
    this.cloggedUntilUs = Math.max(this.cloggedUntilUs, untilUs);
  }

  /** Ends a clog for what is sent from now on. */
  unclog(): void {
    this.cloggedUntilUs = 0;
  }

  /** When something sent now arrives, ignoring order. */
  arrivalUs(nowUs: number): number {
    return Math.max(nowUs, this.cloggedUntilUs) + drawLatencyUs(this.conditions.latency, this.random);
  }

  /** When a message sent now arrives, given that it is (true) or is not in order with the others. */
  messageArrivalUs(nowUs: number, ordered: boolean): number {
    const dueUs = Math.ceil(this.arrivalUs(nowUs));
    // Out of order: late by up to four times its own delay, and nobody waits for it.
    if (!ordered) return dueUs + (dueUs - nowUs) * 4 * (this.random.uint32() / 0x1_0000_0000);
    this.lastDueUs = Math.max(this.lastDueUs, dueUs);
    return this.lastDueUs;
  }

  /** Messages in order that arrive at the same microsecond share this tie, so that they stay in order. */
  messageTie(dueUs: number, ordered: boolean): number {
    return ordered ? mix32(dueUs ^ this.tieSalt) : this.random.uint32();
  }

  drops(): boolean {
    return chance(this.random, this.conditions.dropProbability);
  }

  duplicates(): boolean {
    return chance(this.random, this.conditions.duplicateProbability);
  }

  reorders(): boolean {
    return chance(this.random, this.conditions.reorderProbability);
  }
}
