/**
 * Links by which somebody sets a new password without the old one. They are recorded nowhere: sealed claims that name the password they replace, so that the first use, and every other change of the
 * password, makes them void.
 */
import type { PersonRecord } from "#contracts";
import { secretHash } from "#control-plane/platform-identity";
import { deriveSealingKey, equalInConstantTime, open, type SealingKey, seal } from "#foundation/crypto";
import type { Clock, Random } from "#foundation/runtime";

const PREFIX = "bpw_";
const KEY_PURPOSE = "password-link";
/** What is sealed is such a link and nothing else. */
const ADDITIONAL_DATA = "password-link";
const LENGTH_MAX = 1_024;

/** Whoever asks for a link waits for it. */
export const PASSWORD_LINK_MS = 60 * 60_000;

interface Claims {
  readonly personId: string;
  /** SHA-256 of the hash of the password that is replaced. */
  readonly replaces: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface PasswordLinks {
  issue(person: PersonRecord): { readonly token: string; readonly expiresAt: number };
  /** The person whose link this is; undefined when it is none, or not good any more. */
  personOf(token: string, find: (personId: string) => PersonRecord | undefined): PersonRecord | undefined;
}

export function createPasswordLinks(platformKey: SealingKey, clock: Clock, random: Random): PasswordLinks {
  const key = deriveSealingKey(platformKey, KEY_PURPOSE);
  return {
    issue({ personId, passwordHash }) {
      const expiresAt = clock.now() + PASSWORD_LINK_MS;
      const claims: Claims = { personId, replaces: secretHash(passwordHash), expiresAt };
      return { token: PREFIX + seal(key, JSON.stringify(claims), ADDITIONAL_DATA, random), expiresAt };
    },
    personOf(token, find) {
      if (!token.startsWith(PREFIX) || token.length > LENGTH_MAX) return undefined;
      let claims: Claims;
      try {
        // Sealed by `issue`, or it does not open.
        claims = JSON.parse(open(key, token.slice(PREFIX.length), ADDITIONAL_DATA)) as Claims;
      } catch {
        return undefined;
      }
      const person = claims.expiresAt > clock.now() ? find(claims.personId) : undefined;
      const stands = person !== undefined && equalInConstantTime(claims.replaces, secretHash(person.passwordHash));
      return stands ? person : undefined;
    },
  };
}
