/** Events as earlier versions of this program wrote them, brought into today's form. Pure. */
import type { AccountId, EventEnvelope, EventPayloads } from "#contracts";

/** What users' events said in version 1, before users became IAM entities with an id of their own. */
interface FirstUserPayloads {
  readonly "user.created": {
    readonly accountId: AccountId;
    readonly userName: string;
    readonly userId: string;
    readonly path: string;
  };
  readonly "user.deleted": { readonly accountId: AccountId; readonly userName: string };
  readonly "userPolicy.put": {
    readonly accountId: AccountId;
    readonly policyName: string;
    readonly document: string;
  };
  readonly "userPolicy.deleted": { readonly accountId: AccountId; readonly policyName: string };
}

/** The event in today's form; the same one when it has it already. */
export function inTodaysForm(event: EventEnvelope): EventEnvelope {
  if (event.version !== 1) return event;
  // The aggregate of all of them was the user's id.
  const entityId = event.aggregateId;
  switch (event.type as string) {
    case "user.created": {
      const { accountId, userName, path } = payloadOf(event, "user.created");
      return as(event, "user.created", { entityId, accountId, name: userName, path, sections: {} });
    }
    case "user.deleted": {
      const { accountId, userName } = payloadOf(event, "user.deleted");
      return as(event, "user.deleted", { entityId, accountId, name: userName });
    }
    case "userPolicy.put": {
      const { accountId, policyName, document } = payloadOf(event, "userPolicy.put");
      const inlinePolicies = Object.fromEntries([[policyName, document]]);
      return as(event, "user.configured", { entityId, accountId, sections: { inlinePolicies } });
    }
    case "userPolicy.deleted": {
      const { accountId, policyName } = payloadOf(event, "userPolicy.deleted");
      const inlinePolicies = Object.fromEntries([[policyName, null]]);
      return as(event, "user.configured", { entityId, accountId, sections: { inlinePolicies } });
    }
    default:
      return event;
  }
}

function payloadOf<Type extends keyof FirstUserPayloads>(event: EventEnvelope, _type: Type): FirstUserPayloads[Type] {
  return event.payload as unknown as FirstUserPayloads[Type];
}

function as<Type extends "user.created" | "user.configured" | "user.deleted">(
  event: EventEnvelope,
  type: Type,
  payload: EventPayloads[Type],
): EventEnvelope {
  return { ...event, type, version: 2, payload };
}
