/** Accounts: an org seen as an AWS account. */
import { type CommandHandlers, type Decision, refuse } from "#control-plane/events";
import type { IdentityDependencies } from "./dependencies.ts";
import { accountIdProblem, accountNameProblem } from "./names.ts";

/** Draws of an account id before giving up: with a million accounts one draw in 10^6 is taken, so four in a row never are. */
const ACCOUNT_ID_DRAWS_MAX = 4;

export function createAccountHandlers({ names }: IdentityDependencies): CommandHandlers<"account.create"> {
  return {
    "account.create"(command, views): Decision<"account.create"> {
      const problem =
        accountNameProblem(command.name) ??
        (command.accountId === undefined ? undefined : accountIdProblem(command.accountId));
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (views.accountByName(command.name) !== undefined) {
        return refuse("AccountAlreadyExists", `There is an account named ${command.name} already`);
      }
      let accountId = command.accountId ?? names.accountId();
      if (command.accountId === undefined) {
        for (let draw = 1; views.account(accountId) !== undefined && draw < ACCOUNT_ID_DRAWS_MAX; draw++) {
          accountId = names.accountId();
        }
      }
      if (views.account(accountId) !== undefined) {
        return refuse("AccountAlreadyExists", `There is an account with the id ${accountId} already`);
      }
      const canonicalUserId = names.canonicalUserId();
      const payload = { accountId, name: command.name, canonicalUserId };
      return {
        ok: true,
        events: [{ type: "account.created", aggregateId: accountId, org: accountId, payload }],
        result: { accountId, canonicalUserId },
      };
    },
  };
}
