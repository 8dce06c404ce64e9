import { ofAccount, ofOwner } from "../catalog-groups.ts";
import type { KindDefinition } from "../kind-definition.ts";

export const accessKeyKind: KindDefinition<"accessKey"> = {
  kind: "accessKey",
  label: "access key",
  view: "accessKeys",
  viewVersion: 1,
  keyOf: (record) => record.accessKeyId,
  groupsOf: ({ accountId, owner }) => [ofAccount(accountId), ofOwner(accountId, owner)],
  events: {
    "accessKey.created": {
      version: 1,
      key: (payload) => payload.accessKeyId,
      makes: (event) => ({ kind: "accessKey", ...event.payload, status: "Active", createdAt: event.occurredAt }),
    },
    "accessKey.updated": {
      version: 1,
      key: (payload) => payload.accessKeyId,
      changes: ({ payload }, key) => ({
        ...key,
        status: payload.status ?? key.status,
        owner: payload.owner ?? key.owner,
      }),
    },
    "accessKey.deleted": { version: 1, key: (payload) => payload.accessKeyId, ends: () => undefined },
  },
};
