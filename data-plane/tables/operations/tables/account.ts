/** DescribeLimits, DescribeEndpoints: what holds for the account as a whole. */
import { accountQuestion } from "../../service/access.ts";
import type { TableOperations } from "../../service/define.ts";

/** Developer Guide, "Quotas": the defaults of an account. Nothing here enforces them. */
const ACCOUNT_UNITS = 80_000;
const TABLE_UNITS = 40_000;

/** How long clients may keep an endpoint. */
const CACHE_MINUTES = 1440;

export function accountOperations(): Required<Pick<TableOperations, "DescribeLimits" | "DescribeEndpoints">> {
  return {
    DescribeLimits: {
      access: (_input, context) => [accountQuestion("DescribeLimits", context)],
      handle: () => ({
        AccountMaxReadCapacityUnits: ACCOUNT_UNITS,
        AccountMaxWriteCapacityUnits: ACCOUNT_UNITS,
        TableMaxReadCapacityUnits: TABLE_UNITS,
        TableMaxWriteCapacityUnits: TABLE_UNITS,
      }),
    },
    DescribeEndpoints: {
      access: (_input, context) => [accountQuestion("DescribeEndpoints", context)],
      handle: (_input, { endpoint }) => ({
        Endpoints: [{ Address: endpoint.replace(/^https?:\/\//, ""), CachePeriodInMinutes: CACHE_MINUTES }],
      }),
    },
  };
}
