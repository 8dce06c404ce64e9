/**
 * Derived signing keys and the bounded cache of them.
 *
 * AWS General Reference, "Signing AWS API requests", step 4: HMAC over date, region, service and `aws4_request`, starting from the secret. Four
 * HMACs cost about 2 µs; a client uses the same key all day, so a verifier keeps them.
 */

import { hmacSha256 } from "./hmac.ts";
import type { CredentialScope } from "./types.ts";

/** The key of one credential for one day, region and service. Opaque: it signs and does not show itself. */
export class SigningKey {
  readonly #keyed: Bun.CryptoHasher;
  /** `<date>/<region>/<service>/aws4_request`, the second part of every text to sign. */
  readonly scopeText: string;

  constructor(secretAccessKey: string, scope: CredentialScope) {
    const dateKey = hmacSha256(`AWS4${secretAccessKey}`, scope.date);
    const regionKey = hmacSha256(dateKey, scope.region);
    const serviceKey = hmacSha256(regionKey, scope.service);
    this.#keyed = new Bun.CryptoHasher("sha256", hmacSha256(serviceKey, "aws4_request"));
    this.scopeText = `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  }

  /** Lower-case hex HMAC-SHA256 of `stringToSign`. */
  sign(stringToSign: string): string {
    return this.#keyed.copy().update(stringToSign).digest("hex");
  }
}

interface CachedKey {
  readonly secretAccessKey: string;
  readonly key: SigningKey;
}

/** One entry holds a keyed hasher and three short strings, below 1 KiB: 4,096 entries stay below 4 MiB. */
const cacheEntriesMax = 4096;

const cache = new Map<string, CachedKey>();

/**
 * The key for a credential, from the cache when it was kept there with the same secret.
 *
 * @param credential `<access key>/<date>/<region>/<service>/aws4_request`
 */
export function signingKeyFor(credential: string, secretAccessKey: string, scope: CredentialScope): SigningKey {
  const cached = cache.get(credential);
  if (cached !== undefined && cached.secretAccessKey === secretAccessKey) return cached.key;
  return new SigningKey(secretAccessKey, scope);
}

/**
 * Keeps a key for the next request. Call it only after a signature matched: a caller without the secret must not be able to push out the keys of
 * those who have one. The oldest entry leaves when the cache is full.
 */
export function rememberSigningKey(credential: string, secretAccessKey: string, key: SigningKey): void {
  const cached = cache.get(credential);
  if (cached !== undefined && cached.key === key) return;
  if (cache.size >= cacheEntriesMax && cached === undefined) {
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  }
  cache.set(credential, { secretAccessKey, key });
}

/** Number of cached keys; for tests and metrics. */
export function signingKeyCacheSize(): number {
  return cache.size;
}
