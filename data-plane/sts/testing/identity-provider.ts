/** An OpenID Connect provider that lives in memory: keys, documents, tokens. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { SigningAlgorithm } from "#foundation/jwt";

interface SigningPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const CURVES = { ES256: "P-256", ES384: "P-384", ES512: "P-521" } as const;

/** RSA keys take long to make: one serves all tests. */
let rsa: SigningPair | undefined;

export function newPair(algorithm: SigningAlgorithm): SigningPair {
  if (algorithm in CURVES) {
    return generateKeyPairSync("ec", { namedCurve: CURVES[algorithm as keyof typeof CURVES] });
  }
  rsa ??= generateKeyPairSync("rsa", { modulusLength: 2048 });
  return rsa;
}

export interface TokenPlan {
  readonly algorithm?: SigningAlgorithm;
  readonly keyId?: string;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs instead of the provider. */
  readonly signedBy?: SigningPair;
}

const partOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

export class TestIdentityProvider {
  readonly issuer: string;
  readonly #pairs = new Map<string, { readonly algorithm: SigningAlgorithm; readonly pair: SigningPair }>();
  /** Addresses that were asked, in order. */
  readonly asked: string[] = [];
  /** What the discovery document says besides. */
  discovery: Readonly<Record<string, unknown>> = {};

  constructor(issuer: string) {
    this.issuer = issuer;
    this.addKey("k1", "RS256");
  }

  addKey(keyId: string, algorithm: SigningAlgorithm): void {
    this.#pairs.set(keyId, { algorithm, pair: newPair(algorithm) });
  }

  removeKey(keyId: string): void {
    this.#pairs.delete(keyId);
  }

  get keySet(): { readonly keys: readonly Readonly<Record<string, unknown>>[] } {
    return {
      keys: [...this.#pairs].map(([kid, { algorithm, pair }]) => ({
        ...pair.publicKey.export({ format: "jwk" }),
        kid,
        use: "sig",
        alg: algorithm,
      })),
    };
  }

  /** The document at an address; undefined when there is none. */
  document(url: string): unknown {
    this.asked.push(url);
    const base = this.issuer.replace(/\/$/, "");
    if (url === `${base}/.well-known/openid-configuration`) {
      return { issuer: this.issuer, jwks_uri: `${base}/keys`, ...this.discovery };
    }
    return url === `${base}/keys` ? this.keySet : undefined;
  }

  /** @param now epoch milliseconds */
  token(now: number, plan: TokenPlan = {}): string {
    const { keyId = "k1" } = plan;
    const known = this.#pairs.get(keyId);
    const algorithm = plan.algorithm ?? known?.algorithm ?? "RS256";
    const pair = plan.signedBy ?? known?.pair;
    if (pair === undefined) throw new Error(`there is no key ${keyId}`);
    const seconds = Math.floor(now / 1000);
    const header = { alg: algorithm, kid: keyId, typ: "JWT", ...plan.header };
    const claims = { iss: this.issuer, sub: "me", aud: "app", iat: seconds, exp: seconds + 600, ...plan.claims };
    const signed = `${partOf(header)}.${partOf(claims)}`;
    const signature = sign(`sha${algorithm.slice(2)}`, Buffer.from(signed), {
      key: pair.privateKey,
      dsaEncoding: "ieee-p1363",
    });
    return `${signed}.${signature.toString("base64url")}`;
  }
}
