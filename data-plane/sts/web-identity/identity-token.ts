/** Identity tokens of OpenID Connect providers (OpenID Connect Core 1.0 §2). Pure. */
import { readSignedToken, type SignedToken, type SigningAlgorithm, UnreadableToken } from "#foundation/jwt";
import { invalidIdentityToken } from "../errors.ts";

/** Those that the service takes (STS API Reference, AssumeRoleWithWebIdentity). */
const ALGORITHMS: readonly SigningAlgorithm[] = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/** A token that was taken apart. Nothing of it is proven. */
export interface IdentityToken extends SignedToken {
  /** `iss`. */
  readonly issuer: string;
}

/** @throws AwsError InvalidIdentityToken */
export function readIdentityToken(text: string): IdentityToken {
  const token = signedToken(text);
  const { iss: issuer } = token.claims;
  if (typeof issuer !== "string" || issuer === "") throw invalidIdentityToken("Missing a required claim: iss");
  return { ...token, issuer };
}

function signedToken(text: string): SignedToken {
  try {
    return readSignedToken(text, ALGORITHMS);
  } catch (error) {
    if (!(error instanceof UnreadableToken)) throw error;
    throw error.reason === "algorithm"
      ? invalidIdentityToken(`The algorithm of the token must be one of ${ALGORITHMS.join(", ")}.`)
      : invalidIdentityToken(
          "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
          error,
        );
  }
}
