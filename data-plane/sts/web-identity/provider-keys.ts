/**
 * The keys of identity providers, fetched when they are needed and kept for a while (OpenID Connect Discovery 1.0 §4; OpenID Connect Core 1.0 §10.1.1).
 *
 * Anybody can send tokens whose signature no known key made. The provider is asked again for such a one, for it may have new keys, but not more often than every half
 * minute; one that could not be reached is given five seconds.
 */
import { KeySet } from "#foundation/jwt";
import type { Clock } from "#foundation/runtime";
import { invalidIdentityToken, noVerificationKey } from "../errors.ts";
import { type FetchDocument, mayFetch } from "./fetch-document.ts";
import type { IdentityToken } from "./identity-token.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Providers replace keys after days and publish new ones before they use them. */
const FRESH_MS = 60 * MINUTE;
/** While a provider cannot be reached, what it said within a day still counts. */
const USABLE_MS = 24 * 60 * MINUTE;
const ASK_AGAIN_MS = 30 * SECOND;
const ASK_AGAIN_AFTER_FAILURE_MS = 5 * SECOND;
/** A set of ten keys takes some 20 KB. */
const PROVIDERS_MAX = 256;

interface Known {
  keys: KeySet | undefined;
  /** Epoch milliseconds. */
  fetchedAt: number;
  /** The last time that it was asked in vain. */
  failure: { readonly at: number; readonly error: unknown } | undefined;
  asking: Promise<KeySet> | undefined;
}

export class ProviderKeys {
  readonly #fetch: FetchDocument;
  readonly #clock: Clock;
  /** By issuer, the one that was asked for longest ago first. */
  readonly #known = new Map<string, Known>();

  constructor(fetch: FetchDocument, clock: Clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /**
   * Proves that a provider signed a token.
   *
   * @param issuer of a provider that is registered
   * @throws AwsError IDPCommunicationError, InvalidIdentityToken
   */
  async verify(issuer: string, token: IdentityToken): Promise<void> {
    const known = this.#entry(issuer);
    const age = this.#clock.now() - known.fetchedAt;
    if (age < FRESH_MS && known.keys?.verifies(token) === true) return;
    let keys = known.keys;
    if (keys === undefined || age >= ASK_AGAIN_MS || known.asking !== undefined) {
      try {
        keys = await this.#ask(issuer, known);
      } catch (error) {
        if (keys === undefined || age >= USABLE_MS) throw error;
      }
    }
    if (keys.verifies(token)) return;
    throw keys.hasFor(token)
      ? invalidIdentityToken("The signature of the ID Token is not valid.")
      : noVerificationKey();
  }

  /** Whoever comes while a provider is being asked waits for the same answer. */
  #ask(issuer: string, known: Known): Promise<KeySet> {
    if (known.asking !== undefined) return known.asking;
    const { failure } = known;
    if (failure !== undefined && this.#clock.now() - failure.at < ASK_AGAIN_AFTER_FAILURE_MS) {
      return Promise.reject(failure.error);
    }
    known.asking = this.#fetchKeys(issuer)
      .then(
        (keys) => {
          known.keys = keys;
          known.fetchedAt = this.#clock.now();
          known.failure = undefined;
          return keys;
        },
        (error: unknown) => {
          known.failure = { at: this.#clock.now(), error };
          throw error;
        },
      )
      .finally(() => {
        known.asking = undefined;
      });
    return known.asking;
  }

  async #fetchKeys(issuer: string): Promise<KeySet> {
    const discovery = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    if (!mayFetch(discovery, issuer)) throw noVerificationKey(new Error(`${discovery} may not be asked`));
    const configuration = await this.#fetch(discovery);
    const { issuer: named, jwks_uri: address } = Object(configuration) as Readonly<Record<string, unknown>>;
    // OpenID Connect Discovery 1.0 §4.3: otherwise one provider could speak for another.
    if (named !== issuer) throw noVerificationKey(new Error(`${discovery} is about ${String(named)}`));
    if (typeof address !== "string" || !mayFetch(address, issuer)) {
      throw noVerificationKey(new Error(`the keys of ${issuer} are at ${String(address)}, which may not be asked`));
    }
    const document = await this.#fetch(address);
    try {
      return KeySet.read(document);
    } catch (error) {
      throw noVerificationKey(error);
    }
  }

  #entry(issuer: string): Known {
    const known = this.#known.get(issuer) ?? {
      keys: undefined,
      fetchedAt: Number.NEGATIVE_INFINITY,
      failure: undefined,
      asking: undefined,
    };
    this.#known.delete(issuer);
    this.#known.set(issuer, known);
    if (this.#known.size > PROVIDERS_MAX) {
      const oldest = this.#known.keys().next();
      if (!oldest.done) this.#known.delete(oldest.value);
    }
    return known;
  }
}
