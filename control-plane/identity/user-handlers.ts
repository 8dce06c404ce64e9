/** IAM users and their inline policies (IAM API Reference: CreateUser, DeleteUser, PutUserPolicy, DeleteUserPolicy). */
import type { AccountId, UserRecord } from "#contracts";
import { type CatalogReader, type CommandHandlers, type NewEvent, type Refusal, refuse } from "#control-plane/events";
import type { IdentityDependencies } from "./dependencies.ts";
import { pathProblem, policyNameProblem, policyTextProblem, userNameProblem } from "./names.ts";

type UserCommands = "user.create" | "user.delete" | "userPolicy.put" | "userPolicy.delete";

export function createUserHandlers(dependencies: IdentityDependencies): CommandHandlers<UserCommands> {
  const { names, limits, parseIdentityPolicy } = dependencies;
  return {
    "user.create"({ accountId, userName, path = "/" }, views) {
      const problem = userNameProblem(userName) ?? pathProblem(path);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (views.account(accountId) === undefined) return noSuchAccount(accountId);
      // Names differ in more than case (IAM User Guide, "IAM identifiers").
      if (views.userByAnyCase(accountId, userName) !== undefined) {
        return refuse("UserAlreadyExists", `User with name ${userName} already exists.`);
      }
      if (views.userCount(accountId) >= limits.usersPerAccount) {
        return refuse("LimitExceeded", `Cannot exceed quota for UsersPerAccount: ${limits.usersPerAccount}`);
      }
      const userId = names.userId(accountId);
      const arn = `arn:aws:iam::${accountId}:user${path}${userName}`;
      const payload = { accountId, userName, userId, path };
      const event: NewEvent = { type: "user.created", aggregateId: userId, org: accountId, payload };
      return { ok: true, events: [event], result: { userId, arn } };
    },

    "user.delete"({ accountId, userName }, views) {
      const user = findUser(views, accountId, userName);
      if ("ok" in user) return user;
      if (Object.keys(user.inlinePolicies).length > 0) {
        return refuse("DeleteConflict", "Cannot delete entity, must delete policies first.");
      }
      if (views.accessKeysOf(accountId, { type: "user", userName }).length > 0) {
        return refuse("DeleteConflict", "Cannot delete entity, must delete access keys first.");
      }
      const payload = { accountId, userName };
      const event: NewEvent = { type: "user.deleted", aggregateId: user.userId, org: accountId, payload };
      return { ok: true, events: [event], result: {} };
    },

    "userPolicy.put"({ accountId, userName, policyName, document }, views) {
      const problem = policyNameProblem(policyName) ?? policyTextProblem(document);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const user = findUser(views, accountId, userName);
      if ("ok" in user) return user;
      try {
        parseIdentityPolicy(document);
      } catch (error) {
        return refuse("MalformedPolicyDocument", error instanceof Error ? error.message : String(error));
      }
      const characters = policyCharacters({ ...user.inlinePolicies, [policyName]: document });
      if (characters > limits.userPolicyCharacters) {
        const max = limits.userPolicyCharacters;
        return refuse("LimitExceeded", `Maximum policy size of ${max} bytes exceeded for user ${userName}`);
      }
      if (policyOf(user, policyName) === document) return { ok: true, events: [], result: {} };
      const payload = { accountId, userName, policyName, document };
      const event: NewEvent = { type: "userPolicy.put", aggregateId: user.userId, org: accountId, payload };
      return { ok: true, events: [event], result: {} };
    },

    "userPolicy.delete"({ accountId, userName, policyName }, views) {
      const problem = policyNameProblem(policyName);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const user = findUser(views, accountId, userName);
      if ("ok" in user) return user;
      if (policyOf(user, policyName) === undefined) {
        return refuse("NoSuchPolicy", `The user policy with name ${policyName} cannot be found.`);
      }
      const payload = { accountId, userName, policyName };
      const event: NewEvent = { type: "userPolicy.deleted", aggregateId: user.userId, org: accountId, payload };
      return { ok: true, events: [event], result: {} };
    },
  };
}

export function noSuchAccount(accountId: AccountId): Refusal {
  return refuse("NoSuchAccount", `There is no account ${/^\d{12}$/.test(accountId) ? accountId : "of that id"}`);
}

/** The user, or why not. */
export function findUser(views: CatalogReader, accountId: AccountId, userName: string): UserRecord | Refusal {
  const problem = userNameProblem(userName);
  if (problem !== undefined) return refuse("ValidationFailed", problem);
  const user = views.user(accountId, userName);
  return user ?? refuse("NoSuchUser", `The user with name ${userName} cannot be found.`);
}

/** Own members only: a policy may be called `constructor`. */
function policyOf(user: UserRecord, policyName: string): string | undefined {
  return Object.hasOwn(user.inlinePolicies, policyName) ? user.inlinePolicies[policyName] : undefined;
}

/** White space is free (IAM User Guide, "IAM and AWS STS quotas"). */
function policyCharacters(policies: Readonly<Record<string, string>>): number {
  let characters = 0;
  for (const document of Object.values(policies)) characters += document.replace(/\s+/g, "").length;
  return characters;
}
