/** How long sessions live, in seconds (STS API Reference, `DurationSeconds` of each action). The model has the outer bounds. Pure. */
import type { RoleRecord } from "#contracts";
import { validationError } from "../errors.ts";

const HOUR = 3600;

/** Of roles without a setting of their own, and of sessions that do not say. */
const ROLE_DEFAULT = HOUR;
const USER_DEFAULT = 12 * HOUR;
/** Longer sessions of the root user are cut to this. */
const ROOT_MAX = HOUR;
const CHAINED_MAX = HOUR;

/** @param chained a role's session assumes the role @throws AwsError ValidationError */
export function roleSessionSeconds(asked: number | undefined, role: RoleRecord, chained: boolean): number {
  const seconds = asked ?? ROLE_DEFAULT;
  if (chained && seconds > CHAINED_MAX) {
    throw validationError(
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
  }
  if (seconds > (role.sections.maxSessionDuration ?? ROLE_DEFAULT)) {
    throw validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  return seconds;
}

/** Of GetSessionToken and GetFederationToken. */
export function userSessionSeconds(asked: number | undefined, caller: "root" | "user"): number {
  const seconds = asked ?? USER_DEFAULT;
  return caller === "root" ? Math.min(seconds, ROOT_MAX) : seconds;
}
