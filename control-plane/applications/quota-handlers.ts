/** Quotas, which the cloud's operator sets. */
import { QUOTA_DIMENSIONS, type QuotaDimension } from "#contracts";
import { type CommandHandlers, refuse, stableJson } from "#control-plane/events";

const KNOWN: ReadonlySet<string> = new Set(QUOTA_DIMENSIONS);

export function createQuotaHandlers(): CommandHandlers<"quota.set"> {
  return {
    "quota.set"({ accountId, limits: changes }, views) {
      if (views.account(accountId) === undefined) return refuse("NoSuchAccount", "There is no such account");
      const unknown = Object.keys(changes).find((dimension) => !KNOWN.has(dimension));
      if (unknown !== undefined) {
        return refuse(
          "ValidationFailed",
          `limits: there is no quota of this name; there are ${QUOTA_DIMENSIONS.join(", ")}`,
        );
      }
      const record = views.record("quota", accountId);
      const limits: Partial<Record<QuotaDimension, number>> = {};
      for (const dimension of QUOTA_DIMENSIONS) {
        const value = changes[dimension] === undefined ? record?.limits[dimension] : changes[dimension];
        if (value !== undefined && value !== null) limits[dimension] = value;
      }
      if (stableJson(limits) === stableJson(record?.limits ?? {})) return { ok: true, events: [], result: {} };
      const type = record === undefined ? "quota.created" : "quota.changed";
      return {
        ok: true,
        events: [{ type, aggregateId: accountId, org: accountId, payload: { accountId, limits } }],
        result: {},
      };
    },
  };
}
