/**
 * Step 3, storage: makes the servers of a new cluster.
 *
 * Teams of a cluster that exists keep the members that they have. A vacancy in one of them is filled when the epoch runs (`watch/fill.ts`): a new server
 * needs a copy of what is there, and logs have no more than the last seconds of it.
 */
import { STORAGE } from "#foundation/store-protocol";
import type { Attempt, LiveHost } from "../attempt.ts";
import { dealStorage, initialTeams, storageWanted } from "../plan/initial-teams.ts";
import { Stalled } from "../stalls.ts";
import type { Basis } from "./lock-old.ts";
import { recruit } from "./recruit.ts";
import { hostsThatCan } from "./survey-hosts.ts";

/** What a cluster without a layout begins with. */
export function freshBasis(attempt: Attempt): Basis {
  const teams = initialTeams(attempt.view.config);
  if (teams === undefined) throw new Stalled({ reason: "layout_invalid", cause: "splits" });
  return { recoveryVersion: 0n, replayFrom: 0n, sources: [], teams, keepsForDown: false };
}

/** The basis with members in each team. */
export async function recruitStorage(attempt: Attempt, basis: Basis, hosts: readonly LiveHost[]): Promise<Basis> {
  if (attempt.view.layout !== undefined) return basis;
  const { view, clientOf, epoch, director } = attempt;
  const replicas = Math.max(1, view.config.replicas);
  const able = hostsThatCan(hosts, "storage");
  const recruited = await recruit(attempt, {
    kind: "storage",
    desired: storageWanted(basis.teams, replicas, able.length),
    minimum: replicas,
    hosts: able,
    notIdle: new Set(),
    lock: async (ref, call) => {
      const { durableVersion, keys } = await clientOf(STORAGE, ref).lock({ epoch, director }, call);
      // What has ever made something durable belongs to another history: it is left alone.
      return durableVersion === 0n && keys === 0;
    },
    tooFew: (few) => ({ reason: "insufficient_storage_nodes", ...few }),
  });
  return {
    ...basis,
    teams: dealStorage(
      basis.teams,
      recruited.map(({ ref }) => ref),
      replicas,
    ),
  };
}
