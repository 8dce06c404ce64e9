/**
 * Step 7: logs take pushes, storage servers go back to R and serve, and, once the layout is whole, the proxies get it.
 */
import {
  COMMIT_PROXY,
  type Epoch,
  type Layout,
  LOG,
  STORAGE,
  type StorageTeam,
  type Version,
} from "#foundation/store-protocol";
import type { Attempt, Placed } from "../attempt.ts";
import { callAll, causeOf, type Outcome } from "../calls.ts";
import { layoutFault } from "../plan/check-layout.ts";
import { membersThatAre } from "../plan/judge-teams.ts";
import { Stalled } from "../stalls.ts";
import type { Basis } from "./lock-old.ts";
import type { Components } from "./start-components.ts";

export async function activate(
  attempt: Attempt,
  basis: Basis,
  logs: readonly Placed[],
  components: Components & { readonly firstVersion: Version },
): Promise<Layout> {
  const { epoch, director } = attempt;
  await activateLogs(attempt, basis, logs);
  const teams = await unlockStorage(attempt, basis, logs);
  const layout: Layout = {
    epoch,
    director,
    recoveryVersion: basis.recoveryVersion,
    firstVersion: components.firstVersion,
    sequencer: components.sequencer.ref,
    proxies: components.proxies.map(({ ref }) => ref),
    resolvers: components.resolvers.map(({ begin, ref }) => ({ begin, resolver: ref })),
    logs: logs.map(({ ref }) => ref),
    teams,
  };
  const fault = layoutFault(layout);
  if (fault !== undefined) throw new Stalled({ reason: "layout_invalid", cause: fault });
  await unlockProxies(attempt, layout, components);
  return layout;
}

async function activateLogs(attempt: Attempt, basis: Basis, logs: readonly Placed[]): Promise<void> {
  const { scope, options, clientOf, epoch } = attempt;
  // Also for storage servers that are down: what they lack is kept until they have it, if the logs have it at all.
  const poppers = [
    ...membersThatAre("up", basis.teams),
    ...(basis.keepsForDown ? membersThatAre("down", basis.teams) : []),
  ].map(({ storage }) => storage.id);
  const outcomes = await callAll(scope, logs, { timeoutMs: options.unlockMs }, async ({ ref }, call) => {
    const log = clientOf(LOG, ref);
    await log.setPoppers({ epoch, storages: poppers }, call);
    await log.activate({ epoch, previous: basis.recoveryVersion }, call);
  });
  demand(outcomes, ({ ref }) => ref.id);
}

/** The teams; who could not be unlocked is down, as long as its teams have others. */
async function unlockStorage(attempt: Attempt, basis: Basis, logs: readonly Placed[]): Promise<readonly StorageTeam[]> {
  const { scope, options, clientOf, epoch } = attempt;
  const up = membersThatAre("up", basis.teams).map(({ storage }) => ({
    storage,
    ranges: rangesOf(storage.id, basis.teams),
  }));
  // Back to R, and not only to what all have on disk: what a server holds up to R is right, and may be read at once.
  const outcomes = await callAll(scope, up, { timeoutMs: options.unlockMs }, ({ storage, ranges }, call) =>
    clientOf(STORAGE, storage).unlock(
      {
        epoch,
        previousEpoch: previousEpochOf(attempt),
        recoveryVersion: basis.recoveryVersion,
        logs: logs.map(({ ref }) => ref),
        ranges,
      },
      call,
    ),
  );
  const unlocked = new Set(outcomes.flatMap(({ ok, item }) => (ok ? [item.storage.id] : [])));
  const teams = basis.teams.map((team) => ({
    ...team,
    members: team.members.map(({ storage, status }) => ({
      storage,
      status: status === "up" && unlocked.has(storage.id) ? ("up" as const) : ("down" as const),
    })),
  }));
  const live = (team: StorageTeam): number => team.members.filter(({ status }) => status === "up").length;
  if (teams.some((team) => live(team) < options.liveMembersMin)) demand(outcomes, ({ storage }) => storage.id);
  return teams;
}

async function unlockProxies(attempt: Attempt, layout: Layout, { proxies, token }: Components): Promise<void> {
  const { scope, options, clientOf, epoch } = attempt;
  const outcomes = await callAll(scope, proxies, { timeoutMs: options.unlockMs }, ({ ref }, call) =>
    clientOf(COMMIT_PROXY, ref).unlock({ epoch, token, layout }, call),
  );
  demand(outcomes, ({ ref }) => ref.id);
}

/** The epoch that this one is recovered from; 0 when there was none. */
export function previousEpochOf({ view }: Pick<Attempt, "view">): Epoch {
  return view.layout?.epoch ?? 0n;
}

/** The ranges of all teams that the storage server is in. */
export function rangesOf(storage: string, teams: readonly StorageTeam[]) {
  return teams
    .filter(({ members }) => members.some((member) => member.storage.id === storage))
    .map(({ begin, end }) => ({ begin, end }));
}

function demand<Item>(outcomes: readonly Outcome<Item, unknown>[], idOf: (item: Item) => string): void {
  for (const outcome of outcomes) {
    if (!outcome.ok) {
      throw new Stalled({ reason: "unlock_failed", id: idOf(outcome.item), cause: causeOf(outcome.error) });
    }
  }
}
