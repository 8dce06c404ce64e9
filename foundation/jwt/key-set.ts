/** Public keys (RFC 7517), and signatures by them (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1). */
import { constants, createPublicKey, type JsonWebKeyInput, type KeyObject, verify } from "node:crypto";
import type { SignedToken, SigningAlgorithm } from "./signed-token.ts";

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

const RSA_ALGORITHMS: readonly SigningAlgorithm[] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const CURVE_ALGORITHMS: Readonly<Record<string, SigningAlgorithm>> = {
  "P-256": "ES256",
  "P-384": "ES384",
  "P-521": "ES512",
};
const DIGESTS: Readonly<Record<SigningAlgorithm, string | undefined>> = {
  RS256: "sha256",
  RS384: "sha384",
  RS512: "sha512",
  PS256: "sha256",
  PS384: "sha384",
  PS512: "sha512",
  ES256: "sha256",
  ES384: "sha384",
  ES512: "sha512",
  // It has its own.
  EdDSA: undefined,
};

export class KeySet {
  readonly #keys: readonly ProviderKey[];

  private constructor(keys: readonly ProviderKey[]) {
    this.#keys = keys;
  }

  /**
   * Reads a JSON Web Key Set; keys of kinds that are not known are passed over (RFC 7517 §5).
   * @throws Error for what is no key set
   */
  static read(document: unknown): KeySet {
    const keys = typeof document === "object" && document !== null && "keys" in document ? document.keys : undefined;
    if (!Array.isArray(keys)) throw new Error("the document has no list of keys");
    return new KeySet(keys.slice(0, KEYS_MAX).flatMap((key: unknown) => keyOf(key) ?? []));
  }

  /** One key by itself. @param pem SubjectPublicKeyInfo or a certificate @throws Error when it is none that can be used */
  static ofPem(pem: string): KeySet {
    const jwk = createPublicKey(pem).export({ format: "jwk" });
    const key = keyOf(jwk);
    if (key === undefined) throw new Error("the key is of a kind, or a size, that is not taken");
    return new KeySet([key]);
  }

  get size(): number {
    return this.#keys.length;
  }

  /** Whether there is a key that may have signed the token. */
  hasFor(token: SignedToken): boolean {
    return this.#candidates(token).length > 0;
  }

  /** Whether one of the keys signed the token. */
  verifies(token: SignedToken): boolean {
    const { algorithm } = token;
    const signed = Buffer.from(token.signed, "latin1");
    const padding = algorithm.startsWith("PS")
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {};
    return this.#candidates(token).some(({ key }) =>
      verify(DIGESTS[algorithm], signed, { key, dsaEncoding: "ieee-p1363", ...padding }, token.signature),
    );
  }

  #candidates({ algorithm, keyId }: SignedToken): readonly ProviderKey[] {
    return this.#keys.filter((key) => key.algorithms.has(algorithm) && (keyId === undefined || key.keyId === keyId));
  }
}

function keyOf(value: unknown): ProviderKey | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kty, crv, kid, use, alg, ...rest } = value as Readonly<Record<string, unknown>>;
  if (use !== undefined && use !== "sig") return undefined;
  const possible = possibleAlgorithms(kty, crv);
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

function possibleAlgorithms(kty: unknown, crv: unknown): readonly (SigningAlgorithm | undefined)[] {
  if (kty === "RSA") return RSA_ALGORITHMS;
  if (kty === "EC") return [CURVE_ALGORITHMS[String(crv)]];
  return kty === "OKP" && crv === "Ed25519" ? ["EdDSA"] : [];
}
