/** Identity tokens of OpenID Connect providers: signed JSON in three parts (RFC 7519, RFC 7515 §7.1; OpenID Connect Core 1.0 §2). Pure. */
import { invalidIdentityToken } from "../errors.ts";

/** How a token says that it is signed (RFC 7518 §3.1). Shared secrets and no signature at all are not among them. */
export type SigningAlgorithm = "RS256" | "RS384" | "RS512" | "ES256" | "ES384" | "ES512";

const ALGORITHMS: ReadonlySet<string> = new Set<SigningAlgorithm>([
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
]);

/** A token that was taken apart. Nothing of it is proven. */
export interface IdentityToken {
  readonly algorithm: SigningAlgorithm;
  /** `kid`. */
  readonly keyId: string | undefined;
  /** What is signed: the first two parts as they came. */
  readonly signed: string;
  readonly signature: Uint8Array;
  readonly claims: Readonly<Record<string, unknown>>;
  /** `iss`. */
  readonly issuer: string;
}

const notAToken = (cause?: unknown) =>
  invalidIdentityToken(
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    cause,
  );

/** @throws AwsError InvalidIdentityToken */
export function readIdentityToken(text: string): IdentityToken {
  const parts = text.split(".");
  const [header = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3) throw notAToken();
  const { alg, kid, crit } = jsonOf(header);
  const claims = jsonOf(payload);
  // RFC 7515 §4.1.11: who does not know what is critical must refuse the token.
  if (crit !== undefined || typeof alg !== "string" || !ALGORITHMS.has(alg)) {
    throw invalidIdentityToken(`The algorithm of the token must be one of ${[...ALGORITHMS].join(", ")}.`);
  }
  if (kid !== undefined && typeof kid !== "string") throw notAToken();
  const { iss: issuer } = claims;
  if (typeof issuer !== "string" || issuer === "") throw invalidIdentityToken("Missing a required claim: iss");
  return {
    algorithm: alg as SigningAlgorithm,
    keyId: kid,
    signed: `${header}.${payload}`,
    signature: bytesOf(signature),
    claims,
    issuer,
  };
}

function jsonOf(part: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(part)));
  } catch (error) {
    throw notAToken(error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw notAToken();
  return value as Readonly<Record<string, unknown>>;
}

/** Of base64url without padding, in its one spelling: unused bits of the last character must be zero (RFC 4648 §3.5). */
function bytesOf(part: string): Uint8Array {
  const bytes = Buffer.from(part, "base64url");
  if (part === "" || bytes.toString("base64url") !== part) throw notAToken();
  return bytes;
}
