/**
 * Step 3, logs: always others than those of the old generation, which have the only copy until the recovery is through.
 */
import { LOG } from "#foundation/store-protocol";
import type { Attempt, LiveHost, Placed } from "../attempt.ts";
import { logQuorum } from "../plan/choose-logs.ts";
import { recruit } from "./recruit.ts";
import { hostsThatCan } from "./survey-hosts.ts";

export async function recruitLogs(attempt: Attempt, hosts: readonly LiveHost[]): Promise<readonly Placed[]> {
  const { view, clientOf, epoch, director } = attempt;
  const desired = Math.max(1, view.config.logs);
  return recruit(attempt, {
    kind: "log",
    desired,
    // A cluster begins with all of its logs. Later it goes on with a majority of them rather than not at all: when a node of three is gone, each
    // commit is still on two disks before it is acknowledged.
    minimum: view.layout === undefined ? desired : logQuorum(desired),
    hosts: hostsThatCan(hosts, "log"),
    notIdle: new Set(view.layout?.logs.map(({ id }) => id)),
    lock: async (ref, call) => {
      await clientOf(LOG, ref).lock({ epoch, director }, call);
      return true;
    },
    tooFew: (few) => ({ reason: "insufficient_log_nodes", ...few }),
  });
}
