/**
 * Access tokens: `bps_` and sealed claims. They are not recorded anywhere, and live for minutes; that the session behind them still stands is looked up at each request, so ending a session ends
 * its access tokens at once.
 */
import { deriveSealingKey, open, type SealingKey, seal } from "#foundation/crypto";
import type { Random } from "#foundation/runtime";

const PREFIX = "bps_";
const KEY_PURPOSE = "api-access";
/** What is sealed is an access token and nothing else. */
const ADDITIONAL_DATA = "access-token";
/** About twice of what one is long. */
const LENGTH_MAX = 512;

export interface AccessClaims {
  readonly sessionId: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface AccessTokens {
  issue(claims: AccessClaims): string;
  /** The claims of a token that this cloud has issued, expired or not; undefined for anything else. */
  read(token: string): AccessClaims | undefined;
}

export function createAccessTokens(platformKey: SealingKey, random: Random): AccessTokens {
  const key = deriveSealingKey(platformKey, KEY_PURPOSE);
  return {
    issue: ({ sessionId, expiresAt }) =>
      PREFIX + seal(key, JSON.stringify({ sessionId, expiresAt }), ADDITIONAL_DATA, random),
    read(token) {
      if (!token.startsWith(PREFIX) || token.length > LENGTH_MAX) return undefined;
      try {
        // Sealed by `issue`, or it does not open.
        return JSON.parse(open(key, token.slice(PREFIX.length), ADDITIONAL_DATA)) as AccessClaims;
      } catch {
        return undefined;
      }
    },
  };
}
