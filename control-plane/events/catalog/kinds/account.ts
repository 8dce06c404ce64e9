import { aliased, namedInCloud } from "../catalog-groups.ts";
import type { KindDefinition } from "../kind-definition.ts";

export const accountKind: KindDefinition<"account"> = {
  kind: "account",
  label: "account",
  view: "accounts",
  viewVersion: 1,
  keyOf: (record) => record.accountId,
  groupsOf: ({ name, alias }) => (alias === undefined ? [namedInCloud(name)] : [namedInCloud(name), aliased(alias)]),
  events: {
    "account.created": {
      version: 1,
      key: (payload) => payload.accountId,
      makes: (event) => ({ kind: "account", ...event.payload, createdAt: event.occurredAt }),
    },
    "account.configured": {
      version: 1,
      key: (payload) => payload.accountId,
      changes({ payload }, { alias: before, ...account }) {
        const { name = account.name, alias = before } = payload;
        return alias === undefined || alias === null ? { ...account, name } : { ...account, name, alias };
      },
    },
  },
};
