/** What the claims of a token, or of an answer about one, say of somebody. Pure. */
import type { Identity } from "../../message/gateway-exchange.ts";

export type Claims = Readonly<Record<string, unknown>>;

/** What they are held against. */
export interface ClaimRules {
  /** The middleware. */
  readonly by: string;
  /** Claims that may name the consumer; the first that is there does. */
  readonly consumerClaims: readonly string[];
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  readonly clockSkewSeconds: number;
  readonly groupsClaim?: string | undefined;
  /** Between groups in one text. Default: blanks and commas. */
  readonly groupsSeparator?: string | undefined;
}

/** Somebody who was proven, for a time. */
export interface Proven {
  readonly identity: Identity;
  /** Epoch milliseconds. */
  readonly notBefore: number;
  readonly expiresAt: number;
}

/** Whom claims are about; undefined when they are not for here, or name nobody. Claims without `exp` have no end. */
export function provenBy(claims: Claims, rules: ClaimRules): Proven | undefined {
  const { by, consumerClaims, issuer, audience, clockSkewSeconds: skew } = rules;
  const { iss, aud, exp, nbf } = claims;
  if (issuer !== undefined && iss !== issuer) return undefined;
  if (audience !== undefined && !(Array.isArray(aud) ? aud : [aud]).includes(audience)) return undefined;
  if (!isTime(exp) || !isTime(nbf)) return undefined;
  const consumer = consumerClaims.map((name) => claims[name]).find((one) => typeof one === "string" && one !== "");
  if (typeof consumer !== "string") return undefined;
  return {
    identity: { consumer, by, groups: groupsIn(claims, rules), scopes: scopesIn(claims), claims },
    notBefore: nbf === undefined ? Number.NEGATIVE_INFINITY : (nbf - skew) * 1000,
    expiresAt: exp === undefined ? Number.POSITIVE_INFINITY : (exp + skew) * 1000,
  };
}

const isTime = (value: unknown): value is number | undefined => value === undefined || typeof value === "number";

function groupsIn(claims: Claims, { groupsClaim: name, groupsSeparator }: ClaimRules): readonly string[] {
  if (name === undefined) return [];
  // Dots lead into objects, unless the whole name is there: `realm_access.roles`, `https://example.com/groups`.
  let value: unknown = claims[name];
  if (value === undefined) {
    value = name.split(".").reduce<unknown>((found, step) => (found as Claims | null | undefined)?.[step], claims);
  }
  const list = typeof value === "string" ? value.split(groupsSeparator ?? /[\s,]+/) : value;
  return Array.isArray(list) ? list.filter((one) => typeof one === "string" && one !== "") : [];
}

/** RFC 8693 §4.2, and `scp` as others write it. */
function scopesIn({ scope, scp }: Claims): readonly string[] {
  const given = scope ?? scp;
  if (typeof given === "string") return scopeList(given);
  return Array.isArray(given) ? given.filter((one) => typeof one === "string") : [];
}

/** Scopes as a configuration has them: a list, or one text with blanks between (RFC 6749 §3.3). */
export function scopeList(scopes: string | readonly string[]): readonly string[] {
  return typeof scopes === "string" ? scopes.split(" ").filter((one) => one !== "") : scopes;
}
