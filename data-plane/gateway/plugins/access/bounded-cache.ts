/** What was found out, by the digest of a token, until it ends; never more of it than fits. */
import { hash } from "node:crypto";
import type { Clock } from "#foundation/runtime";

/** Tokens themselves are not kept: a digest proves nothing to anybody. */
export const digestOf = (token: string): string => hash("sha256", token, "base64");

export class BoundedCache<Value extends { readonly expiresAt: number }> {
  readonly #values = new Map<string, Value>();

  constructor(
    private readonly max: number,
    private readonly clock: Pick<Clock, "now">,
  ) {}

  get size(): number {
    return this.#values.size;
  }

  /** @returns undefined also for what has ended */
  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value === undefined || value.expiresAt > this.clock.now()) return value;
    this.#values.delete(key);
    return undefined;
  }

  set(key: string, value: Value): void {
    if (this.#values.size >= this.max) this.#forget();
    this.#values.set(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  /** Those that have ended, and the oldest of the others until half is free: what it costs is spread over as many that come. */
  #forget(): void {
    const now = this.clock.now();
    for (const [key, { expiresAt }] of this.#values) if (expiresAt <= now) this.#values.delete(key);
    let excess = this.#values.size - Math.floor(this.max / 2);
    for (const key of this.#values.keys()) {
      if (excess-- <= 0) break;
      this.#values.delete(key);
    }
  }
}
