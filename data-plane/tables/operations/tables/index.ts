/** Operations on tables and on the account. */
import type { Toolbox } from "../../service/toolbox.ts";
import { accountOperations } from "./account.ts";
import { backupOperations } from "./backups.ts";
import { tableLifeCycle } from "./life-cycle.ts";
import { policyOperations } from "./policies.ts";
import { tagOperations } from "./tags.ts";
import { timeToLiveOperations } from "./time-to-live.ts";
import { unavailableOperations } from "./unavailable.ts";

export const tableOperations = (tools: Toolbox) => ({
  ...tableLifeCycle(tools),
  ...tagOperations(tools),
  ...timeToLiveOperations(tools),
  ...policyOperations(tools),
  ...accountOperations(),
  ...backupOperations(tools),
  ...unavailableOperations(tools),
});
