/** Making an org: an account, and in the same decision its first owner. */
import type { CommandHandlers, NewEvent } from "#control-plane/events";
import type { PlatformDependencies } from "./dependencies.ts";
import { noSuchPerson, orgsOf, tooManyOrgs } from "./find.ts";

export function createAccountHandler({
  createAccount,
  now,
  limits,
}: PlatformDependencies): CommandHandlers<"account.create"> {
  return {
    "account.create"(command, views) {
      const personId = command.ownerPersonId;
      if (personId === undefined) return createAccount(command, views);
      if (views.record("person", personId) === undefined) return noSuchPerson();
      if (orgsOf(views, personId) >= limits.orgsPerPerson) return tooManyOrgs(limits.orgsPerPerson);
      const decision = createAccount(command, views);
      if (!decision.ok) return decision;
      const { accountId } = decision.result;
      const owned: NewEvent = {
        type: "member.created",
        aggregateId: `${accountId}/${personId}`,
        org: accountId,
        payload: { accountId, personId, role: "owner", sessionsValidFrom: now() },
      };
      return { ...decision, events: [...decision.events, owned] };
    },
  };
}
