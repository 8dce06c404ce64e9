/** Keeps peers from making us work for nothing: frames that cost them little and us much. Pure. */
import { CODE, ConnectionFault } from "../frames/frames.ts";

/** What a peer may spend at once, and how much it gets back. */
export interface CalmBudget {
  readonly savedMax: number;
  readonly perSecond: number;
}

export const OF_CLIENTS: CalmBudget = { savedMax: 2_000, perSecond: 200 };
/** Servers ask for the time that octets take (PING) as often as they get a piece of a body. */
export const OF_SERVERS: CalmBudget = { savedMax: 10_000, perSecond: 2_000 };

export class Calm {
  /** What a request costs that is taken back, or that was none. */
  static readonly RESET = 10;
  #saved: number;
  #atMs: number;
  readonly #budget: CalmBudget;

  constructor(nowMs: number, budget: CalmBudget) {
    this.#atMs = nowMs;
    this.#budget = budget;
    this.#saved = budget.savedMax;
  }

  /** @throws ConnectionFault */
  spend(cost: number, nowMs: number): void {
    const { savedMax, perSecond } = this.#budget;
    this.#saved = Math.min(savedMax, this.#saved + ((nowMs - this.#atMs) / 1000) * perSecond) - cost;
    this.#atMs = nowMs;
    if (this.#saved < 0) throw new ConnectionFault(CODE.ENHANCE_YOUR_CALM, "Too many frames that lead to nothing.");
  }
}
