/** Accounts, IAM users with inline policies, access keys: what a command about them decides. Pure but for the randomness of new names. */
import type { CommandHandlers } from "#control-plane/events";
import { createAccessKeyHandlers } from "./access-key-handlers.ts";
import { createAccountHandlers } from "./account-handlers.ts";
import type { IdentityDependencies } from "./dependencies.ts";
import { createUserHandlers } from "./user-handlers.ts";

export type IdentityCommands =
  | "account.create"
  | "user.create"
  | "user.delete"
  | "userPolicy.put"
  | "userPolicy.delete"
  | "accessKey.create"
  | "accessKey.update"
  | "accessKey.delete";

/** The handlers of all commands about identity. */
export function createIdentityHandlers(dependencies: IdentityDependencies): CommandHandlers<IdentityCommands> {
  return {
    ...createAccountHandlers(dependencies),
    ...createUserHandlers(dependencies),
    ...createAccessKeyHandlers(dependencies),
  };
}

export type { IdentityDependencies, IdentityNames } from "./dependencies.ts";
export { IDENTITY_LIMITS, type IdentityLimits } from "./limits.ts";
export { accountIdProblem, accountNameProblem } from "./names.ts";
export { decideRoot, type RootDecision, rootKeyOf } from "./root.ts";
