/** Accounts, IAM entities (users, groups, roles, policies, instance profiles, OpenID Connect providers), access keys: what a command about them decides. Pure but for the randomness of new names. */
import type { CommandHandlers } from "#control-plane/events";
import { createAccessKeyHandlers } from "./access-key-handlers.ts";
import { createAccountHandlers } from "./account-handlers.ts";
import type { IdentityDependencies } from "./dependencies.ts";
import { createEntityHandlers, type EntityCommands } from "./entity-handlers.ts";

export type IdentityCommands =
  | "account.create"
  | "account.configure"
  | "accessKey.create"
  | "accessKey.update"
  | "accessKey.delete"
  | EntityCommands;

/** The handlers of all commands about identity. */
export function createIdentityHandlers(dependencies: IdentityDependencies): CommandHandlers<IdentityCommands> {
  return {
    ...createAccountHandlers(dependencies),
    ...createEntityHandlers(dependencies),
    ...createAccessKeyHandlers(dependencies),
  };
}

export type {
  CheckPolicy,
  IdentityDependencies,
  IdentityNames,
  ManagedPolicyLookup,
  PolicyKnowledge,
  PolicyPlace,
} from "./dependencies.ts";
export { IDENTITY_LIMITS, type IdentityLimits } from "./limits.ts";
export { type NamedPrincipals, principalsNamedIn } from "./named-principals.ts";
export { accountIdProblem, accountNameProblem } from "./names.ts";
export { decideRoot, type RootDecision, rootKeyOf } from "./root.ts";
