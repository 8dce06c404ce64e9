/** Accounts: an org seen as an AWS account. */
import { type CommandHandlers, type Decision, type NewEvent, refuse } from "#control-plane/events";
import type { IdentityDependencies } from "./dependencies.ts";
import { accountAliasProblem, accountIdProblem, accountNameProblem } from "./names.ts";
import { invalid, noSuchAccount } from "./refusals.ts";

/** Draws of an account id before giving up: with a million accounts one draw in 10^6 is taken, so four in a row never are. */
const ACCOUNT_ID_DRAWS_MAX = 4;

type AccountCommands = "account.create" | "account.configure";

export function createAccountHandlers({
  names,
}: Pick<IdentityDependencies, "names">): CommandHandlers<AccountCommands> {
  return {
    "account.create"(command, views): Decision<"account.create"> {
      const problem =
        accountNameProblem(command.name) ??
        (command.accountId === undefined ? undefined : accountIdProblem(command.accountId));
      if (problem !== undefined) return invalid(problem);
      if (views.accountByName(command.name) !== undefined) return nameTaken(command.name);
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

    "account.configure"({ accountId, name, alias }, views) {
      const account = views.account(accountId);
      if (account === undefined) return noSuchAccount(accountId);
      const problem =
        (name === undefined ? undefined : accountNameProblem(name)) ??
        (alias === undefined || alias === null ? undefined : accountAliasProblem(alias));
      if (problem !== undefined) return invalid(problem);
      const namesake = name === undefined ? undefined : views.accountByName(name);
      if (name !== undefined && namesake !== undefined && namesake.accountId !== accountId) return nameTaken(name);
      const bearer = typeof alias === "string" ? views.accountByAlias(alias) : undefined;
      if (bearer !== undefined && bearer.accountId !== accountId) {
        return refuse("AccountAliasTaken", `The account alias ${alias} already exists.`);
      }
      const changes = {
        ...(name === undefined || name === account.name ? {} : { name }),
        ...(alias === undefined || alias === (account.alias ?? null) ? {} : { alias }),
      };
      if (Object.keys(changes).length === 0) return { ok: true, events: [], result: {} };
      const payload = { accountId, ...changes };
      const event: NewEvent = { type: "account.configured", aggregateId: accountId, org: accountId, payload };
      return { ok: true, events: [event], result: {} };
    },
  };
}

function nameTaken(name: string) {
  return refuse("AccountAlreadyExists", `There is an account named ${name} already`);
}
