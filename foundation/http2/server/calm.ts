/** Keeps clients from making us work for nothing: frames that cost them little and us much. Pure. */
import { CODE, ConnectionFault } from "../frames/frames.ts";

/** What a client may spend at once, and how much it gets back. */
const SAVED_MAX = 2_000;
const PER_SECOND = 200;

export class Calm {
  /** What a request costs that is taken back, or that was none. */
  static readonly RESET = 10;
  #saved = SAVED_MAX;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** @throws ConnectionFault */
  spend(cost: number, nowMs: number): void {
    this.#saved = Math.min(SAVED_MAX, this.#saved + ((nowMs - this.#atMs) / 1000) * PER_SECOND) - cost;
    this.#atMs = nowMs;
    if (this.#saved < 0) throw new ConnectionFault(CODE.ENHANCE_YOUR_CALM, "Too many frames that lead to nothing.");
  }
}
