/** Keys of an issuer, fetched before they are needed and again from time to time. */
import { type Origin, send } from "#foundation/http1";
import { KeySet, type SignedToken } from "#foundation/jwt";
import type { PluginHost } from "../plugin.ts";
import { upstreamOf } from "../upstream-address.ts";

const SECOND = 1000;
/** Issuers publish new keys before they use them. */
const REFRESH_MS = 300 * SECOND;
/** Anybody can send tokens that name a key nobody knows. */
const ASK_AGAIN_MS = 30 * SECOND;
const DOCUMENT_BYTES_MAX = 256 * 1024;
const TIMEOUT_MS = 5 * SECOND;

/** One for each address, whoever uses it; its requests are never waited for by two. */
export class FetchedKeys {
  readonly #host: Pick<PluginHost, "clock" | "pool" | "log">;
  readonly #origin: Origin;
  readonly #target: string;
  readonly #authority: string;
  #keys: KeySet | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  /** @throws TypeError when it is no address */
  constructor(url: string, host: Pick<PluginHost, "clock" | "pool" | "log">) {
    const { origin, host: authority } = upstreamOf(url);
    const { pathname, search } = new URL(url);
    this.#host = host;
    this.#origin = origin;
    this.#authority = authority;
    this.#target = pathname + search;
  }

  /** The keys that are known; asks for new ones in the background when these are old. */
  current(): KeySet | undefined {
    if (this.#host.clock.now() - this.#askedAt >= REFRESH_MS) void this.ask();
    return this.#keys;
  }

  /** Keys that may have signed the token: those that are known, or new ones when there is none for it. */
  async for(token: SignedToken): Promise<KeySet | undefined> {
    if (this.#keys?.hasFor(token) !== true && this.#host.clock.now() - this.#askedAt >= ASK_AGAIN_MS) await this.ask();
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
    this.#askedAt = this.#host.clock.now();
    const { status, body } = await send(this.#host.pool, this.#origin, {
      method: "GET",
      target: this.#target,
      host: this.#authority,
      fields: ["Accept", "application/json"],
      totalTimeoutMs: TIMEOUT_MS,
    });
    const bytes = await body.bytes(DOCUMENT_BYTES_MAX);
    if (status !== 200) throw new Error(`the answer has the status ${status}`);
    this.#keys = KeySet.read(JSON.parse(bytes.toString("utf8")));
  }
}
