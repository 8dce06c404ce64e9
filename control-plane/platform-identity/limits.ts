/** Quotas and lifetimes of platform identity. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** An access token is good this long; what it may do is looked up at each request, so this only bounds how long a copied one is of use. */
export const ACCESS_TOKEN_MS = 15 * MINUTE_MS;

/** A program comes back with its secret when its access token has expired; the session is there to be ended before that. */
export const PROGRAM_SESSION_MS = ACCESS_TOKEN_MS + MINUTE_MS;

/** Somebody who is invited answers within a week, or is invited again. */
export const INVITATION_MS = 7 * DAY_MS;

/** A device that is not used for this long is signed out; each refresh begins the time anew. */
export const DEVICE_SESSION_MS = 30 * DAY_MS;

/** A browser is signed out after a working day: it gets no refresh token. */
export const BROWSER_SESSION_MS = 12 * HOUR_MS;

/** API tokens: a minute at least; ten years at most, which is "for ever" in a form that arithmetic can take. */
export const TOKEN_LIFETIME_MS_MIN = MINUTE_MS;
export const TOKEN_LIFETIME_MS_MAX = 3_650 * DAY_MS;

export interface PlatformLimits {
  /** Members and open invitations together. */
  readonly membersPerOrg: number;
  readonly orgsPerPerson: number;
  readonly servicePrincipalsPerOrg: number;
  readonly apiTokensPerSubject: number;
  /** The oldest session ends when one more is opened: nobody is locked out by devices of the past. */
  readonly sessionsPerSubject: number;
}

export const PLATFORM_LIMITS: PlatformLimits = {
  membersPerOrg: 1_000,
  orgsPerPerson: 100,
  servicePrincipalsPerOrg: 100,
  apiTokensPerSubject: 50,
  sessionsPerSubject: 100,
};
