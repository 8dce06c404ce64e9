/** The public keys of a provider (RFC 7517), and signatures by them (RFC 7518 §3.3, §3.4). */
import { createPublicKey, type JsonWebKeyInput, type KeyObject, verify } from "node:crypto";
import type { IdentityToken, SigningAlgorithm } from "./identity-token.ts";

interface ProviderKey {
  readonly keyId: string | undefined;
  readonly algorithms: ReadonlySet<SigningAlgorithm>;
  readonly key: KeyObject;
}

/** Most keys that are looked at (STS User Guide, "OIDC providers": AWS takes a hundred of each kind). */
const KEYS_MAX = 200;
/** RFC 7518 §3.3. */
const RSA_BITS_MIN = 2048;
/** A larger one costs milliseconds a signature. */
const RSA_BITS_MAX = 8192;

const RSA_ALGORITHMS: readonly SigningAlgorithm[] = ["RS256", "RS384", "RS512"];
const CURVE_ALGORITHMS: Readonly<Record<string, SigningAlgorithm>> = {
  "P-256": "ES256",
  "P-384": "ES384",
  "P-521": "ES512",
};
const DIGESTS: Readonly<Record<SigningAlgorithm, string>> = {
  RS256: "sha256",
  RS384: "sha384",
  RS512: "sha512",
  ES256: "sha256",
  ES384: "sha384",
  ES512: "sha512",
};

export class KeySet {
  readonly #keys: readonly ProviderKey[];

  /**
   * Reads a JSON Web Key Set; keys of kinds that are not known are passed over (RFC 7517 §5).
   * @throws Error for what is no key set
   */
  constructor(document: unknown) {
    const keys = typeof document === "object" && document !== null && "keys" in document ? document.keys : undefined;
    if (!Array.isArray(keys)) throw new Error("the document has no list of keys");
    this.#keys = keys.slice(0, KEYS_MAX).flatMap((key: unknown) => keyOf(key) ?? []);
  }

  get size(): number {
    return this.#keys.length;
  }

  /** Whether there is a key that may have signed the token. */
  hasFor(token: IdentityToken): boolean {
    return this.#candidates(token).length > 0;
  }

  /** Whether one of the keys signed the token. */
  verifies(token: IdentityToken): boolean {
    const digest = DIGESTS[token.algorithm];
    return this.#candidates(token).some(({ key }) =>
      verify(digest, Buffer.from(token.signed, "latin1"), { key, dsaEncoding: "ieee-p1363" }, token.signature),
    );
  }

  #candidates({ algorithm, keyId }: IdentityToken): readonly ProviderKey[] {
    return this.#keys.filter((key) => key.algorithms.has(algorithm) && (keyId === undefined || key.keyId === keyId));
  }
}

function keyOf(value: unknown): ProviderKey | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kty, crv, kid, use, alg, ...rest } = value as Readonly<Record<string, unknown>>;
  if (use !== undefined && use !== "sig") return undefined;
  const possible = kty === "RSA" ? RSA_ALGORITHMS : kty === "EC" ? [CURVE_ALGORITHMS[String(crv)]] : [];
  const algorithms = possible.filter((one) => one !== undefined && (alg === undefined || alg === one));
  if (algorithms.length === 0) return undefined;
  let key: KeyObject;
  try {
    const { n, e, x, y } = rest;
    // Only what makes a public key: a provider that publishes its private ones is not helped by keeping them.
    key = createPublicKey({ key: { kty, crv, n, e, x, y } as JsonWebKeyInput["key"], format: "jwk" });
  } catch {
    return undefined;
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (kty === "RSA" && (bits === undefined || bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) return undefined;
  return {
    keyId: typeof kid === "string" ? kid : undefined,
    algorithms: new Set(algorithms as SigningAlgorithm[]),
    key,
  };
}
