/**
 * Platform identity: orgs' members and programs, their tokens and sessions. What a command about them decides; pure but for the randomness of new secrets and the time.
 */
import type { PlatformCommand } from "#contracts";
import type { CommandHandlers } from "#control-plane/events";
import { createAccountHandler } from "./account-handler.ts";
import type { PlatformDependencies } from "./dependencies.ts";
import { createInvitationHandlers } from "./invitation-handlers.ts";
import { createMemberHandlers } from "./member-handlers.ts";
import { createServicePrincipalHandlers } from "./service-principal-handlers.ts";
import { createSessionHandlers } from "./session-handlers.ts";
import { createTokenHandlers } from "./token-handlers.ts";

/** The handlers of all commands about platform identity, and of making an org. */
export function createPlatformHandlers(
  dependencies: PlatformDependencies,
): CommandHandlers<PlatformCommand["type"] | "account.create"> {
  return {
    ...createAccountHandler(dependencies),
    ...createInvitationHandlers(dependencies),
    ...createMemberHandlers(dependencies),
    ...createServicePrincipalHandlers(dependencies),
    ...createTokenHandlers(dependencies),
    ...createSessionHandlers(dependencies),
  };
}

export type { PlatformDependencies } from "./dependencies.ts";
export { personByEmail, sameEmail, servicePrincipalOf } from "./find.ts";
export {
  ACCESS_TOKEN_MS,
  BROWSER_SESSION_MS,
  PLATFORM_LIMITS,
  type PlatformLimits,
} from "./limits.ts";
export { clientNameProblem, emailProblem, personNameProblem } from "./names.ts";
export {
  CLOUD_SCOPES,
  type CloudScope,
  grantedScopes,
  isOrgScope,
  mayGrantRole,
  ORG_SCOPES,
  type OrgScope,
  ROLE_SCOPES,
  scopesProblem,
} from "./scopes.ts";
export { createPlatformSecrets, createRefreshTokenReader, type PlatformSecrets, secretHash } from "./secrets.ts";
