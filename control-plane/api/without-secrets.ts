/** Texts without the secrets that somebody has put where they do not belong. Pure. */

/** Tokens, client secrets and invitations begin with what they are; see `platform-identity/secrets.ts`, `tokens.ts` and `sign-in/device-grants.ts`. */
const SECRET = /\b(bp[a-z]_|bbk_)[A-Za-z0-9_.~-]{8,}/g;

/**
 * A path as it may be written down and shown: whoever asks for `/v1/tokens/bpt_…` instead of the token's id has not meant to publish the token.
 * @example
 * withoutSecrets("/v1/tokens/bpt_3kTYdNmE…"); // "/v1/tokens/bpt_…"
 */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, "$1…");
}
