/** New sessions: a key, a secret, and a token that says everything else. Nothing is kept of them. */
import type { SessionClaims, SessionPrincipal } from "#contracts";
import type { STS } from "#foundation/aws";
import { newAccessKeyId, newSecretAccessKey, type AccountId as PlainAccountId } from "#foundation/ids";
import { packedPolicyTooLarge } from "../errors.ts";
import type { SessionPolicies } from "../rules/session-policies.ts";
import type { StsEnvironment } from "./environment.ts";

/** Tokens are not longer than AWS's (STS API Reference, AssumeRole, `MinimumSessionTokenSize`: 4,096 characters at most). */
export const TOKEN_CHARACTERS_MAX = 4096;

/** What a session shall be. */
export interface SessionOrder extends SessionPolicies {
  readonly principal: SessionPrincipal;
  readonly durationSeconds: number;
  /** Shorter tokens are filled up to this many characters. */
  readonly tokenCharactersMin?: number;
}

/** The parts of an answer that every operation that makes sessions has. */
export interface IssuedSession {
  readonly Credentials: STS.Credentials;
  /** Percent of the longest token. */
  readonly SessionTokenUtilization: number;
  readonly SessionTokenSize: number;
}

/** @throws AwsError PackedPolicyTooLarge; ControlPlaneUnavailable while the sealing key is not here */
export function issueSession(
  { catalog, random }: Pick<StsEnvironment, "catalog" | "random">,
  { principal, durationSeconds, policies, policyArns, tokenCharactersMin = 0 }: SessionOrder,
  now: number,
): IssuedSession {
  const accessKeyId = newAccessKeyId("ASIA", principal.accountId as string as PlainAccountId, random);
  const secretAccessKey = newSecretAccessKey(random);
  // Answers tell whole seconds.
  const expiresAt = (Math.floor(now / 1000) + durationSeconds) * 1000;
  const claims: SessionClaims = {
    accessKeyId,
    secretAccessKey,
    principal,
    issuedAt: now,
    expiresAt,
    policies,
    policyArns,
  };
  let token = seal(catalog, claims);
  for (let filler = fillerFor(tokenCharactersMin - token.length); token.length < tokenCharactersMin; filler += "x") {
    token = seal(catalog, { ...claims, filler });
  }
  return {
    Credentials: {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: token,
      Expiration: new Date(expiresAt),
    },
    SessionTokenUtilization: percentOf(token.length),
    SessionTokenSize: token.length,
  };
}

function seal(catalog: StsEnvironment["catalog"], claims: SessionClaims): string {
  let token: string;
  try {
    token = catalog.sealSession(claims);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // A thousand bytes of claims are a third of a token.
    throw packedPolicyTooLarge(percentOf((JSON.stringify(claims).length * 4) / 3));
  }
  if (token.length > TOKEN_CHARACTERS_MAX) throw packedPolicyTooLarge(percentOf(token.length));
  return token;
}

const percentOf = (characters: number): number => Math.ceil((characters * 100) / TOKEN_CHARACTERS_MAX);

/** A little less than what lacks: four characters of a token are three of its claims, of which naming the filler takes twelve. */
function fillerFor(lacking: number): string {
  return "x".repeat(Math.max(0, Math.floor((lacking * 3) / 4) - 14));
}
