/** Keys of an issuer, fetched before they are needed and again from time to time. */
import type { KeySet, SignedToken } from "#foundation/jwt";
import type { PluginHost } from "../plugin.ts";

const SECOND = 1000;
/** Issuers publish new keys before they use them. */
export const REFRESH_MS = 300 * SECOND;
/** Anybody can send tokens that name a key nobody knows. */
const ASK_AGAIN_MS = 30 * SECOND;

/** One for each issuer, whoever uses it; its requests are never waited for by two. */
export class FetchedKeys {
  readonly #fetchKeys: () => Promise<KeySet>;
  readonly #host: Pick<PluginHost, "clock" | "log">;
  readonly #refreshMs: number;
  #keys: KeySet | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(
    fetchKeys: () => Promise<KeySet>,
    host: Pick<PluginHost, "clock" | "log">,
    refreshMs: number = REFRESH_MS,
  ) {
    this.#fetchKeys = fetchKeys;
    this.#host = host;
    this.#refreshMs = refreshMs;
  }

  /** The keys that are known; asks for new ones in the background when these are old. */
  current(): KeySet | undefined {
    if (this.#host.clock.monotonicMs() - this.#askedAt >= this.#refreshMs) void this.ask();
    return this.#keys;
  }

  /** Keys that may have signed the token: those that are known, or new ones when there is none for it. */
  async for(token: SignedToken): Promise<KeySet | undefined> {
    if (this.#keys?.hasFor(token) !== true && this.#host.clock.monotonicMs() - this.#askedAt >= ASK_AGAIN_MS)
      await this.ask();
    else await this.#asking;
    return this.#keys;
  }

  /** Never rejects: what was known stays. */
  ask(): Promise<void> {
    this.#asking ??= this.#fetch()
      .catch((error: unknown) => this.#host.log.warn("the keys of an issuer cannot be fetched", { error }))
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  async #fetch(): Promise<void> {
    this.#askedAt = this.#host.clock.monotonicMs();
    this.#keys = await this.#fetchKeys();
  }
}
