/** Signed JSON in three parts: JSON Web Tokens (RFC 7519) in the compact form of RFC 7515 §7.1. Pure. */

/** How a token says that it is signed (RFC 7518 §3.1, RFC 8037 §3.1). Shared secrets and no signature at all are not among them. */
export type SigningAlgorithm =
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA";

export const SIGNING_ALGORITHMS: readonly SigningAlgorithm[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
] as SigningAlgorithm[];

/** A token that was taken apart. Nothing of it is proven. */
export interface SignedToken {
  readonly algorithm: SigningAlgorithm;
  /** `kid`. */
  readonly keyId: string | undefined;
  /** What is signed: the first two parts as they came. */
  readonly signed: string;
  readonly signature: Uint8Array;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A text that is no token, or one whose signature nobody here could check. */
export class UnreadableToken extends Error {
  override readonly name = "UnreadableToken";

  constructor(
    readonly reason: "malformed" | "algorithm",
    options?: ErrorOptions,
  ) {
    super(
      reason === "algorithm" ? "The algorithm of the token is not one that is taken." : "The token is no signed JWT.",
      options,
    );
  }
}

/**
 * @param algorithms that are taken
 * @throws UnreadableToken
 */
export function readSignedToken(
  text: string,
  algorithms: readonly SigningAlgorithm[] = SIGNING_ALGORITHMS,
): SignedToken {
  const parts = text.split(".");
  const [header = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3) throw new UnreadableToken("malformed");
  const { alg, kid, crit } = jsonOf(header);
  const claims = jsonOf(payload);
  // RFC 7515 §4.1.11: who does not know what is critical must refuse the token.
  const algorithm = algorithms.find((one) => one === alg);
  if (crit !== undefined || algorithm === undefined) throw new UnreadableToken("algorithm");
  if (kid !== undefined && typeof kid !== "string") throw new UnreadableToken("malformed");
  return { algorithm, keyId: kid, signed: `${header}.${payload}`, signature: bytesOf(signature), claims };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function jsonOf(part: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(bytesOf(part)));
  } catch (error) {
    throw new UnreadableToken("malformed", { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new UnreadableToken("malformed");
  return value as Readonly<Record<string, unknown>>;
}

/** Of base64url without padding, in its one spelling: unused bits of the last character must be zero (RFC 4648 §3.5). */
function bytesOf(part: string): Uint8Array {
  const bytes = Buffer.from(part, "base64url");
  if (part === "" || bytes.toString("base64url") !== part) throw new UnreadableToken("malformed");
  return bytes;
}
